//! What can go wrong.

use std::path::PathBuf;

/// Errors of EnCodec.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodecError {
    /// The weights are missing or can't be read.
    #[error(
        "can't read EnCodec's weights `{}`: {source}; they are the file model.safetensors of the repository \
         facebook/encodec_24khz on huggingface.co",
        path.display()
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("`{}` doesn't hold EnCodec's weights at 24 kHz: {reason}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A number of levels that isn't there.
    #[error("EnCodec has 1 to {most} levels, {asked} were asked for")]
    Levels {
        /// How many were asked for.
        asked: usize,
        /// How many there are.
        most: usize,
    },
    /// There is nothing to encode.
    #[error("a recording without samples can't be encoded")]
    Empty,
    /// The network failed to run.
    #[error("EnCodec failed while {operation}: {source}")]
    Compute {
        /// What was being done.
        operation: &'static str,
        /// Why.
        source: candle_core::Error,
    },
    /// The sound can't be brought to another rate.
    #[error(transparent)]
    Audio(#[from] syrinx_audio::AudioError),
}
