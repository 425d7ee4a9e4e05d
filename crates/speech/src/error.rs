//! Errors of alignment, of token sequences and of requested voices.

use std::borrow::Cow;

use syrinx_task::{InputIssue, TaskError};

/// Errors of alignment and of token sequences.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum SpeechError {
    /// Scores whose shape doesn't match the phone inventory.
    #[error(
        "{values} phone scores with {labels} labels don't have the shape (subframes, {})",
        syrinx_text::Phone::COUNT
    )]
    Shape {
        /// Number of labels per subframe.
        labels: usize,
        /// Number of values.
        values: usize,
    },
    /// Scores with an invalid rate.
    #[error("phone scores have an invalid rate of {rate_hz} Hz")]
    Rate {
        /// Rate of the scores, in Hz.
        rate_hz: f64,
    },
    /// A line of the phone frequencies that can't be parsed.
    #[error("line {line} of the phone frequencies: {content:?} is not a phone and a count")]
    Data {
        /// Number of the line, from 1.
        line: usize,
        /// Content of the line.
        content: String,
    },
    /// A model that returned no phone scores.
    #[error("the model returned no phone scores")]
    NoScores,
    /// A recording that is too short for the words.
    #[error("{needed} phones don't fit into the {parts} subframes of the recording")]
    TooShort {
        /// Number of phones in the text; each needs at least one subframe.
        needed: usize,
        /// Number of subframes in the recording.
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
    /// A model that reads letters or byte pairs, and a recording whose words are not all known.
    #[error(
        "the recording has {sounding} words, {words} of them known, but the model reads letters"
    )]
    WordsUnknown {
        /// Number of known words.
        words: usize,
        /// Number of words in the recording.
        sounding: usize,
    },
    /// A word that can't be encoded as byte pairs.
    #[error("`{word}` can't be encoded as byte pairs: {message}")]
    Spelling {
        /// The word.
        word: String,
        /// Message of the tokenizer library, whose errors can't be compared.
        message: String,
    },
    /// An alignment without words.
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
                "regenerate the file with the example `build_data` of the recognition task"
            }
            Self::NoScores => "use a model that was trained to recognize speech",
            Self::TooShort { .. } => "give a longer recording, or the text that is spoken in it",
            Self::NoPronunciation { .. } => "give the pronunciation in the text: `word/W ER1 D/`",
            Self::WordsUnknown { .. } => "give the words of the recording",
            Self::Spelling { .. } => "use another spelling of the word",
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

/// Faults of the requested voice.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VoiceIssue {
    /// A request with both a name and a recording.
    #[error("both a voice and a prompt are given")]
    VoiceAndPrompt,
    /// A name, for a model without built-in voices.
    #[error("no voice `{name}`: this model has no built-in voices")]
    NoVoices {
        /// Requested name.
        name: String,
    },
    /// A name that no built-in voice has.
    #[error("no voice `{name}`")]
    Unknown {
        /// Requested name.
        name: String,
        /// Names of the built-in voices.
        known: Vec<String>,
    },
    /// A prompt that is shorter than one frame.
    #[error("{name} lasts {seconds:.3} s, less than one frame")]
    TooShort {
        /// Prompt, as messages name it.
        name: String,
        /// Length, in seconds.
        seconds: f64,
    },
    /// A prompt that is silent.
    #[error(
        "{name} is silent: its loudest part is at {level_dbfs:.0} dBFS, speech needs {needed_dbfs:.0}"
    )]
    Silent {
        /// Prompt, as messages name it.
        name: String,
        /// Level of its loudest section, in dBFS.
        level_dbfs: f32,
        /// Minimum level of speech, in dBFS.
        needed_dbfs: f32,
    },
    /// A prompt with nothing left after silence is removed.
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
            Self::Silent { .. } => "give 2 to 3 seconds of speech at a higher level".into(),
        }
    }
}

impl From<VoiceIssue> for TaskError {
    fn from(issue: VoiceIssue) -> Self {
        Self::input(issue)
    }
}
