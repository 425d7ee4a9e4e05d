//! Faults of requests to edit a recording.

use std::borrow::Cow;

use syrinx_task::{InputIssue, TaskError};

/// Faults of a request to edit a recording.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EditIssue {
    /// Only one of the two times of a span.
    #[error("only one of `start_s` and `end_s` is given")]
    OneTime,
    /// A transcript that doesn't match the recording.
    #[error(
        "the recording does not seem to say {} of \"{says}\" (recognized: \"{recognized}\")",
        doubted.join(", ")
    )]
    OtherWords {
        /// Words that the recording doesn't seem to contain, with their times.
        doubted: Vec<String>,
        /// Transcript of the request.
        says: String,
        /// Transcript of the recognizer.
        recognized: String,
    },
    /// A recording without words.
    #[error("no words were recognized in the recording")]
    NoWords,
    /// A text that equals the words of the recording.
    #[error("the recording already says \"{text}\"")]
    Unchanged {
        /// Words of the recording.
        text: String,
    },
    /// A span without length, or one that starts before the recording.
    #[error("edit span is empty: start_s is {start_s}, end_s is {end_s}")]
    EmptySpan {
        /// Start of the span, in seconds.
        start_s: f64,
        /// End of the span, in seconds.
        end_s: f64,
    },
    /// A span that ends after the recording.
    #[error("end_s ({end_s}) is past the end of the recording ({total_s:.2} s)")]
    PastEnd {
        /// End of the span, in seconds.
        end_s: f64,
        /// Length of the recording, in seconds.
        total_s: f64,
    },
    /// More phones in the context than its frames can be aligned with.
    #[error("too many phones were recognized before {start_s:.1} s")]
    TooManyPhones {
        /// Start of the span, in seconds.
        start_s: f64,
    },
    /// A background to keep, for a model that can't separate it.
    #[error("this model cannot separate a background from speech")]
    NoSeparator,
}

impl InputIssue for EditIssue {
    fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::OneTime => "give both, or neither",
            Self::OtherWords { .. } => "correct `says`, or edit anyway with `force`",
            Self::NoWords => "give the spoken text as `says`, or `start_s` and `end_s`",
            Self::Unchanged { .. } => "give a different text",
            Self::EmptySpan { .. } => {
                "give an end_s greater than start_s, and a start_s of 0 or above"
            }
            Self::PastEnd { .. } => "give times within the recording",
            Self::TooManyPhones { .. } => "give the spoken text as `says`",
            Self::NoSeparator => "omit `keep_background`",
        }
        .into()
    }
}

impl From<EditIssue> for TaskError {
    fn from(issue: EditIssue) -> Self {
        Self::input(issue)
    }
}
