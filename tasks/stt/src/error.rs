//! What can go wrong between scores and words.

use syrinx_task::TaskError;

/// Errors of the decoder.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum SttError {
    /// Scores don't fit the inventory.
    #[error(
        "{values} scores of {labels} labels are no whole parts of the {} phones: the model has another inventory",
        syrinx_text::Phone::COUNT
    )]
    Shape {
        /// Labels a part.
        labels: usize,
        /// Values in all.
        values: usize,
    },
    /// Scores without a rate.
    #[error("scores of {rate_hz} parts a second can't be placed in time")]
    Rate {
        /// The rate given.
        rate_hz: f64,
    },
    /// A data file can't be read.
    #[error("line {line} of the {file}: {reason}; make it again with the example `build_data`")]
    Data {
        /// Which file.
        file: &'static str,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// Words don't fit into a recording.
    #[error(
        "{needed} sounds don't fit into a recording of {parts} parts: it is too short for the text"
    )]
    TooShort {
        /// Sounds of the text, each lasting a part at least.
        needed: usize,
        /// Parts of the recording.
        parts: usize,
    },
    /// Nothing to align.
    #[error("word {index} (`{word}`) has no pronunciation: give one as `word/W ER1 D/`")]
    NoPronunciation {
        /// Its place in the text, from 1.
        index: usize,
        /// The word.
        word: String,
    },
    /// An alignment of no words.
    #[error("there are no words to align")]
    NoWords,
}

impl From<SttError> for TaskError {
    fn from(error: SttError) -> Self {
        Self::Answer { task: "stt".into(), reason: error.to_string() }
    }
}
