//! Faults of VALL-E checkpoints.

use std::borrow::Cow;
use std::path::PathBuf;

/// Faults of importing a checkpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VallEFault {
    /// A file that can't be read.
    #[error("cannot read `{}`: {cause}", path.display())]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Reason.
        cause: std::io::Error,
    },
    /// A truncated file, or a tensor that can't be used.
    #[error(transparent)]
    Checkpoint(Box<crate::PretrainedError>),
    /// A file that is not a checkpoint of version 5.
    #[error("`{}` is not a vall-e checkpoint of version 5: {fault}", path.display())]
    Broken {
        /// Path of the file.
        path: PathBuf,
        /// Fault.
        fault: VallECheckpointFault,
    },
    /// A tokenizer of another model.
    #[error("`{}` is not the tokenizer of this vall-e model: {fault}", path.display())]
    Tokenizer {
        /// Path of the file.
        path: PathBuf,
        /// Fault.
        fault: IpaTokenizerFault,
    },
}

/// Faults of a file that is not a checkpoint of version 5.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VallECheckpointFault {
    /// A missing tensor, from whose shape a size of the model follows.
    #[error("tensor `{tensor}` is missing, expected a matrix")]
    NoMatrix {
        /// Name of the tensor.
        tensor: String,
    },
    /// A tensor that is not a matrix, although a size of the model follows from its shape.
    #[error("tensor `{tensor}` has shape {found:?}, expected a matrix")]
    OtherShape {
        /// Name of the tensor.
        tensor: String,
        /// Shape in the checkpoint.
        found: Vec<usize>,
    },
    /// Metadata that are not valid JSON.
    #[error("`config` in its metadata: {0}")]
    Metadata(serde_json::Error),
    /// Inconsistent numbers of embedding tables and heads.
    #[error(
        "{tables} response tables and {heads} heads for {levels} levels, expected at most one and three more"
    )]
    Tables {
        /// Number of embedding tables of response codes.
        tables: usize,
        /// Number of heads.
        heads: usize,
        /// Number of levels of the codec.
        levels: usize,
    },
    /// A width that is not divisible by the number of heads.
    #[error("a width of {width} does not split into {heads} heads")]
    Heads {
        /// Width of the model.
        width: usize,
        /// Number of attention heads.
        heads: usize,
    },
    /// Tensors that can't be converted.
    #[error(transparent)]
    Tensor(Box<candle_core::Error>),
}

/// Faults of a tokenizer file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IpaTokenizerFault {
    /// Text that is not UTF-8.
    #[error(transparent)]
    Utf8(std::string::FromUtf8Error),
    /// A tokenizer of another model.
    #[error(transparent)]
    Tokenizer(syrinx_text::IpaTokenizerError),
}

impl VallEFault {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        use crate::PretrainedError::{NotFinite, Truncated};
        match self {
            Self::Read { .. } => Some(
                "give the weights, `*.sft`, and `data/tokenizer.json` of the project's repository"
                    .into(),
            ),
            Self::Checkpoint(error) if matches!(**error, Truncated { .. } | NotFinite { .. }) => {
                error.hint()
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
