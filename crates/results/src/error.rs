//! Errors of the results store.

use std::fmt;
use std::path::{Path, PathBuf};

/// Errors of the results store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// The file does not exist.
    #[error(
        "results store `{}`: the file does not exist",
        path.display()
    )]
    Missing {
        /// Path of the store.
        path: PathBuf,
    },
    /// The folder of the store can't be created.
    #[error("results store `{}`: can't create its folder: {cause}", path.display())]
    Folder {
        /// Path of the store.
        path: PathBuf,
        /// Cause.
        cause: std::io::Error,
    },
    /// A store of a newer version of the program.
    #[error(
        "results store `{}`: format {found} is newer than {known}, the newest that this program reads",
        path.display()
    )]
    Newer {
        /// Path of the store.
        path: PathBuf,
        /// Format of the file.
        found: i64,
        /// Newest format that this program reads.
        known: i64,
    },
    /// A file that is not a results store.
    #[error(
        "results store `{}`: not a results store ({content})",
        path.display()
    )]
    Foreign {
        /// Path of the file.
        path: PathBuf,
        /// Content of the file.
        content: ForeignContent,
    },
    /// A store that another program keeps locked for longer than 30 s.
    #[error(
        "results store `{}`: another program has kept it locked for 30 s",
        path.display()
    )]
    Busy {
        /// Path of the store.
        path: PathBuf,
    },
    /// An operation of the database failed.
    #[error("results store `{}`: {operation}: {cause}", path.display())]
    Database {
        /// Path of the store.
        path: PathBuf,
        /// Failed operation.
        operation: &'static str,
        /// Cause.
        cause: rusqlite::Error,
    },
    /// A run, row or cell whose content can't be parsed.
    #[error("results store `{}`: {object}: {fault}", path.display())]
    Content {
        /// Path of the store.
        path: PathBuf,
        /// Run, row, cell or control request.
        object: String,
        /// Fault.
        fault: ContentFault,
    },
    /// No run has an identifier that begins with this text.
    #[error(
        "results store `{}`: no run `{name}`",
        path.display()
    )]
    NoRun {
        /// Path of the store.
        path: PathBuf,
        /// Requested name.
        name: String,
    },
    /// Several runs have an identifier that begins with this text.
    #[error(
        "results store `{}`: {count} runs begin with `{name}`",
        path.display()
    )]
    Ambiguous {
        /// Path of the store.
        path: PathBuf,
        /// Requested name.
        name: String,
        /// Number of matches.
        count: usize,
    },
    /// A filter for a value that no run has.
    #[error("results store `{}`: no run has the {field} `{value}`", path.display())]
    UnknownValue {
        /// Path of the store.
        path: PathBuf,
        /// Field of the filter.
        field: FilterField,
        /// Requested value.
        value: String,
        /// Values that the runs have.
        known: Vec<String>,
    },
    /// Filters that no run passes together.
    #[error("results store `{}`: no run passes all filters", path.display())]
    NothingSelected {
        /// Path of the store.
        path: PathBuf,
    },
    /// A figure that no row of the run has.
    #[error("run {run} has no figure `{figure}`")]
    NoFigure {
        /// Identifier of the run.
        run: String,
        /// Requested figure.
        figure: String,
        /// Figures of the run.
        known: Vec<String>,
    },
    /// Two runs without a common row.
    #[error("runs {old} and {new} have no row in common")]
    Incomparable {
        /// Identifier of the older run.
        old: String,
        /// Identifier of the newer run.
        new: String,
    },
    /// Runs can't be exported.
    #[error("can't export results: {cause}")]
    Export {
        /// Error of the serializer.
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

/// Content of a file that is not a results store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForeignContent {
    /// Data that is not an SQLite database.
    #[error("not an SQLite database")]
    NoDatabase,
    /// A database that another program created.
    #[error("a database of another program")]
    OtherProgram,
}

/// Fault of a run, row, cell or control request in the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentFault {
    /// Text that doesn't parse as the JSON of its column.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A status that does not exist.
    #[error("unknown status `{status}`")]
    Status {
        /// Status in the store.
        status: String,
    },
}

impl ResultsError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(match self {
            Self::Missing { .. } => {
                "run an evaluation first, or select another store with --results".into()
            }
            Self::Folder { .. } => "select a store in another folder with --results".into(),
            Self::Newer { .. } => {
                "use a newer program, or select another file with --results".into()
            }
            Self::Foreign { .. } => "select another file with --results".into(),
            Self::Busy { .. } => "try again when the other program has finished".into(),
            Self::Content { .. } => {
                "restore the file from a copy, since another program changed it".into()
            }
            Self::NoRun { .. } => "list all runs with `syrinx results list`".into(),
            Self::UnknownValue { known, .. } if known.is_empty() => {
                "run an evaluation first".into()
            }
            Self::UnknownValue { field, known, .. } => {
                format!("the {field}s are: {}", known.join(", ")).into()
            }
            Self::NoFigure { known, .. } => {
                format!("the figures of the run are: {}", known.join(", ")).into()
            }
            Self::NothingSelected { .. } => "omit one of the filters".into(),
            Self::Ambiguous { .. } => "give more characters of the identifier".into(),
            Self::Incomparable { .. } => "compare runs of one suite".into(),
            // On a full disk, SQLite reports failures of its shared memory as I/O errors.
            Self::Database { cause, .. }
                if matches!(
                    cause.sqlite_error_code(),
                    Some(rusqlite::ErrorCode::DiskFull | rusqlite::ErrorCode::SystemIoFailure)
                ) =>
            {
                "the disk may be full: free space, or select a store on another disk with --results"
                    .into()
            }
            _ => return None,
        })
    }

    /// Returns a function that converts an error of a database operation.
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
