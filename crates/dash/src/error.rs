//! What can go wrong with the dashboard itself. What goes wrong in its work is shown on the screen.

use std::path::PathBuf;

/// Errors of the dashboard.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DashError {
    /// There is no terminal, or it doesn't do what it should.
    #[error("the dashboard needs a terminal: {source}; run it in one, not in a pipe")]
    Terminal {
        /// What it says.
        source: std::io::Error,
    },
    /// A file to be replayed can't be read.
    #[error("events `{}`: {source}; give a file that `--events` or a training run wrote", path.display())]
    Replay {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A thread can't be started.
    #[error("a thread can't be started: {source}; close other programs")]
    Thread {
        /// Why not.
        source: std::io::Error,
    },
}
