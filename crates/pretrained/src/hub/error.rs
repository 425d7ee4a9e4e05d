//! Faults of the hub.

use std::borrow::Cow;
use std::path::PathBuf;

use syrinx_types::{IoOperation, io_hint};

/// Faults of fetching models and of the folder that keeps them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubFault {
    /// Text that names no model.
    #[error("`{name}` does not name a model of the hub")]
    Name {
        /// The text.
        name: String,
    },
    /// Request that the hub did not answer, or refused.
    #[error("the hub at {endpoint} did not give {object}: {fault}")]
    Request {
        /// Address of the hub.
        endpoint: String,
        /// Requested object.
        object: String,
        /// Fault.
        fault: RequestFault,
    },
    /// Repository without a file that is a checkpoint.
    #[error("`{name}` holds no weights that can be loaded")]
    NoWeights {
        /// Name of the model.
        name: String,
    },
    /// File that differs from what the hub announced.
    #[error("`{}` is not the file that the hub announced: checksum {found}, expected {expected}", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
        /// Checksum of the file.
        found: String,
        /// The announced checksum.
        expected: String,
    },
    /// Model that is not in the folder.
    #[error("the model `{name}` is not in `{}`", folder.display())]
    Absent {
        /// Name of the model.
        name: String,
        /// Folder of all models.
        folder: PathBuf,
    },
    /// File or folder that is not readable or not writable.
    #[error("cannot {operation} `{}`: {cause}", path.display())]
    Io {
        /// Operation that failed.
        operation: IoOperation,
        /// The file or folder.
        path: PathBuf,
        /// Reason.
        cause: std::io::Error,
    },
    /// Work that was stopped.
    #[error("the download was cancelled")]
    Cancelled,
}

/// Fault of a request to the hub.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestFault {
    /// A listing without the commit that it is of.
    #[error("it names no commit")]
    NoCommit,
    /// A listing without a file that was asked for.
    #[error("it has no file `{path}`")]
    NoFile {
        /// Path of the file in the repository.
        path: String,
    },
    /// Error of the connection, or an answer that is no JSON.
    #[error(transparent)]
    Connection(Box<dyn std::error::Error + Send + Sync>),
}

impl HubFault {
    /// Remedy, if there is one.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Name { .. } => {
                Some("for instance hf:openai/whisper-tiny.en, or hf:OWNER/NAME@REVISION".into())
            }
            Self::Request { .. } | Self::Cancelled => {
                Some("the same command continues where this one stopped".into())
            }
            Self::NoWeights { .. } => {
                Some("name the files to fetch with --file, or another repository".into())
            }
            Self::Checksum { .. } => Some("the file was removed; fetch it again".into()),
            Self::Absent { name, .. } => {
                Some(format!("fetch it: syrinx models add hf:{name}").into())
            }
            Self::Io { operation, cause, .. } => io_hint(*operation, cause.kind()).map(Into::into),
        }
    }
}
