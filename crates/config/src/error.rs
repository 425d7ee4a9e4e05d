//! Errors of configurations.

use std::io;
use std::path::PathBuf;

use crate::SettingOrigin;

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
    #[error("config file {}: {fault}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Fault and place.
        fault: TableFault,
    },
    /// A key that doesn't exist.
    #[error("{place}: there is no setting `{key}`")]
    UnknownKey {
        /// The key, with dots.
        key: String,
        /// Layer with the key.
        place: SettingOrigin,
        /// The setting of the most similar name.
        nearest: Option<String>,
    },
    /// A value that doesn't fit its key.
    #[error("{place}: setting `{key}`: {cause}")]
    Value {
        /// The key, with dots.
        key: String,
        /// Layer with the value.
        place: SettingOrigin,
        /// Kind of the mismatch.
        cause: Box<figment::error::Kind>,
    },
    /// A configuration of this program that contradicts its own schema.
    #[error("the default configuration can't be written as JSON: {fault}")]
    Defaults {
        /// Fault.
        fault: TableFault,
    },
}

/// Fault of values that should be a table of settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableFault {
    /// Text that isn't TOML.
    #[error("{}", cause.to_string().trim_end())]
    Toml {
        /// Cause, whose message ends with a line break.
        cause: Box<toml::de::Error>,
    },
    /// Values that JSON can't hold.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// Values that a layer can't hold.
    #[error(transparent)]
    Layer(#[from] Box<figment::Error>),
    /// A value that isn't a table.
    #[error("it isn't a table")]
    NoTable,
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
