//! Faults of the hub.

use std::borrow::Cow;
use std::path::PathBuf;

use syrinx_types::{IoOperation, io_hint};

/// Faults of downloading models, and of the folder that stores them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubFault {
    /// Text that is not the name of a model.
    #[error("`{name}` is not the name of a model of the hub")]
    Name {
        /// Text.
        name: String,
    },
    /// A request that the hub refused or did not answer.
    #[error("the hub at {endpoint} did not return {object}: {fault}")]
    Request {
        /// Address of the hub.
        endpoint: String,
        /// Requested object.
        object: String,
        /// Fault.
        fault: RequestFault,
    },
    /// A repository without loadable weights.
    #[error("`{name}` has no weights that can be loaded")]
    NoWeights {
        /// Name of the model.
        name: String,
    },
    /// A file that differs from the announced one.
    #[error("`{}` differs from the file that the hub announced: checksum {found}, expected {expected}", path.display())]
    Checksum {
        /// Path of the file.
        path: PathBuf,
        /// Checksum of the file.
        found: String,
        /// Announced checksum.
        expected: String,
    },
    /// A model that is not in the folder.
    #[error("the model `{name}` is not in `{}`", folder.display())]
    Absent {
        /// Name of the model.
        name: String,
        /// Folder of all models.
        folder: PathBuf,
    },
    /// A file or folder that can't be read or written.
    #[error("cannot {operation} `{}`: {cause}", path.display())]
    Io {
        /// Operation that failed.
        operation: IoOperation,
        /// Path of the file or folder.
        path: PathBuf,
        /// Reason.
        cause: std::io::Error,
    },
    /// A cancelled download.
    #[error("the download was cancelled")]
    Cancelled,
}

/// Faults of a request to the hub.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestFault {
    /// A listing without a commit.
    #[error("the listing has no commit")]
    NoCommit,
    /// A requested file that is not in the listing.
    #[error("the repository has no file `{path}`")]
    NoFile {
        /// Path of the file in the repository.
        path: String,
    },
    /// An error of the connection, or an answer that is not JSON.
    #[error(transparent)]
    Connection(Box<dyn std::error::Error + Send + Sync>),
}

impl HubFault {
    /// Remedy, if there is one.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Name { .. } => Some(
                "use a name such as hf:openai/whisper-tiny.en, or hf:OWNER/NAME@REVISION".into(),
            ),
            Self::Request { .. } | Self::Cancelled => {
                Some("run the same command again to continue the download".into())
            }
            Self::NoWeights { .. } => {
                Some("select files to download with --file, or use another repository".into())
            }
            Self::Checksum { .. } => Some("the file was removed; download it again".into()),
            Self::Absent { name, .. } => {
                Some(format!("download it with syrinx models add hf:{name}").into())
            }
            Self::Io { operation, cause, .. } => io_hint(*operation, cause.kind()).map(Into::into),
        }
    }
}
