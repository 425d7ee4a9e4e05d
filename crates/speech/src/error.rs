//! Errors of alignment and of token sequences.

use std::borrow::Cow;

use syrinx_task::{InputIssue, TaskError};

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
        /// Content of the line.
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
    /// A word without a pronunciation.
    #[error("word {index} (`{word}`) has no pronunciation")]
    NoPronunciation {
        /// Position of the word in the text, from 1.
        index: usize,
        /// The word.
        word: String,
    },
    /// A model that reads letters, and a recording whose words are unknown.
    #[error("{sounding} words sound, but {words} are known, and the model reads words, not phones")]
    WordsUnknown {
        /// Words that are known.
        words: usize,
        /// Words that the recording contains.
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
            Self::Data { .. } => {
                "make the file again with the example `build_data` of the recognition task"
            }
            Self::NoScores => "use a model that was trained to recognize speech",
            Self::TooShort { .. } => "give a longer recording, or a text that it says",
            Self::NoPronunciation { .. } => "give the pronunciation in the text: `word/W ER1 D/`",
            Self::WordsUnknown { .. } => "give the words of the recording",
            Self::Spelling { .. } => "write the word in other letters",
            Self::NoWords => "give a text with words",
        }
    }
}

impl InputIssue for SpeechError {
    fn hint(&self) -> Cow<'static, str> {
        Self::hint(self).into()
    }
}

impl From<SpeechError> for TaskError {
    fn from(error: SpeechError) -> Self {
        Self::input(error)
    }
}

/// Fault of the voice of a request.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VoiceIssue {
    /// A name and a recording.
    #[error("both a voice and a prompt are given")]
    VoiceAndPrompt,
    /// A name in a model without voices.
    #[error("no voice `{name}`: this model has no built-in voices")]
    NoVoices {
        /// Name given.
        name: String,
    },
    /// A name that no voice has.
    #[error("no voice `{name}`")]
    Unknown {
        /// Name given.
        name: String,
        /// Voices of the model.
        known: Vec<String>,
    },
    /// A prompt of less than a frame.
    #[error("{name} lasts {seconds:.3} s, less than one frame")]
    TooShort {
        /// Prompt, as messages name it.
        name: String,
        /// Length, seconds.
        seconds: f64,
    },
    /// A prompt without sound.
    #[error(
        "{name} is silent: its loudest part is at {level_dbfs:.0} dBFS, speech needs {needed_dbfs:.0}"
    )]
    Silent {
        /// Prompt, as messages name it.
        name: String,
        /// Level of its loudest part.
        level_dbfs: f32,
        /// Lowest level of speech.
        needed_dbfs: f32,
    },
    /// A prompt that is empty after its silence is removed.
    #[error("{name} has too little speech")]
    TooLittleSpeech {
        /// Prompt, as messages name it.
        name: String,
    },
}

impl InputIssue for VoiceIssue {
    fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::VoiceAndPrompt => "leave one of them out".into(),
            Self::NoVoices { .. } => "give a prompt instead".into(),
            Self::Unknown { known, .. } => format!("the voices are: {}", known.join(", ")).into(),
            Self::TooShort { .. } | Self::TooLittleSpeech { .. } => {
                "give 2 to 3 seconds of speech".into()
            }
            Self::Silent { .. } => "give 2 to 3 seconds of speech, recorded louder".into(),
        }
    }
}

impl From<VoiceIssue> for TaskError {
    fn from(issue: VoiceIssue) -> Self {
        Self::input(issue)
    }
}
