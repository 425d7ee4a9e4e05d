//! Errors of speech recognition.

use std::borrow::Cow;

use syrinx_scene::SceneError;
use syrinx_speech::SpeechError;
use syrinx_task::{AnswerIssue, InputIssue, TaskError};

/// Errors of speech recognition.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum SttError {
    /// Scores that don't match the phone inventory, or words that can't be aligned with them.
    #[error(transparent)]
    Speech(#[from] SpeechError),
    /// A data file that can't be parsed.
    #[error("line {line} of the {file}: {fault}")]
    Data {
        /// Name of the file.
        file: &'static str,
        /// Number of the line, from 1.
        line: usize,
        /// Fault.
        fault: DataFault,
    },
    /// A known text, for a model that predicts text without times.
    #[error("this model predicts text without times, and cannot align a known text")]
    NoTimes,
    /// A corpus with codes only, for a model that reads latents.
    #[error("the model reads latents (`latent_recordings`), but the corpus has codes only")]
    NoLatents,
    /// An utterance that can't be augmented.
    #[error(transparent)]
    Augmentation(#[from] SceneError),
}

/// Faults in a line of a data file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DataFault {
    /// A line without a word.
    #[error("no word")]
    NoWord,
    /// A count without a word before it.
    #[error("a count without a word")]
    StrayCount,
    /// A word without the logarithm of its count.
    #[error("not pairs of a word and a logarithm")]
    NoLogarithm,
    /// A truncated file, or one with inconsistent counts.
    #[error("the file is truncated, or its counts are inconsistent")]
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
            Self::Data { .. } => "regenerate the file as described in `tasks/stt/data/README.md`",
            Self::NoTimes => "omit the text",
            Self::NoLatents => "encode and simulate the corpus with `--latents`",
            Self::Augmentation(_) => "remove the utterance from the corpus",
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
