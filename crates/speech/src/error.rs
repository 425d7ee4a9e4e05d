//! What can go wrong between scores and phones in time.

use syrinx_task::TaskError;

/// Errors of listening.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum SpeechError {
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
    #[error(
        "line {line} of the phone frequencies: {reason}; make them again with the example `build_data` of stt"
    )]
    Data {
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A model that gave no scores.
    #[error("the model gave no phone scores: use one that was trained to recognise speech")]
    NoScores,
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
    /// A model that reads letters, and a recording whose words are unknown.
    #[error(
        "{sounding} words sound, but {words} are known, and the model reads words, not sounds: say what the recording says"
    )]
    WordsUnknown {
        /// Words that are known.
        words: usize,
        /// Words that sound.
        sounding: usize,
    },
    /// A word that can't be split into byte pairs.
    #[error("`{word}` can't be written as byte pairs: {reason}")]
    Spelling {
        /// The word.
        word: String,
        /// What the library says.
        reason: String,
    },
    /// An alignment of no words.
    #[error("there are no words to align")]
    NoWords,
}

impl From<SpeechError> for TaskError {
    fn from(error: SpeechError) -> Self {
        Self::Input(error.to_string())
    }
}
