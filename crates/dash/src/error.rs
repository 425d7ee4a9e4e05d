//! Errors of the dashboard, and errors of the program behind it.

use std::borrow::Cow;
use std::path::PathBuf;

use syrinx_audio::AudioError;
use syrinx_results::ResultsError;

/// Errors of the dashboard.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DashError {
    /// No terminal, or a failed terminal operation.
    #[error("the dashboard needs a terminal: {cause}")]
    Terminal {
        /// Reason given by the operating system.
        cause: std::io::Error,
    },
    /// A file to be replayed can't be read.
    #[error("events `{}`: {cause}", path.display())]
    Replay {
        /// The file.
        path: PathBuf,
        /// Cause.
        cause: std::io::Error,
    },
    /// A thread can't be started.
    #[error("a thread can't be started: {cause}")]
    Thread {
        /// Cause.
        cause: std::io::Error,
    },
}

/// Error of the program behind the dashboard, shown on the screen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ProgramError {
    /// Message.
    pub message: String,
    /// Remedy, where one is known.
    pub hint: Option<Cow<'static, str>>,
}

impl ProgramError {
    /// Builds an error with its remedy.
    pub fn new(message: impl Into<String>, hint: Option<Cow<'static, str>>) -> Self {
        Self { message: message.into(), hint }
    }

    /// Returns message and remedy as one line, the remedy in parentheses.
    pub fn line(&self) -> String {
        match &self.hint {
            None => self.message.clone(),
            Some(hint) => format!("{} ({hint})", self.message),
        }
    }
}

impl From<&str> for ProgramError {
    fn from(message: &str) -> Self {
        Self::new(message, None)
    }
}

impl From<ResultsError> for ProgramError {
    fn from(error: ResultsError) -> Self {
        Self::new(error.to_string(), error.hint())
    }
}

impl From<AudioError> for ProgramError {
    fn from(error: AudioError) -> Self {
        Self::new(error.to_string(), error.hint())
    }
}

impl DashError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Terminal { .. } => "run it in a terminal, not in a pipe".into(),
            Self::Replay { .. } => "give a file that `--events` or a training run wrote".into(),
            Self::Thread { .. } => "close other programs".into(),
        })
    }
}
