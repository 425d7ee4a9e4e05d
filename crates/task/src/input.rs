//! Input of requests that cannot be used.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// Fault of a request's input. Every task crate has its own enum of such faults.
pub trait InputIssue: Error + Send + Sync + 'static {
    /// Returns the remedy.
    fn hint(&self) -> Cow<'static, str>;
}

/// An [`InputIssue`] of any crate.
#[derive(Debug)]
pub struct InputError(Box<dyn InputIssue>);

impl InputError {
    /// Wraps the fault of a crate.
    pub fn new(issue: impl InputIssue) -> Self {
        Self(Box::new(issue))
    }

    /// Returns the remedy.
    pub fn hint(&self) -> Cow<'static, str> {
        self.0.hint()
    }

    /// Returns the fault in its own type, if it is of that type.
    pub fn issue<I: InputIssue>(&self) -> Option<&I> {
        let issue: &dyn Error = &*self.0;
        issue.downcast_ref()
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for InputError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// Recording that cannot be used; `name` names it in messages.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingIssue {
    /// Less than a frame of sound.
    #[error("{name} lasts {seconds:.3} s, less than one frame")]
    TooShort {
        /// Recording.
        name: String,
        /// Length, seconds.
        seconds: f64,
    },
    /// No sound.
    #[error("{name} is silent")]
    Silent {
        /// Recording.
        name: String,
    },
    /// Sound without speech.
    #[error("{name} has no speech")]
    NoSpeech {
        /// Recording.
        name: String,
    },
    /// A file name in a request whose recordings must be attached.
    #[error("recordings are not read by name here")]
    NotByName,
    /// An empty file name.
    #[error("a recording has no name")]
    NoName,
}

impl InputIssue for RecordingIssue {
    fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::TooShort { .. } => "give a longer recording",
            Self::Silent { .. } => "give a recording with sound",
            Self::NoSpeech { .. } => "give a recording in which somebody speaks",
            Self::NotByName => "attach the recording to the request",
            Self::NoName => "name a file, or `-` for standard input",
        }
        .into()
    }
}
