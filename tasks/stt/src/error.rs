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
    #[error("line {line} of the {file}: {fault}")]
    Data {
        /// File.
        file: &'static str,
        /// Line, from 1.
        line: usize,
        /// Fault.
        fault: DataFault,
    },
}

/// Fault of a line of a data file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DataFault {
    /// A line without a word.
    #[error("no word")]
    NoWord,
    /// A count with no word before it.
    #[error("a count without a word")]
    StrayCount,
    /// A word without the logarithm of its count.
    #[error("not pairs of a word and a logarithm")]
    NoLogarithm,
    /// A data file that can't be decompressed.
    #[error("{message}")]
    Inflate {
        /// Message of the decompressor, whose errors can't be compared.
        message: String,
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
