//! Faults of requests.

use std::borrow::Cow;

use syrinx_task::{InputIssue, TaskError};

/// Fault of a request to convert a voice.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertIssue {
    /// More phones than the frames of a section can hold.
    #[error("too many phones were recognized between {start_s:.1} and {end_s:.1} s")]
    TooManyPhones {
        /// Start of the section, seconds.
        start_s: f64,
        /// End of the section, seconds.
        end_s: f64,
    },
}

impl InputIssue for ConvertIssue {
    fn hint(&self) -> Cow<'static, str> {
        "give what the recording says, or one with slower speech".into()
    }
}

impl From<ConvertIssue> for TaskError {
    fn from(issue: ConvertIssue) -> Self {
        Self::input(issue)
    }
}
