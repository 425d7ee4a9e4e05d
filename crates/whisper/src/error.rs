//! What can go wrong.

use std::path::PathBuf;

/// Errors of the ear.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WhisperError {
    /// A file of the folder is missing or can't be read.
    #[error(
        "can't read Whisper's `{}`: {source}; the folder needs config.json, tokenizer.json and model.safetensors, as in \
         the repository openai/whisper-tiny.en on huggingface.co",
        path.display()
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the folder is not what it should be.
    #[error("`{}` is not Whisper's: {reason}; download the folder again", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The network failed to run.
    #[error("Whisper failed while {operation}: {source}")]
    Compute {
        /// What was being done.
        operation: &'static str,
        /// Why.
        source: candle_core::Error,
    },
    /// The sound can't be brought to 16 kHz.
    #[error(transparent)]
    Audio(#[from] syrinx_audio::AudioError),
    /// Tokens that the tokenizer can't write.
    #[error("Whisper's tokens can't be written: {0}")]
    Tokens(String),
}
