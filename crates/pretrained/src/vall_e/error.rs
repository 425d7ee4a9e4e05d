//! Errors of vall-e checkpoints.

use std::path::PathBuf;

/// Errors of importing a checkpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VallEError {
    /// File that is not there or not readable.
    #[error("cannot read `{}`: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Reason.
        cause: std::io::Error,
    },
    /// File that is cut, or a tensor that cannot be used.
    #[error(transparent)]
    Checkpoint(Box<crate::PretrainedError>),
    /// File of another kind.
    #[error("`{}` is not a vall-e checkpoint of version 5: {reason}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Reason.
        reason: String,
    },
    /// Tokenizer of another model.
    #[error("`{}` is not the tokenizer of this vall-e model: {reason}", path.display())]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// Reason.
        reason: String,
    },
}

impl VallEError {
    /// Remedy, if there is one.
    pub fn hint(&self) -> Option<String> {
        use crate::PretrainedError::{NotFinite, Truncated};
        match self {
            Self::Read { .. } => Some(
                "give the weights, `*.sft`, and `data/tokenizer.json` of the project's repository"
                    .into(),
            ),
            Self::Checkpoint(error) if matches!(**error, Truncated { .. } | NotFinite { .. }) => {
                error.hint().map(str::to_owned)
            }
            Self::Broken { .. } | Self::Checkpoint(_) => Some(
                "version 5 models are `ar+nar-llama-8` and `ar+nar-len-llama-8`; convert a `.pth` file with the project's \
                 own exporter first"
                    .into(),
            ),
            Self::Tokenizer { .. } => {
                Some("download `data/tokenizer.json` of the project's repository".into())
            }
        }
    }
}
