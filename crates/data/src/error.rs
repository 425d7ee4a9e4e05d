//! What can go wrong with data on a disk.

use std::io;
use std::path::{Path, PathBuf};

/// An operation on a manifest, a data set, a shard or a plan of batches failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The operating system refused.
    #[error("cannot {operation} {}: {source}{}", path.display(), remedy(source))]
    Io {
        /// What was tried: `read`, `write`, `list`, ...
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Object storage refused.
    #[error("cannot {operation} {place}: {reason}")]
    Remote {
        /// Operation: `list`, `read`, `open`.
        operation: &'static str,
        /// URL of the file or folder.
        place: String,
        /// Reason.
        reason: String,
    },
    /// A line of a manifest, of `metadata.csv` or of a TextGrid is broken.
    #[error("{}, line {line}: {problem}", path.display())]
    BrokenLine {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// An utterance given by the program, not read from a line, contradicts itself.
    #[error("utterance `{id}`: {problem}")]
    BrokenUtterance {
        /// Its name.
        id: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// There is nothing to use in a file or folder.
    #[error("found nothing to use in {}: looked for {looked_for}", path.display())]
    NothingFound {
        /// The file or folder.
        path: PathBuf,
        /// What should be there.
        looked_for: String,
    },
    /// A token shard is cut, damaged, or no token shard.
    #[error(
        "the token shard {} cannot be used: {problem}; delete it and encode the manifest again (finished shards are kept)",
        path.display()
    )]
    BrokenShard {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A shard that is about to be written makes no sense.
    #[error("cannot build the token shard {}: {problem}", path.display())]
    ShardContent {
        /// The file that was to be.
        path: PathBuf,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// Shards of different making lie in one folder.
    #[error(
        "{} was made with another {what}: it has `{found}`, expected `{expected}`; use an empty folder, or delete the old shards",
        path.display()
    )]
    Mismatch {
        /// The shard that doesn't fit.
        path: PathBuf,
        /// `codec`, `manifest`, `number of utterances a shard`, ...
        what: &'static str,
        /// What the shard says.
        found: String,
        /// What this run, or the first shard of the folder, says.
        expected: String,
    },
    /// Some shards of a folder don't exist yet.
    #[error(
        "{} of {of} token shards are missing in {} (first: number {first}); encode the manifest with the same folder to make them",
        missing, dir.display()
    )]
    MissingShards {
        /// The folder.
        dir: PathBuf,
        /// How many are missing.
        missing: usize,
        /// Shards in all.
        of: usize,
        /// The first missing one, from 1.
        first: usize,
    },
    /// A part such as `3/16` is malformed or out of range.
    #[error("`{given}` is not a part of a whole: write N/M with 1 <= N <= M, such as 3/16")]
    Part {
        /// What was given.
        given: String,
    },
    /// A setting has no meaning.
    #[error("{name} = {value} makes no sense: {problem}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What would be right.
        problem: &'static str,
    },
    /// An item is longer than a whole batch may be.
    #[error(
        "item {index} has {positions} positions, more than the {max_positions} of a batch: raise max_positions or leave out items that long"
    )]
    TooLong {
        /// Index of the item.
        index: usize,
        /// Its length.
        positions: usize,
        /// The budget.
        max_positions: usize,
    },
    /// The cancel token was set.
    #[error("stopped after {finished} of {total} shards; the same command goes on from there")]
    Cancelled {
        /// Shards finished, now or earlier.
        finished: usize,
        /// Shards of this part.
        total: usize,
    },
}

impl DataError {
    /// An I/O error with what was being done to what.
    pub(crate) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { operation, path, source }
    }
}

/// The remedy for the kinds of I/O errors that have an obvious one.
fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "; check the path",
        io::ErrorKind::PermissionDenied => "; check who owns it",
        io::ErrorKind::StorageFull => {
            "; free some space and run the command again, what is finished is kept"
        }
        _ => "",
    }
}
