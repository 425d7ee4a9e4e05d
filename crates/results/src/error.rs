//! Errors of results stores.

use std::fmt;
use std::path::{Path, PathBuf};

/// Errors of results stores.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// A path without a file.
    #[error(
        "results store `{}`: it isn't there",
        path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The folder can't be made.
    #[error("results store `{}`: {cause}", path.display())]
    Folder {
        /// The file.
        path: PathBuf,
        /// Cause.
        cause: std::io::Error,
    },
    /// A store of a later version of the program.
    #[error(
        "results store `{}`: it has version {found}, this program reads up to {known}",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: i64,
        /// The last one known here.
        known: i64,
    },
    /// A file that is not a results store.
    #[error(
        "results store `{}`: it is no results store ({content})",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Content of the file.
        content: ForeignContent,
    },
    /// A store that another program keeps locked.
    #[error(
        "results store `{}`: another program has been writing for too long",
        path.display()
    )]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// Failure of the database.
    #[error("results store `{}`: {operation}: {cause}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Failed operation.
        operation: &'static str,
        /// Cause.
        cause: rusqlite::Error,
    },
    /// Something in the store can't be read.
    #[error("results store `{}`: {object}: {fault}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Run or row.
        object: String,
        /// Fault.
        fault: ContentFault,
    },
    /// No run goes by that name.
    #[error(
        "results store `{}`: no run `{name}`",
        path.display()
    )]
    NoRun {
        /// The file.
        path: PathBuf,
        /// Requested name.
        name: String,
    },
    /// Several runs go by that name.
    #[error(
        "results store `{}`: {count} runs begin with `{name}`",
        path.display()
    )]
    Ambiguous {
        /// The file.
        path: PathBuf,
        /// Requested name.
        name: String,
        /// Number of matches.
        count: usize,
    },
    /// A filter for a value that no run has.
    #[error("results store `{}`: no run has the {field} `{value}`", path.display())]
    UnknownValue {
        /// The file.
        path: PathBuf,
        /// Field of the filter.
        field: FilterField,
        /// Requested value.
        value: String,
        /// Values of the runs.
        known: Vec<String>,
    },
    /// Filters that together leave no run.
    #[error("results store `{}`: no run passes all filters", path.display())]
    NothingSelected {
        /// The file.
        path: PathBuf,
    },
    /// A figure that no row of a run has.
    #[error("run {run} has no figure `{figure}`")]
    NoFigure {
        /// Run.
        run: String,
        /// Requested figure.
        figure: String,
        /// Figures of the run.
        known: Vec<String>,
    },
    /// Two runs have nothing in common.
    #[error("runs {old} and {new} have no row in common")]
    Incomparable {
        /// The older.
        old: String,
        /// The newer.
        new: String,
    },
    /// An export failed.
    #[error("results can't be written out: {cause}")]
    Export {
        /// Error of the format.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Field of a run that a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterField {
    /// Suite.
    Suite,
    /// Task.
    Task,
    /// Model.
    Model,
    /// Ablation.
    Ablation,
    /// Cell of an ablation.
    Cell,
}

impl fmt::Display for FilterField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Suite => "suite",
            Self::Task => "task",
            Self::Model => "model",
            Self::Ablation => "ablation",
            Self::Cell => "cell",
        })
    }
}

/// Content of a file that is no results store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForeignContent {
    /// Something else than an SQLite database.
    #[error("no SQLite database")]
    NoDatabase,
    /// A database that another program made.
    #[error("a database of another program")]
    OtherProgram,
}

/// Fault of a run or a row in the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentFault {
    /// Text that isn't the JSON of its column.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A status that no run has.
    #[error("unknown status `{status}`")]
    Status {
        /// The status.
        status: String,
    },
}

impl ResultsError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(match self {
            Self::Missing { .. } => {
                "run an evaluation first, or name another store with --results".into()
            }
            Self::Folder { .. } => "name another place with --results".into(),
            Self::Newer { .. } => "use a newer program, or name another file with --results".into(),
            Self::Foreign { .. } => "name another file with --results".into(),
            Self::Busy { .. } => "try again when it is done".into(),
            Self::Content { .. } => "restore the file: another program changed it".into(),
            Self::NoRun { .. } => "list all runs with `syrinx results list`".into(),
            Self::UnknownValue { known, .. } if known.is_empty() => {
                "run an evaluation first".into()
            }
            Self::UnknownValue { field, known, .. } => {
                format!("the {field}s are: {}", known.join(", ")).into()
            }
            Self::NoFigure { known, .. } => format!("it has {}", known.join(", ")).into(),
            Self::NothingSelected { .. } => "leave out one of the filters".into(),
            Self::Ambiguous { .. } => "give more characters of the run".into(),
            Self::Incomparable { .. } => "compare runs of one suite".into(),
            // SQLite's shared memory on a full disk is an I/O error.
            Self::Database { cause, .. }
                if matches!(
                    cause.sqlite_error_code(),
                    Some(rusqlite::ErrorCode::DiskFull | rusqlite::ErrorCode::SystemIoFailure)
                ) =>
            {
                "the disk may be full: free some space there, or name another place with --results"
                    .into()
            }
            _ => return None,
        })
    }

    /// Returns a constructor of errors of a database operation.
    pub(crate) fn database(
        path: &Path,
        operation: &'static str,
    ) -> impl FnOnce(rusqlite::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |cause| match cause.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                Self::Busy { path }
            }
            Some(rusqlite::ErrorCode::NotADatabase) => {
                Self::Foreign { path, content: ForeignContent::NoDatabase }
            }
            _ => Self::Database { path, operation, cause },
        }
    }
}
