//! Faults of codes and of their files.

use safetensors::tensor::Dtype;
use syrinx_types::CodesError;

use crate::RecordingLength;
use crate::fault::FileFault;

const ENCODED_FILE: &str = "name a file made by `syrinx encode`";

/// Fault of a file of codes that can't be written, read or decoded by this model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodesFileFault {
    /// Codes that safetensors can't hold.
    #[error("its codes can't be stored: {0}")]
    Write(FileFault),
    /// Bytes that hold no codes.
    #[error(transparent)]
    Read(FileFault),
    /// Codes of another codec.
    #[error("its codes are of the codec {found}, this model's is {expected}")]
    OtherCodec {
        /// Fingerprint of the codec that made them.
        found: String,
        /// Fingerprint of the model's codec.
        expected: String,
    },
    /// Codes that the model's codec does not have.
    #[error(transparent)]
    Codes(CodesFault),
    /// A recording that is longer than its codes, or has a sample rate out of range.
    #[error(
        "its {frames} frames can't be {} samples at {} Hz",
        length.samples,
        length.sample_rate_hz
    )]
    Length {
        /// Number of frames.
        frames: usize,
        /// Length of the recording by the file.
        length: RecordingLength,
    },
}

impl CodesFileFault {
    /// Returns the remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Write(_) => "encode the recording again",
            Self::Codes(_) => "encode the recording again with this model",
            Self::OtherCodec { .. } => {
                "encode the recording again with this model, or name the other one with --model"
            }
            Self::Read(_) | Self::Length { .. } => ENCODED_FILE,
        }
    }
}

/// Fault of a tensor that should hold codes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodesFault {
    /// A tensor of another type or shape.
    #[error("codes are {dtype:?} {shape:?}, not U16 (frames, levels)")]
    Tensor {
        /// Type of the tensor.
        dtype: Dtype,
        /// Shape of the tensor.
        shape: Vec<usize>,
    },
    /// Codes that don't fill their levels, or are outside their codebook.
    #[error(transparent)]
    Codes(#[from] CodesError),
    /// Codes of another shape than the codec's.
    #[error("codes are {found}, this model's codec has {expected}")]
    OtherShape {
        /// Levels, codebook size and rate of the codes.
        found: String,
        /// Levels, codebook size and rate of the codec.
        expected: String,
    },
}
