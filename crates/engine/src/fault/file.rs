//! Faults of the bytes of model files.

use safetensors::SafeTensorError;

use crate::fault::CodesFault;
use crate::fault::parts::PACKAGE_AGAIN;

const FETCH_AGAIN: &str = "copy or download it again";

/// Fault of the bytes of a model file or of a file of codes, or of the parts that would become one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// No bytes.
    #[error("it is empty")]
    Empty,
    /// Fewer bytes than the length of a header takes.
    #[error("it isn't a safetensors file (too short)")]
    TooShort,
    /// A file that ends within its header.
    #[error("it is cut off: {found} bytes, and the header alone has {header}")]
    CutHeader {
        /// Bytes of the file.
        found: usize,
        /// Bytes of the header.
        header: u64,
    },
    /// A file that ends within its tensors.
    #[error("it is cut off: {found} of {expected} bytes are there")]
    Cut {
        /// Bytes of the file.
        found: usize,
        /// Bytes by the header.
        expected: usize,
    },
    /// Bytes behind the last tensor.
    #[error("it has {bytes} bytes after its end")]
    TrailingBytes {
        /// Number of bytes behind the end.
        bytes: usize,
    },
    /// Bytes that are no safetensors file.
    #[error("it isn't a safetensors file ({cause})")]
    NoSafetensors {
        /// Cause.
        cause: SafeTensorError,
    },
    /// Tensors of something else than a model file.
    #[error("it has tensors, but isn't a whole model (no `{entry}` in its metadata)")]
    NoModel {
        /// Metadata entry of model files.
        entry: &'static str,
    },
    /// Tensors of something else than codes.
    #[error("it holds no codes made by Syrinx (no `{entry}` in its metadata)")]
    NoCodes {
        /// Metadata entry of files of codes.
        entry: &'static str,
    },
    /// Metadata that isn't what this program writes.
    #[error("its metadata is broken ({cause})")]
    Metadata {
        /// Cause.
        cause: serde_json::Error,
    },
    /// A model file of another format.
    #[error("it has format {found}, this program reads {expected}")]
    Format {
        /// Number of the file's format.
        found: u64,
        /// Number of the format that this program reads.
        expected: u32,
    },
    /// A tensor of no part.
    #[error("its tensor `{name}` belongs to no part")]
    StrayTensor {
        /// Name of the tensor.
        name: String,
    },
    /// A voice whose tensor is no table of codes.
    #[error("voice `{name}`: {fault}")]
    Voice {
        /// Name of the voice.
        name: String,
        /// Fault of its codes.
        fault: Box<CodesFault>,
    },
    /// Codes that can't be used.
    #[error(transparent)]
    Codes(#[from] CodesFault),
    /// Tensors that safetensors can't find or write.
    #[error(transparent)]
    Tensors(#[from] SafeTensorError),
    /// Metadata that can't be written.
    #[error(transparent)]
    WriteMetadata(#[from] serde_json::Error),
}

impl FileFault {
    /// Returns the remedy for a model file with this fault.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TooShort | Self::NoSafetensors { .. } => {
                "name a model made by `syrinx package`, or leave --model out to use the embedded model"
            }
            Self::NoModel { .. } => {
                "package a language model and a codec to one file with `syrinx package`"
            }
            Self::Format { .. } => "use the program that it was made for, or package it again",
            Self::Tensors(_) | Self::WriteMetadata(_) => PACKAGE_AGAIN,
            Self::Empty
            | Self::CutHeader { .. }
            | Self::Cut { .. }
            | Self::TrailingBytes { .. }
            | Self::NoCodes { .. }
            | Self::Metadata { .. }
            | Self::StrayTensor { .. }
            | Self::Voice { .. }
            | Self::Codes(_) => FETCH_AGAIN,
        }
    }
}
