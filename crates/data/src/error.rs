//! Errors of manifests, data sets, shards and batches.

use std::io;
use std::path::{Path, PathBuf};

use syrinx_types::{ConfigIssue, IoOperation};

use crate::fault::empty_selection_hint;
use crate::import::TextGridFault;
use crate::{Expected, LeftOutReasons, ManifestFault, ShardFault, UtteranceIssue};

/// Error of an operation on a manifest, a data set, a shard or a plan of batches.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file operation failed.
    #[error("cannot {operation} {}: {cause}", path.display())]
    Io {
        /// Failed operation.
        operation: IoOperation,
        /// The file or folder.
        path: PathBuf,
        /// Cause.
        cause: io::Error,
    },
    /// An operation on object storage failed.
    #[error("cannot {operation} {place}: {cause}")]
    Remote {
        /// Failed operation.
        operation: IoOperation,
        /// URL of the file or folder.
        place: String,
        /// Error of the URL, of the storage or of the operating system.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A line of a manifest is invalid.
    #[error("{}, line {line}: {fault}", path.display())]
    BrokenLine {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// Fault of the line.
        fault: ManifestFault,
    },
    /// A TextGrid is invalid.
    #[error("{}, line {line}: {fault}", path.display())]
    BrokenTextGrid {
        /// The file.
        path: PathBuf,
        /// Line where reading stopped, from 1.
        line: usize,
        /// Fault of the file.
        fault: TextGridFault,
    },
    /// An utterance that was built by the program, not read from a file, is invalid.
    #[error("utterance `{id}`: {issue}")]
    BrokenUtterance {
        /// Name of the utterance.
        id: String,
        /// Fault of the utterance.
        issue: UtteranceIssue,
    },
    /// A file or folder has no usable content.
    #[error("found no usable content in {}: expected {looked_for}", path.display())]
    NothingFound {
        /// The file or folder.
        path: PathBuf,
        /// Expected content.
        looked_for: Expected,
    },
    /// A token shard is truncated or damaged, or the file is not a token shard.
    #[error(
        "the token shard {} cannot be used: {fault}",
        path.display()
    )]
    BrokenShard {
        /// The file.
        path: PathBuf,
        /// Fault.
        fault: ShardFault,
    },
    /// A shard to be written is invalid.
    #[error("cannot build the token shard {}: {fault}", path.display())]
    ShardContent {
        /// The file to be written.
        path: PathBuf,
        /// Fault.
        fault: ShardFault,
    },
    /// Shards of different codecs, manifests or sizes are in one folder.
    #[error(
        "{} was made with another {what}: it has `{found}`, expected `{expected}`",
        path.display()
    )]
    Mismatch {
        /// The differing shard.
        path: PathBuf,
        /// Property in which the shards differ: `codec`, `manifest`, `number of utterances a shard`, ...
        what: &'static str,
        /// Value in the shard.
        found: String,
        /// Value of this run, or of the first shard of the folder.
        expected: String,
    },
    /// Some shards of a folder don't exist yet.
    #[error(
        "{} of {of} token shards are missing in {} (first: number {first})",
        missing, dir.display()
    )]
    MissingShards {
        /// The folder.
        dir: PathBuf,
        /// Number of missing shards.
        missing: usize,
        /// Total number of shards.
        of: usize,
        /// Number of the first missing shard, from 1.
        first: usize,
    },
    /// Some recordings of a manifest don't exist.
    #[error("{missing} of {of} recordings do not exist, the first is {}", first.display())]
    MissingRecordings {
        /// Number of missing recordings.
        missing: usize,
        /// Total number of utterances.
        of: usize,
        /// The first missing recording.
        first: PathBuf,
    },
    /// A share such as `3/16` is malformed or out of range.
    #[error("`{given}` is not a share N/M")]
    WorkShare {
        /// Given text.
        given: String,
    },
    /// A setting out of range.
    #[error(transparent)]
    Setting(#[from] ConfigIssue),
    /// A plan of batches without items.
    #[error("there is nothing to train on")]
    NoItems,
    /// An item is longer than the largest batch.
    #[error("item {index} has {positions} positions, more than the {max_positions} of a batch")]
    TooLong {
        /// Index of the item.
        index: usize,
        /// Length of the item, positions.
        positions: usize,
        /// Largest number of positions in a batch.
        max_positions: usize,
    },
    /// A split without utterances.
    #[error("no utterance is in the split `{split}`")]
    UnknownSplit {
        /// Requested split.
        split: String,
        /// Splits of the manifest.
        known: Vec<String>,
    },
    /// A selection of utterances is empty.
    #[error("no utterance is left in the {selection}: {left_out}")]
    NothingSelected {
        /// Selection, such as `training split`.
        selection: &'static str,
        /// Reason for each utterance left out.
        left_out: LeftOutReasons,
    },
    /// The cancel token was set.
    #[error("stopped after {finished} of {total} shards")]
    Cancelled {
        /// Number of finished shards, those of earlier runs included.
        finished: usize,
        /// Number of shards of this share.
        total: usize,
    },
}

impl DataError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(match self {
            Self::BrokenShard { .. } => {
                "delete it and encode the manifest again (finished shards are kept)".into()
            }
            Self::Mismatch { .. } => "use an empty folder, or delete the old shards".into(),
            Self::MissingShards { .. } => {
                "encode the manifest with the same folder to make them".into()
            }
            Self::MissingRecordings { .. } => {
                "paths in a manifest are relative to its folder".into()
            }
            Self::Cancelled { .. } => "run the same command to go on".into(),
            Self::Io { operation, cause, .. } => {
                return syrinx_types::io_hint(*operation, cause.kind()).map(Into::into);
            }
            Self::UnknownSplit { known, .. } if known.is_empty() => {
                "no utterance has a split: leave out its name".into()
            }
            Self::UnknownSplit { known, .. } => {
                format!("the splits are: {}", known.join(", ")).into()
            }
            Self::BrokenLine { fault, .. } => fault.hint().into(),
            Self::BrokenTextGrid { .. } => "export the TextGrid again".into(),
            Self::BrokenUtterance { issue, .. } => issue.hint().into(),
            Self::ShardContent { fault: ShardFault::TooManyRecords { .. }, .. } => {
                "put fewer utterances into a shard".into()
            }
            Self::NothingFound { looked_for: Expected::Shards, .. } => {
                "encode a manifest first".into()
            }
            Self::NothingSelected { left_out, .. } => return empty_selection_hint(left_out),
            Self::WorkShare { .. } => "write N/M with 1 <= N <= M, such as 3/16".into(),
            Self::NoItems => "check the split and the length limits".into(),
            Self::TooLong { .. } => "raise max_positions or leave out items that long".into(),
            Self::ShardContent { .. }
            | Self::NothingFound { .. }
            | Self::Remote { .. }
            | Self::Setting(_) => return None,
        })
    }

    /// Returns a constructor of I/O errors for an operation on a path.
    pub(crate) fn io(operation: IoOperation, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |cause| Self::Io { operation, path, cause }
    }
}
