//! Errors of ablations.

use std::path::{Path, PathBuf};

use syrinx_eval::EvalError;
use syrinx_results::ResultsError;
use syrinx_types::IoOperation;

use crate::AblationIssue;

/// Errors of ablations. The failure of a cell is not among them: the results store keeps it with the cell.
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
        /// Path of the file or folder.
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
    /// A report without a finished cell.
    #[error("ablation `{name}`: no cell of its grid is finished in {}", store.display())]
    NothingFound {
        /// Name of the ablation.
        name: String,
        /// Path of the results store.
        store: PathBuf,
    },
    /// A chart can't be drawn.
    #[error("chart `{name}`: {cause}")]
    Chart {
        /// File name of the chart.
        name: String,
        /// Error of the drawing library.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl AblateError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(match self {
            Self::NothingFound { .. } => "run the ablation without --report".into(),
            Self::Chart { .. } => "remove its figure from `figures`".into(),
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
