//! Faults of requests to continue a recording.

use std::borrow::Cow;

use syrinx_task::{InputIssue, TaskError};

/// Faults of a request to continue a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContinueIssue {
    /// More phones in the context than its frames can be aligned with.
    #[error("too many phones were recognized at the end of the recording")]
    TooManyPhones,
}

impl InputIssue for ContinueIssue {
    fn hint(&self) -> Cow<'static, str> {
        "give the spoken text as `says`".into()
    }
}

impl From<ContinueIssue> for TaskError {
    fn from(issue: ContinueIssue) -> Self {
        Self::input(issue)
    }
}
