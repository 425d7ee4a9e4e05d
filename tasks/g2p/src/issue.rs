//! Faults of requests.

use std::borrow::Cow;

use syrinx_task::{InputIssue, TaskError};

/// Fault of a request for phones or graphemes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum G2pIssue {
    /// A line of boundaries and punctuation only.
    #[error("the request has no phones")]
    NoPhones,
    /// A request for both directions, or for none.
    #[error("a request has either a text or phones")]
    Direction,
}

impl InputIssue for G2pIssue {
    fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::NoPhones => "give some like `HH AH0 L OW1 | W ER1 L D`",
            Self::Direction => "give a text to get phones, or phones to get a text",
        }
        .into()
    }
}

impl From<G2pIssue> for TaskError {
    fn from(issue: G2pIssue) -> Self {
        Self::input(issue)
    }
}
