//! Faults of manifests, shards and codes, inside [`DataError`](crate::DataError).

use std::borrow::Cow;
use std::path::PathBuf;

use safetensors::SafeTensorError;
use safetensors::tensor::Dtype;
use syrinx_types::{CallbackError, CodesError};

use crate::LeftOutReasons;

/// Invalid field of an utterance, or a contradiction between its fields.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UtteranceIssue {
    /// A field without a value.
    #[error("`{field}` is empty")]
    Empty {
        /// Name of the field.
        field: RequiredField,
    },
    /// A path that can't be written to a manifest.
    #[error("`audio` is not UTF-8")]
    AudioNotUtf8,
    /// A path that leaves the folder of the manifest.
    #[error("`audio` is `{}`, which leaves the manifest's folder", audio.display())]
    LeavesFolder {
        /// The path.
        audio: PathBuf,
    },
    /// A time that is negative or not finite.
    #[error("`{field}` is {seconds}, {}", time_fault(*seconds))]
    Time {
        /// Name of the field.
        field: TimeField,
        /// Value of the field.
        seconds: f64,
    },
    /// Durations without phones.
    #[error("`durations_s` without `phones`")]
    NoPhones,
    /// Different numbers of phones and durations.
    #[error("{phones} phones but {durations} durations in `durations_s`")]
    DurationCount {
        /// Number of phones.
        phones: usize,
        /// Number of durations.
        durations: usize,
    },
    /// A duration that is negative or not finite.
    #[error("duration {number} (phone `{phone}`) is {seconds}, {}", time_fault(*seconds))]
    Duration {
        /// Number of the phone, from 1.
        number: usize,
        /// The phone.
        phone: String,
        /// Duration of the phone, seconds.
        seconds: f64,
    },
    /// The id of an earlier utterance.
    #[error("utterance {first} has the same id")]
    RepeatedId {
        /// Number of the earlier utterance, from 1.
        first: usize,
    },
}

/// Field of an utterance that must not be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequiredField {
    /// `id`.
    Id,
    /// `speaker`.
    Speaker,
    /// `audio`.
    Audio,
}

impl std::fmt::Display for RequiredField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Id => "id",
            Self::Speaker => "speaker",
            Self::Audio => "audio",
        })
    }
}

/// Time field of an utterance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeField {
    /// `lead_s`.
    Lead,
    /// `seconds`.
    Seconds,
}

impl std::fmt::Display for TimeField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Lead => "lead_s",
            Self::Seconds => "seconds",
        })
    }
}

/// Returns the fault of a number that can't be a duration.
fn time_fault(seconds: f64) -> &'static str {
    if seconds.is_finite() { "but a time cannot be negative" } else { "not a number of seconds" }
}

impl UtteranceIssue {
    /// Remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Empty { field: RequiredField::Id } => "give every utterance a name of its own",
            Self::Empty { field: RequiredField::Speaker } => {
                "give a name, even if there is one speaker only"
            }
            Self::Empty { field: RequiredField::Audio } => "give the path of the recording",
            Self::AudioNotUtf8 => "rename the file",
            Self::LeavesFolder { .. } => {
                "use a path inside the manifest's folder or an absolute one"
            }
            Self::Time { .. } | Self::Duration { .. } => "give a number of seconds, 0 or more",
            Self::NoPhones => "give both or neither",
            Self::DurationCount { .. } => "give one duration for each phone",
            Self::RepeatedId { .. } => "give every utterance an id of its own",
        }
    }
}

/// Fault of a line of a manifest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestFault {
    /// Bytes that are not UTF-8.
    #[error("not UTF-8 text ({0})")]
    NotUtf8(std::str::Utf8Error),
    /// Text that is not JSON.
    #[error("bad JSON at column {column}{}", if *cut { ": the line ends too early" } else { "" })]
    Json {
        /// Column of the fault, from 1.
        column: usize,
        /// Whether the line ends within a value.
        cut: bool,
    },
    /// A field that is missing or of another type.
    #[error(transparent)]
    Field(serde_json::Error),
    /// An invalid utterance.
    #[error("utterance `{id}`: {issue}")]
    Utterance {
        /// Name of the utterance.
        id: String,
        /// Fault of the utterance.
        issue: UtteranceIssue,
    },
    /// The id of an earlier line.
    #[error("line {first} has the same id `{id}`")]
    RepeatedId {
        /// The id.
        id: String,
        /// Number of the earlier line, from 1.
        first: usize,
    },
}

impl ManifestFault {
    /// Remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Utterance { issue, .. } => issue.hint(),
            Self::RepeatedId { .. } => "give every utterance an id of its own",
            Self::NotUtf8(_) | Self::Json { .. } | Self::Field(_) => "correct or delete that line",
        }
    }
}

/// Fault of a token shard that is read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShardFault {
    /// A truncated file, or a file that is not a safetensors file.
    #[error("it is truncated or not a safetensors file ({0})")]
    Safetensors(SafeTensorError),
    /// A header that is not JSON of a safetensors file.
    #[error("it is not a safetensors file ({0})")]
    Header(serde_json::Error),
    /// A header whose length is missing or impossible.
    #[error("it is not a safetensors file")]
    HeaderLength,
    /// A file with fewer bytes than its header states.
    #[error("it is truncated: {found} of {expected} bytes")]
    Cut {
        /// Length of the file, bytes.
        found: u64,
        /// Length according to the header, bytes.
        expected: u64,
    },
    /// A safetensors file of another program.
    #[error("it has no token shard's metadata")]
    NoMetadata,
    /// Metadata that can't be read.
    #[error("its metadata is broken ({0})")]
    Metadata(serde_json::Error),
    /// Another version of the format.
    #[error("it has format {found}, this program reads {expected}")]
    Format {
        /// Number of the file's format.
        found: u32,
        /// Number of the format that this program reads.
        expected: u32,
    },
    /// A missing tensor.
    #[error("it has no tensor `{name}`")]
    NoTensor {
        /// Name of the tensor.
        name: &'static str,
    },
    /// A tensor of another type or shape.
    #[error("`{name}` is {found:?} {shape:?}, not {expected:?} (_, {width})")]
    Layout {
        /// Name of the tensor.
        name: &'static str,
        /// Type of the tensor.
        found: Dtype,
        /// Shape of the tensor.
        shape: Vec<usize>,
        /// Expected type.
        expected: Dtype,
        /// Expected second dimension.
        width: usize,
    },
    /// An utterance whose frames do not follow those of the previous one.
    #[error("the frames of `{id}` do not follow those of the previous utterance")]
    Order {
        /// Name of the utterance.
        id: String,
    },
    /// An invalid utterance.
    #[error("utterance `{id}`: {issue}")]
    Utterance {
        /// Name of the utterance.
        id: String,
        /// Fault of the utterance.
        issue: UtteranceIssue,
    },
    /// Different numbers of frames in the records and a tensor.
    #[error("its records have {records} frames, its tensor `{name}` has {rows}")]
    FrameCount {
        /// Frames of the records.
        records: usize,
        /// Name of the tensor.
        name: &'static str,
        /// Frames of the tensor.
        rows: usize,
    },
    /// Codes outside the codebook.
    #[error(transparent)]
    Codes(#[from] CodesError),
    /// Latents that are NaN or infinite.
    #[error("a latent is not finite")]
    InfiniteLatent,
    /// More records than fit into a header.
    #[error("{bytes} bytes of records are too many")]
    TooManyRecords {
        /// Length of the records as JSON, bytes.
        bytes: usize,
    },
    /// Records that can't be written as JSON.
    #[error("its records can't be written: {0}")]
    WriteRecords(serde_json::Error),
}

impl From<SafeTensorError> for ShardFault {
    fn from(error: SafeTensorError) -> Self {
        Self::Safetensors(error)
    }
}

/// Reason for which an utterance could not be encoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeFault {
    /// Codes whose number of levels differs from the codec's.
    #[error("the codec returned {found} levels, expected {expected}")]
    Levels {
        /// Levels of the codes.
        found: usize,
        /// Levels of the codec.
        expected: usize,
    },
    /// A recording shorter than a frame.
    #[error("the recording is shorter than a frame")]
    NoFrame,
    /// Codes outside the codebook.
    #[error(transparent)]
    Codes(#[from] CodesError),
    /// Latents that are missing or of another shape than the codes.
    #[error("the codec returned no latents, or latents that do not fit its codes")]
    NoLatents,
    /// Error of the closure that encodes.
    #[error(transparent)]
    Encoder(#[from] CallbackError),
}

/// Expected content of a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// Lines of a manifest.
    Utterances,
    /// Token shards.
    Shards,
    /// TextGrids of a manifest.
    TextGrids,
    /// LibriSpeech or LibriTTS.
    Libri,
    /// LJ Speech.
    LjSpeech,
    /// Pairs of a recording and a text.
    Pairs,
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Utterances => "JSON objects, one a line",
            Self::Shards => "token shards, shard-*.safetensors",
            Self::TextGrids => "files ID.TextGrid named like the utterances of the manifest",
            Self::Libri => "recordings in speaker/chapter/ with .normalized.txt or .trans.txt",
            Self::LjSpeech => "lines `id|text|normalised text` with wavs/id.wav",
            Self::Pairs => "recordings NAME.wav with their words in NAME.txt, or a metadata.csv",
        })
    }
}

/// Reason for which a selection leaves out an utterance.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Exclusion {
    /// A recording that is too long.
    #[error("it is not shorter than max_seconds = {max_seconds}")]
    TooLong {
        /// The limit, seconds.
        max_seconds: f64,
    },
    /// Another split than the selected one.
    #[error("it is in the split `{split}`")]
    OtherSplit {
        /// Split of the utterance.
        split: String,
    },
    /// An utterance without a split, in a manifest with splits.
    #[error("it is in no split")]
    NoSplit,
    /// A limit on the number of utterances.
    #[error("at most {limit} are selected")]
    Limit {
        /// The limit.
        limit: usize,
    },
}

/// Returns the remedy for an empty selection.
pub(crate) fn empty_selection_hint(left_out: &LeftOutReasons) -> Option<Cow<'static, str>> {
    let any = !left_out.reasons().is_empty();
    any.then(|| "change the split or the limits of the selection".into())
}
