//! Errors between scores and timed phones.

use syrinx_task::TaskError;

/// Errors of alignment and scripts.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum SpeechError {
    /// Scores don't fit the inventory.
    #[error(
        "{values} scores of {labels} labels are no whole parts of the {} phones",
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
    #[error("line {line} of the phone frequencies: {content:?} is no phone and count")]
    Data {
        /// Line, from 1.
        line: usize,
        /// Its content.
        content: String,
    },
    /// A model that gave no scores.
    #[error("the model gave no phone scores")]
    NoScores,
    /// Words don't fit into a recording.
    #[error("{needed} sounds don't fit into a recording of {parts} parts")]
    TooShort {
        /// Sounds of the text, each lasting a part at least.
        needed: usize,
        /// Parts of the recording.
        parts: usize,
    },
    /// Nothing to align.
    #[error("word {index} (`{word}`) has no pronunciation")]
    NoPronunciation {
        /// Its place in the text, from 1.
        index: usize,
        /// The word.
        word: String,
    },
    /// A model that reads letters, and a recording whose words are unknown.
    #[error("{sounding} words sound, but {words} are known, and the model reads words, not phones")]
    WordsUnknown {
        /// Words that are known.
        words: usize,
        /// Words that sound.
        sounding: usize,
    },
    /// A word that can't be split into byte pairs.
    #[error("`{word}` can't be written as byte pairs: {message}")]
    Spelling {
        /// The word.
        word: String,
        /// Message of the library, whose errors can't be compared.
        message: String,
    },
    /// An alignment of no words.
    #[error("there are no words to align")]
    NoWords,
}

impl SpeechError {
    /// Returns the remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Shape { .. } | Self::Rate { .. } => {
                "use a model with the program's phone inventory"
            }
            Self::Data { .. } => "make the file again with the example `build_data` of stt",
            Self::NoScores => "use a model that was trained to recognize speech",
            Self::TooShort { .. } => "give a longer recording, or a text that it says",
            Self::NoPronunciation { .. } => "give the pronunciation in the text: `word/W ER1 D/`",
            Self::WordsUnknown { .. } => "give the words of the recording",
            Self::Spelling { .. } => "write the word in other letters",
            Self::NoWords => "give a text with words",
        }
    }
}

impl From<SpeechError> for TaskError {
    fn from(error: SpeechError) -> Self {
        let hint = error.hint();
        Self::input(error.to_string(), hint)
    }
}
