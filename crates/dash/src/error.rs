//! Errors of the dashboard itself. Errors of its jobs are shown on the screen.

use std::path::PathBuf;

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

impl DashError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(match self {
            Self::Terminal { .. } => "run it in a terminal, not in a pipe".into(),
            Self::Replay { .. } => "give a file that `--events` or a training run wrote".into(),
            Self::Thread { .. } => "close other programs".into(),
        })
    }
}
