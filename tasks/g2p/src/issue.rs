//! Faults of requests for phones or letters.

use std::borrow::Cow;

use syrinx_task::{InputIssue, TaskError};

/// Faults of a request for phones or letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum G2pIssue {
    /// Phones that are boundaries and punctuation only.
    #[error("the request has no phones")]
    NoPhones,
    /// A request with both a text and phones, or with neither.
    #[error("a request has either a text or phones")]
    Direction,
}

impl InputIssue for G2pIssue {
    fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::NoPhones => "give phones such as `HH AH0 L OW1 | W ER1 L D`",
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
