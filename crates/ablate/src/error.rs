//! Errors of ablations.

use std::path::{Path, PathBuf};

use syrinx_eval::EvalError;
use syrinx_results::ResultsError;
use syrinx_types::IoOperation;

use crate::AblationIssue;

/// Errors of ablations. A failure of one cell is none of these: it is kept with the cell.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AblateError {
    /// A file with invalid content.
    #[error("ablation `{}`: {issue}", path.display())]
    Ablation {
        /// The file.
        path: PathBuf,
        /// Invalid content.
        issue: AblationIssue,
    },
    /// A file can't be read or written.
    #[error("can't {operation} `{}`: {cause}", path.display())]
    Io {
        /// Failed operation.
        operation: IoOperation,
        /// On what.
        path: PathBuf,
        /// Cause.
        cause: std::io::Error,
    },
    /// A suite can't be used.
    #[error(transparent)]
    Suite(#[from] EvalError),
    /// Failure of the results store.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// No finished cell to report.
    #[error("ablation `{name}`: no cell of its grid is finished in {}", store.display())]
    NothingFound {
        /// The ablation.
        name: String,
        /// The results store.
        store: PathBuf,
    },
    /// A chart can't be drawn.
    #[error("chart `{name}`: {cause}")]
    Chart {
        /// The chart's file.
        name: String,
        /// Error of the drawing library.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl AblateError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(match self {
            Self::NothingFound { .. } => "run it without --report".into(),
            Self::Chart { .. } => "leave its figure out of `figures`".into(),
            Self::Io { operation, cause, .. } => {
                return syrinx_types::io_hint(*operation, cause.kind()).map(Into::into);
            }
            Self::Ablation { issue, .. } => issue.hint(),
            Self::Suite(error) => return error.hint(),
            Self::Results(error) => return error.hint(),
        })
    }

    pub(crate) fn io(
        operation: IoOperation,
        path: &Path,
    ) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |cause| Self::Io { operation, path, cause }
    }
}
