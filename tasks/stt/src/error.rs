//! Errors of recognition.

use std::borrow::Cow;

use syrinx_scene::SceneError;
use syrinx_speech::SpeechError;
use syrinx_task::{AnswerIssue, InputIssue, TaskError};

/// Errors of recognition.
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
    /// A known text for a model without times.
    #[error("this model predicts text without times, and cannot align a known text")]
    NoTimes,
    /// A corpus of codes for a model that reads latents.
    #[error("the model reads latents (`latent_recordings`), and its corpus has codes only")]
    NoLatents,
    /// An utterance that cannot be augmented.
    #[error(transparent)]
    Augmentation(#[from] SceneError),
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
    /// A file that ends too early, or whose counts do not fit.
    #[error("it ends too early, or its counts do not fit")]
    Truncated,
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
            Self::Data { .. } => "make the file again as `tasks/stt/data/README.md` says",
            Self::NoTimes => "leave the text out",
            Self::NoLatents => "encode and simulate the corpus with `--latents`",
            Self::Augmentation(_) => "leave the utterance out",
        }
    }
}

impl InputIssue for SttError {
    fn hint(&self) -> Cow<'static, str> {
        Self::hint(self).into()
    }
}

impl From<SttError> for TaskError {
    fn from(error: SttError) -> Self {
        match error {
            SttError::Speech(error) => error.into(),
            data @ SttError::Data { .. } => AnswerIssue::Data(Box::new(data)).of("stt"),
            input => Self::input(input),
        }
    }
}
