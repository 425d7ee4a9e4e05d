//! Errors of manifests, data sets, shards and batches.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

/// An operation on a manifest, a data set, a shard or a plan of batches failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The operating system refused.
    #[error("cannot {operation} {}: {source}", path.display())]
    Io {
        /// Operation: `read`, `write`, `list`, ...
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
        /// Fault and valid form.
        problem: String,
    },
    /// An utterance given by the program, not read from a line, contradicts itself.
    #[error("utterance `{id}`: {problem}")]
    BrokenUtterance {
        /// Its name.
        id: String,
        /// Fault and valid form.
        problem: String,
    },
    /// There is nothing to use in a file or folder.
    #[error("found nothing to use in {}: looked for {looked_for}", path.display())]
    NothingFound {
        /// The file or folder.
        path: PathBuf,
        /// Expected content.
        looked_for: String,
    },
    /// A token shard is cut, damaged, or no token shard.
    #[error("the token shard {} cannot be used: {problem}", path.display())]
    BrokenShard {
        /// The file.
        path: PathBuf,
        /// Fault.
        problem: String,
    },
    /// A shard that is about to be written makes no sense.
    #[error("cannot build the token shard {}: {problem}", path.display())]
    ShardContent {
        /// The file that was to be.
        path: PathBuf,
        /// Fault and valid form.
        problem: String,
    },
    /// Shards of different making lie in one folder.
    #[error(
        "{} was made with another {what}: it has `{found}`, expected `{expected}`",
        path.display()
    )]
    Mismatch {
        /// The shard that doesn't fit.
        path: PathBuf,
        /// `codec`, `manifest`, `number of utterances a shard`, ...
        what: &'static str,
        /// Value in the shard.
        found: String,
        /// Value of this run, or of the first shard of the folder.
        expected: String,
    },
    /// Some shards of a folder don't exist yet.
    #[error("{missing} of {of} token shards are missing in {} (first: number {first})", dir.display())]
    MissingShards {
        /// The folder.
        dir: PathBuf,
        /// Number of missing shards.
        missing: usize,
        /// Shards in all.
        of: usize,
        /// The first missing one, from 1.
        first: usize,
    },
    /// A part such as `3/16` is malformed or out of range.
    #[error("`{given}` is not a part N/M of a whole")]
    Part {
        /// Given text.
        given: String,
    },
    /// A setting has no meaning.
    #[error("{name} = {value} makes no sense: {problem}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// Valid values.
        problem: &'static str,
    },
    /// An item is longer than a whole batch may be.
    #[error("item {index} has {positions} positions, more than the {max_positions} of a batch")]
    TooLong {
        /// Index of the item.
        index: usize,
        /// Its length.
        positions: usize,
        /// The budget.
        max_positions: usize,
    },
    /// The cancel token was set.
    #[error("stopped after {finished} of {total} shards")]
    Cancelled {
        /// Shards finished, now or earlier.
        finished: usize,
        /// Shards of this part.
        total: usize,
    },
}

impl DataError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        let hint = match self {
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => Some("check the path"),
                io::ErrorKind::PermissionDenied => Some("check who owns it"),
                io::ErrorKind::StorageFull => {
                    Some("free some space and run the command again, finished shards are kept")
                }
                _ => None,
            },
            Self::BrokenLine { .. } => Some("mend or delete that line"),
            Self::BrokenShard { .. } => {
                Some("delete it and encode the manifest again, finished shards are kept")
            }
            Self::Mismatch { .. } => Some("use an empty folder, or delete the old shards"),
            Self::MissingShards { .. } => {
                Some("encode the manifest with the same folder to make them")
            }
            Self::Part { .. } => Some("write N/M with 1 <= N <= M, such as 3/16"),
            Self::TooLong { .. } => Some("raise max_positions or leave out items that long"),
            Self::Cancelled { .. } => Some("the same command goes on from there"),
            Self::BrokenUtterance { .. }
            | Self::NothingFound { .. }
            | Self::ShardContent { .. }
            | Self::Setting { .. } => None,
        };
        hint.map(Cow::Borrowed)
    }

    /// An I/O error with what was being done to what.
    pub(crate) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { operation, path, source }
    }
}
