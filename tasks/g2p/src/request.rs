//! What is asked and what is answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::TaskError;

/// A text to write in phones, or phones to write in letters: exactly one of the two.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct G2pRequest {
    /// English text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Phones in ARPAbet, with `|` between words; or in IPA, between slashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phones: Option<String>,
}

/// Which way a request goes.
pub(crate) enum Direction<'a> {
    ToPhones(&'a str),
    ToLetters(&'a str),
}

impl G2pRequest {
    pub(crate) fn direction(&self) -> Result<Direction<'_>, TaskError> {
        match (&self.text, &self.phones) {
            (Some(text), None) => Ok(Direction::ToPhones(text)),
            (None, Some(phones)) => Ok(Direction::ToLetters(phones)),
            _ => Err(TaskError::Input(
                "give either a text (to get phones) or phones (to get a text)".into(),
            )),
        }
    }
}

/// A sentence in letters and phones.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct G2pAnswer {
    /// ARPAbet, `|` between words, `,` `.` `?` `!` where the text has a pause.
    pub phones: String,
    /// The same in IPA.
    pub ipa: String,
    /// The words as said.
    pub text: String,
    /// Word by word.
    pub words: Vec<G2pWord>,
}

/// One word in letters and phones.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct G2pWord {
    /// The word as said, lower case.
    pub word: String,
    /// ARPAbet.
    pub phones: String,
    /// IPA.
    pub ipa: String,
    /// Where the phones (or letters) come from: `lexicon`, `user`, `inline`, `model` or `rules`.
    pub source: String,
}
