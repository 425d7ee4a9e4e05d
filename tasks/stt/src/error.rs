//! Errors between scores and words.

use syrinx_speech::SpeechError;
use syrinx_task::{AnswerIssue, TaskError};

/// Errors of the decoder.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum SttError {
    /// Scores that can't be used, or words that don't fit them.
    #[error(transparent)]
    Speech(#[from] SpeechError),
    /// A data file can't be read.
    #[error("line {line} of the {file}: {reason}")]
    Data {
        /// File.
        file: &'static str,
        /// Line, from 1.
        line: usize,
        /// Fault.
        reason: String,
    },
}

impl SttError {
    /// Returns the remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Speech(error) => error.hint(),
            Self::Data { .. } => "make the file again with the example `build_data`",
        }
    }
}

impl From<SttError> for TaskError {
    fn from(error: SttError) -> Self {
        match error {
            SttError::Speech(error) => error.into(),
            data @ SttError::Data { .. } => AnswerIssue::Data(Box::new(data)).of("stt"),
        }
    }
}
