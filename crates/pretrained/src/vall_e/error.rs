//! Faults of vall-e checkpoints.

use std::borrow::Cow;
use std::path::PathBuf;

/// Faults of importing a checkpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VallEFault {
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
    #[error("`{}` is not a vall-e checkpoint of version 5: {fault}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Fault.
        fault: VallECheckpointFault,
    },
    /// Tokenizer of another model.
    #[error("`{}` is not the tokenizer of this vall-e model: {fault}", path.display())]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// Fault.
        fault: IpaTokenizerFault,
    },
}

/// Fault of a checkpoint that is no model of version 5.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VallECheckpointFault {
    /// Tensor whose shape gives a size of the model and that is missing.
    #[error("tensor `{tensor}` is missing, expected a matrix")]
    NoMatrix {
        /// Name of the tensor.
        tensor: String,
    },
    /// Tensor whose shape gives a size of the model and that is no matrix.
    #[error("tensor `{tensor}` has shape {found:?}, expected a matrix")]
    OtherShape {
        /// Name of the tensor.
        tensor: String,
        /// Shape in the checkpoint.
        found: Vec<usize>,
    },
    /// Metadata that are no JSON.
    #[error("`config` in its metadata: {0}")]
    Metadata(serde_json::Error),
    /// Numbers of tables and heads that no model has.
    #[error(
        "{tables} response tables and {heads} heads for {levels} levels, expected at most one and three more"
    )]
    Tables {
        /// Tables of response codes.
        tables: usize,
        /// Heads.
        heads: usize,
        /// Levels of the codec.
        levels: usize,
    },
    /// Width that doesn't split into heads.
    #[error("a width of {width} does not split into {heads} heads")]
    Heads {
        /// Width of the model.
        width: usize,
        /// Attention heads.
        heads: usize,
    },
    /// Tensors that can't be rearranged.
    #[error(transparent)]
    Tensor(Box<candle_core::Error>),
}

/// Fault of a tokenizer file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IpaTokenizerFault {
    /// Text that is not UTF-8.
    #[error(transparent)]
    Utf8(std::string::FromUtf8Error),
    /// Tokenizer of another model.
    #[error(transparent)]
    Tokenizer(syrinx_text::IpaTokenizerError),
}

impl VallEFault {
    /// Remedy, if there is one.
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
