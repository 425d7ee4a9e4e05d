//! Selection of a recognizer by name.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::PretrainedError;
use crate::whisper::{Whisper, WhisperOptions, WhisperRecognizer};

/// A recognizer that replaces the model's own: `whisper:FOLDER`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum RecognizerChoice {
    /// A Whisper checkpoint in a folder.
    Whisper(PathBuf),
}

/// Text that is not the name of a recognizer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a recognizer, expected whisper:FOLDER")]
pub struct UnknownRecognizer {
    /// Text.
    pub name: String,
}

impl FromStr for RecognizerChoice {
    type Err = UnknownRecognizer;

    fn from_str(text: &str) -> Result<Self, UnknownRecognizer> {
        match text.split_once(':') {
            Some(("whisper", folder)) if !folder.is_empty() => Ok(Self::Whisper(folder.into())),
            _ => Err(UnknownRecognizer { name: text.to_owned() }),
        }
    }
}

impl TryFrom<String> for RecognizerChoice {
    type Error = UnknownRecognizer;

    fn try_from(text: String) -> Result<Self, UnknownRecognizer> {
        text.parse()
    }
}

impl From<RecognizerChoice> for String {
    fn from(choice: RecognizerChoice) -> Self {
        choice.to_string()
    }
}

impl fmt::Display for RecognizerChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whisper(folder) => write!(f, "whisper:{}", folder.display()),
        }
    }
}

impl RecognizerChoice {
    /// Loads the recognizer.
    ///
    /// # Errors
    /// The errors of [`Whisper::load`].
    pub fn open(&self, options: &WhisperOptions) -> Result<WhisperRecognizer, PretrainedError> {
        match self {
            Self::Whisper(folder) => {
                Ok(WhisperRecognizer::new(Whisper::load(folder)?, options.clone()))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        let choice: RecognizerChoice = "whisper:models/tiny.en".parse().unwrap();
        assert_eq!(choice, RecognizerChoice::Whisper("models/tiny.en".into()));
        let json = serde_json::to_string(&choice).unwrap();
        assert_eq!(json, "\"whisper:models/tiny.en\"");
        assert_eq!(serde_json::from_str::<RecognizerChoice>(&json).unwrap(), choice);
        for text in ["", "whisper", "whisper:", "other:folder"] {
            assert_eq!(
                text.parse::<RecognizerChoice>(),
                Err(UnknownRecognizer { name: text.into() })
            );
        }
    }
}
