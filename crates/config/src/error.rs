//! What can go wrong with a configuration.

use std::io;
use std::path::PathBuf;

/// Errors of configurations. What follows the last semicolon of a message is the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file that can't be read.
    #[error("config file {}: {source}; check the path given with --config", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that isn't TOML.
    #[error("config file {}: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        reason: String,
    },
    /// A key that doesn't exist.
    #[error("{place}: there is no setting `{key}`{nearest}; `syrinx config show` lists them all")]
    UnknownKey {
        /// The key, with dots.
        key: String,
        /// The file, `the environment` or `a flag`.
        place: String,
        /// `, did you mean ...?`, or nothing.
        nearest: String,
    },
    /// A value that doesn't fit its key.
    #[error("{place}: setting `{key}`: {reason}; `syrinx config schema` says what fits")]
    Value {
        /// The key, with dots.
        key: String,
        /// Where the value stands.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// A configuration of this program that contradicts its own schema.
    #[error("the default configuration can't be written as JSON: {reason}")]
    Defaults {
        /// Why.
        reason: String,
    },
}
