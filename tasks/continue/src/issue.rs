//! Faults of requests.

use std::borrow::Cow;

use syrinx_task::{InputIssue, TaskError};

/// Fault of a request to continue a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContinueIssue {
    /// More phones at the end of the recording than its frames can hold.
    #[error("too many phones were recognized in the recording to go on from")]
    TooManyPhones,
}

impl InputIssue for ContinueIssue {
    fn hint(&self) -> Cow<'static, str> {
        "give what the recording says".into()
    }
}

impl From<ContinueIssue> for TaskError {
    fn from(issue: ContinueIssue) -> Self {
        Self::input(issue)
    }
}
