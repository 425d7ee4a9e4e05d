//! Faults of requests.

use std::borrow::Cow;

use syrinx_task::{InputIssue, TaskError};

/// Fault of an edit request.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EditIssue {
    /// One of the two times of a span.
    #[error("only one of `start_s` and `end_s` is given")]
    OneTime,
    /// A transcript of another recording.
    #[error(
        "the recording does not seem to say {} of \"{says}\" (recognized: \"{recognized}\")",
        doubted.join(", ")
    )]
    OtherWords {
        /// Words that the recording does not seem to have, with their times.
        doubted: Vec<String>,
        /// Transcript given.
        says: String,
        /// Transcript recognized.
        recognized: String,
    },
    /// A recording without words.
    #[error("no words were recognized in the recording")]
    NoWords,
    /// A text that changes nothing.
    #[error("the recording already says \"{text}\"")]
    Unchanged {
        /// Words of the recording.
        text: String,
    },
    /// A span without length, or before the recording.
    #[error("edit span is empty: start_s is {start_s}, end_s is {end_s}")]
    EmptySpan {
        /// Start given, seconds.
        start_s: f64,
        /// End given, seconds.
        end_s: f64,
    },
    /// A span that ends after the recording.
    #[error("end_s ({end_s}) is past the end of the recording ({total_s:.2} s)")]
    PastEnd {
        /// End given, seconds.
        end_s: f64,
        /// Length of the recording, seconds.
        total_s: f64,
    },
    /// More phones before the span than the frames there can hold.
    #[error("too many phones were recognized before {start_s:.1} s to go on from")]
    TooManyPhones {
        /// Start of the span, seconds.
        start_s: f64,
    },
    /// A background to be kept, in a model that cannot separate it.
    #[error("this model cannot separate a background from speech")]
    NoSeparator,
}

impl InputIssue for EditIssue {
    fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::OneTime => "give both, or neither",
            Self::OtherWords { .. } => "correct `says`, or go on with `force`",
            Self::NoWords => "give what it says, or `start_s` and `end_s`",
            Self::Unchanged { .. } => "give a text that differs",
            Self::EmptySpan { .. } => {
                "give an end_s greater than start_s, and a start_s of 0 or above"
            }
            Self::PastEnd { .. } => "give times within the recording",
            Self::TooManyPhones { .. } => "give what the recording says",
            Self::NoSeparator => "leave `keep_background` out",
        }
        .into()
    }
}

impl From<EditIssue> for TaskError {
    fn from(issue: EditIssue) -> Self {
        Self::input(issue)
    }
}
