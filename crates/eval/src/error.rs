//! Errors of evaluations.

use std::path::{Path, PathBuf};

use crate::{BaselineFault, JudgeFault, MaterialFault, SubjectError, SuiteIssue};
use syrinx_types::IoOperation;

/// Errors of evaluations. The failure of one utterance is not among them: its row counts as all wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// The suite is invalid or doesn't fit the model.
    #[error("suite `{}`: {issue}", path.display())]
    Suite {
        /// The suite's file.
        path: PathBuf,
        /// Fault.
        issue: SuiteIssue,
    },
    /// A file can't be read or written.
    #[error("can't {operation} `{}`: {cause}", path.display())]
    Io {
        /// Failed operation.
        operation: IoOperation,
        /// File or folder.
        path: PathBuf,
        /// Cause.
        cause: std::io::Error,
    },
    /// Evaluation material can't be read.
    #[error("evaluation material `{}`: {fault}", path.display())]
    Material {
        /// The file.
        path: PathBuf,
        /// Fault.
        fault: MaterialFault,
    },
    /// A judge failed. Finished rows are kept.
    #[error("judge `{name}`: {fault}")]
    Judge {
        /// The judge.
        name: String,
        /// Fault.
        fault: JudgeFault,
    },
    /// The model or its codec can't be used.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The older report can't be used as a baseline.
    #[error("baseline `{}`: {fault}", path.display())]
    Baseline {
        /// The older report.
        path: PathBuf,
        /// Fault.
        fault: BaselineFault,
    },
    /// The evaluation was cancelled.
    #[error("stopped after {done} of {total} rows")]
    Cancelled {
        /// Number of finished rows.
        done: usize,
        /// Total number of rows.
        total: usize,
        /// Folder of the finished rows.
        folder: PathBuf,
    },
}

impl EvalError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(match self {
            Self::Io { operation, cause, .. } => {
                return syrinx_types::io_hint(*operation, cause.kind()).map(Into::into);
            }
            Self::Suite { issue, .. } => issue.hint(),
            Self::Material { fault, .. } => return fault.hint(),
            Self::Subject(error) => return error.hint(),
            Self::Cancelled { folder, .. } => format!(
                "run the same command to go on; finished rows are in `{}`",
                folder.display()
            )
            .into(),
            Self::Judge { fault, .. } => return fault.hint(),
            Self::Baseline { fault, .. } => return fault.hint(),
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
