//! Requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::TaskError;

use crate::G2pIssue;

/// A text to convert to phones, or phones to convert to letters: exactly one of the two.
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

/// Direction of a request.
pub(crate) enum Direction<'a> {
    ToPhones(&'a str),
    ToLetters(&'a str),
}

impl G2pRequest {
    pub(crate) fn direction(&self) -> Result<Direction<'_>, TaskError> {
        match (&self.text, &self.phones) {
            (Some(text), None) => Ok(Direction::ToPhones(text)),
            (None, Some(phones)) => Ok(Direction::ToLetters(phones)),
            _ => Err(G2pIssue::Direction.into()),
        }
    }
}
