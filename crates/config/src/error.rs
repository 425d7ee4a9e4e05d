//! Errors of configurations.

use std::io;
use std::path::PathBuf;

/// Errors of configurations.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file that can't be read.
    #[error("config file {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Cause.
        cause: io::Error,
    },
    /// A file that isn't TOML.
    #[error("config file {}: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Reason and place.
        reason: String,
    },
    /// A key that doesn't exist.
    #[error("{place}: there is no setting `{key}`")]
    UnknownKey {
        /// The key, with dots.
        key: String,
        /// The file, `the environment` or `a flag`.
        place: String,
        /// The setting of the most similar name.
        nearest: Option<String>,
    },
    /// A value that doesn't fit its key.
    #[error("{place}: setting `{key}`: {reason}")]
    Value {
        /// The key, with dots.
        key: String,
        /// Source of the value: a file, `environment` or `flag`.
        place: String,
        /// Reason.
        reason: String,
    },
    /// A configuration of this program that contradicts its own schema.
    #[error("the default configuration can't be written as JSON: {reason}")]
    Defaults {
        /// Cause.
        reason: String,
    },
}

impl ConfigError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(match self {
            Self::Read { .. } => "check the path given with --config".into(),
            Self::UnknownKey { nearest: Some(nearest), .. } => {
                format!("did you mean `{nearest}`? list all settings with `syrinx config show`")
                    .into()
            }
            Self::UnknownKey { nearest: None, .. } => {
                "list all settings with `syrinx config show`".into()
            }
            Self::Value { .. } => "see `syrinx config schema` for valid values".into(),
            Self::Syntax { .. } => "correct the file; `syrinx config schema` describes it".into(),
            _ => return None,
        })
    }
}
