//! What can go wrong in an evaluation.

use std::path::{Path, PathBuf};

use crate::SubjectError;

/// Errors of evaluations. What goes wrong with one utterance is not here: it is a row that counts as all wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// The suite can't be understood or doesn't fit the model.
    #[error("suite `{}`: {reason}", path.display())]
    Suite {
        /// The suite's file.
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
    /// Evaluation material can't be read.
    #[error("evaluation material `{}`: {reason}", path.display())]
    Material {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A judge doesn't work. Rows made so far are kept.
    #[error("judge `{name}`: {reason}")]
    Judge {
        /// The judge.
        name: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The model can't be evaluated at all.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The older report can't be compared with.
    #[error("baseline `{}`: {reason}", path.display())]
    Baseline {
        /// The report given.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Someone asked to stop.
    #[error(
        "stopped after {done} of {total} rows; they are kept in `{}`, run the same command to go on",
        folder.display()
    )]
    Cancelled {
        /// Rows finished.
        done: usize,
        /// Rows in all.
        total: usize,
        /// Where they are.
        folder: PathBuf,
    },
}

impl EvalError {
    pub(crate) fn io(
        operation: &'static str,
        path: &Path,
    ) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Io { operation, path, source }
    }
}
