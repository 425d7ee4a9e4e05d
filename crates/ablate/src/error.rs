//! What can go wrong on the bench.

use std::path::{Path, PathBuf};

use syrinx_eval::EvalError;
use syrinx_results::ResultsError;

/// Errors of ablations. What goes wrong with one cell is not here: it is kept with the cell.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AblateError {
    /// The file says nonsense.
    #[error("ablation `{}`: {reason}", path.display())]
    Ablation {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A file can't be read or written.
    #[error("can't {operation} `{}`: {source}", path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A suite can't be used.
    #[error(transparent)]
    Suite(#[from] EvalError),
    /// The store says no.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// There is nothing to write about.
    #[error("ablation `{name}`: no cell of its grid is finished in {}; run it without --report", store.display())]
    NothingFound {
        /// The ablation.
        name: String,
        /// The results store.
        store: PathBuf,
    },
    /// A chart can't be drawn.
    #[error("chart `{name}`: {reason}; leave its figure out of `figures`")]
    Chart {
        /// The chart's file.
        name: String,
        /// Why not.
        reason: String,
    },
}

impl AblateError {
    pub(crate) fn io(
        operation: &'static str,
        path: &Path,
    ) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Io { operation, path, source }
    }
}
