//! What can go wrong with a store.

use std::path::{Path, PathBuf};

/// Errors of results stores. What follows the last semicolon of a message is the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// There is no such file.
    #[error(
        "results store `{}`: it isn't there; evaluations make it, --results names another",
        path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The folder can't be made.
    #[error("results store `{}`: {source}; name another place with --results", path.display())]
    Folder {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is of a later program.
    #[error(
        "results store `{}`: it has version {found}, this program reads up to {known}; use a newer program, or name another file with --results",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The last one known here.
        known: i64,
    },
    /// The file is something else.
    #[error(
        "results store `{}`: it is no results store ({reason}); name another file with --results",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        reason: String,
    },
    /// Others write all the time.
    #[error(
        "results store `{}`: another program has been writing for too long; try again when it is done",
        path.display()
    )]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The database says no.
    #[error("results store `{}`: {operation}: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What was tried.
        operation: &'static str,
        /// Why not.
        source: rusqlite::Error,
    },
    /// Something in the store can't be read.
    #[error("results store `{}`: {what}: {reason}; it was changed by another program", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Which run or row.
        what: String,
        /// What is wrong.
        reason: String,
    },
    /// No run goes by that name.
    #[error(
        "results store `{}`: no run `{name}`; `syrinx results list` shows them all",
        path.display()
    )]
    NoRun {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        name: String,
    },
    /// Several runs go by that name.
    #[error(
        "results store `{}`: {count} runs begin with `{name}`; give more of it",
        path.display()
    )]
    Ambiguous {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        name: String,
        /// How many.
        count: usize,
    },
    /// Two runs have nothing in common.
    #[error("runs {old} and {new} have no row in common; compare runs of one suite")]
    Incomparable {
        /// The older.
        old: String,
        /// The newer.
        new: String,
    },
    /// An export failed.
    #[error("results can't be written out: {reason}")]
    Export {
        /// Why not.
        reason: String,
    },
}

impl ResultsError {
    /// Wraps what the database says.
    pub(crate) fn database(
        path: &Path,
        operation: &'static str,
    ) -> impl FnOnce(rusqlite::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                Self::Busy { path }
            }
            Some(rusqlite::ErrorCode::NotADatabase) => {
                Self::Foreign { path, reason: "no SQLite database".into() }
            }
            _ => Self::Database { path, operation, source },
        }
    }
}
