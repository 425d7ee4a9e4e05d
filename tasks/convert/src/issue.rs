//! Faults of requests to convert a voice.

use std::borrow::Cow;

use syrinx_task::{InputIssue, TaskError};

/// Faults of a request to convert a voice.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertIssue {
    /// More phones in a section than its frames can be aligned with.
    #[error("too many phones were recognized between {start_s:.1} and {end_s:.1} s")]
    TooManyPhones {
        /// Start of the section, in seconds.
        start_s: f64,
        /// End of the section, in seconds.
        end_s: f64,
    },
}

impl InputIssue for ConvertIssue {
    fn hint(&self) -> Cow<'static, str> {
        "give the spoken text as `says`, or a recording with slower speech".into()
    }
}

impl From<ConvertIssue> for TaskError {
    fn from(issue: ConvertIssue) -> Self {
        Self::input(issue)
    }
}
