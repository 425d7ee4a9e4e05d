//! Errors of reading, resampling and writing recordings.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use syrinx_types::{ConfigIssue, Requirement};

use crate::{FileKind, UnsupportedContent};

/// Error of reading, resampling or writing a recording. `name` is the path as given, or `standard input`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// The file does not exist.
    #[error("{name}: no such file")]
    Missing {
        /// The file.
        name: String,
    },
    /// The path is a folder or another non-file.
    #[error("{name}: is a folder, not a recording")]
    NotAFile {
        /// The path.
        name: String,
    },
    /// The file can't be read.
    #[error("{name}: reading failed: {cause}")]
    Read {
        /// The file.
        name: String,
        /// Cause.
        cause: io::Error,
    },
    /// The file has 0 bytes.
    #[error("{name}: is empty (0 bytes)")]
    Empty {
        /// The file.
        name: String,
    },
    /// The file has no known audio format.
    #[error("{name}: is not audio ({found})")]
    NotAudio {
        /// The file.
        name: String,
        /// Type of the file by its first bytes.
        found: FileKind,
    },
    /// The container is known, but its content is not supported.
    #[error("{name}: {content} is not supported")]
    Unsupported {
        /// The file.
        name: String,
        /// The codec or sample format.
        content: UnsupportedContent,
    },
    /// Each channel of the recording has a speaker of its own.
    #[error("{name}: has another speaker on each of its {channels} channels")]
    SpeakerPerChannel {
        /// The file.
        name: String,
        /// Number of channels.
        channels: usize,
    },
    /// The channel number is out of range.
    #[error("{name}: has no channel {channel}, but {channels}, counted from 1")]
    NoChannel {
        /// The file.
        name: String,
        /// Requested channel, from 1.
        channel: usize,
        /// Number of channels.
        channels: usize,
    },
    /// The file is damaged.
    #[error("{name}: looks like {format} but can't be decoded ({fault})")]
    Undecodable {
        /// The file.
        name: String,
        /// Format by its first bytes.
        format: &'static str,
        /// Fault.
        fault: DecodeFault,
    },
    /// More than a few samples exceed 16 times full scale.
    #[error("{name}: {count} samples lie beyond 16 times full scale (up to {peak:.3e} times)")]
    Scale {
        /// The file.
        name: String,
        /// Number of such samples.
        count: u64,
        /// Largest magnitude, in multiples of full scale.
        peak: f32,
    },
    /// The file has a header without samples.
    #[error("{name}: holds no samples (0 frames)")]
    NoSamples {
        /// The file.
        name: String,
    },
    /// The samples contain NaN or infinity.
    #[error("{name}: holds NaN or infinite samples ({count}, the first at {at_s:.3} s)")]
    NonFinite {
        /// The file.
        name: String,
        /// Time of the first such sample, seconds.
        at_s: f64,
        /// Number of such samples read so far.
        count: u64,
    },
    /// The sample rate is out of range.
    #[error("{name}: the sample rate {sample_rate_hz} Hz is out of range")]
    SampleRate {
        /// The file.
        name: String,
        /// Sample rate, Hz.
        sample_rate_hz: u32,
    },
    /// The recording is longer than the limit.
    #[error("{name}: is longer than the limit of {max_seconds} s")]
    TooLong {
        /// The file.
        name: String,
        /// The limit, seconds.
        max_seconds: f64,
    },
    /// The stream has more bytes than the limit.
    #[error("{name}: holds more than {max_bytes} bytes")]
    TooLarge {
        /// The stream.
        name: String,
        /// The limit, bytes.
        max_bytes: u64,
    },
    /// Resampling failed.
    #[error("resampling from {from_hz} Hz to {to_hz} Hz failed: {fault}")]
    Resample {
        /// Source rate.
        from_hz: u32,
        /// Target rate.
        to_hz: u32,
        /// Fault.
        fault: ResampleFault,
    },
    /// Writing failed, for instance for a full disk, a missing folder or missing permission.
    #[error("{name}: writing failed: {cause}")]
    Write {
        /// Target.
        name: String,
        /// Cause.
        cause: io::Error,
    },
    /// The temporary file of a long recording can't be written or read.
    #[error("the temporary file of a long recording: {cause}")]
    Spool {
        /// Cause.
        cause: io::Error,
    },
    /// The samples exceed the size of a WAV file.
    #[error("{name}: {samples} samples don't fit in one WAV file (4 GiB)")]
    TooLongToWrite {
        /// Target.
        name: String,
        /// Number of samples.
        samples: usize,
    },
    /// A setting of log-mel features, transforms or pauses is invalid.
    #[error("setting {}: {}", .0.key, .0.reason)]
    Config(ConfigIssue),
}

/// Fault of a damaged recording.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeFault {
    /// The file ends before its samples.
    #[error("it ends too early")]
    EndsEarly,
    /// A WAV file ends within its header.
    #[error("it ends inside the header")]
    EndsInHeader,
    /// A WAV file has a format chunk, but no data chunk.
    #[error("no data chunk")]
    NoDataChunk,
    /// A WAV file has its data chunk before its format chunk.
    #[error("the sound stands before its format")]
    SoundBeforeFormat,
    /// The format chunk of a WAV file lacks fields.
    #[error("its format chunk is too short")]
    ShortFormat,
    /// The extensible format chunk of a WAV file lacks fields.
    #[error("its extensible format chunk is too short")]
    ShortExtensibleFormat,
    /// A WAV file has no channels.
    #[error("it has zero channels")]
    NoChannels,
    /// A WAV file has an overlong chunk before its data chunk.
    #[error("a chunk of {bytes} bytes stands before the sound")]
    LongChunk {
        /// Length of the chunk, bytes.
        bytes: u64,
    },
    /// A stream without a frame that begins as frames do.
    #[error("no frame of it is whole")]
    NoFrame,
    /// A container lacks a mandatory element.
    #[error("{0}")]
    NoPart(&'static str),
    /// Error of the `symphonia` library.
    #[error(transparent)]
    Library(symphonia::core::errors::Error),
}

/// Fault of a sample rate conversion.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResampleFault {
    /// A rate is out of range.
    #[error("rates must lie between 1 and {} Hz", crate::MAX_RATE_HZ)]
    Rates,
    /// Error of the `rubato` library.
    #[error(transparent)]
    Library(Box<dyn std::error::Error + Send + Sync>),
}

impl From<ConfigIssue> for AudioError {
    fn from(issue: ConfigIssue) -> Self {
        Self::Config(issue)
    }
}

impl AudioError {
    /// Builds the error of a setting.
    pub(crate) fn setting(key: &'static str, reason: impl Into<Requirement>) -> Self {
        Self::Config(ConfigIssue::new(key, reason))
    }

    /// Returns the error of opening or reading `name`.
    pub(crate) fn opening(name: &str, cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                Self::Missing { name: name.to_owned() }
            }
            io::ErrorKind::IsADirectory => Self::NotAFile { name: name.to_owned() },
            _ => Self::Read { name: name.to_owned(), cause },
        }
    }

    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        let hint = match self {
            Self::Missing { .. } => "check the path",
            Self::NotAFile { .. } => "name a file in it",
            Self::Empty { .. } => "record or download it again",
            Self::NotAudio { .. } => {
                "the formats are WAV, FLAC, MP3, Ogg Vorbis, WebM with Vorbis, and M4A/AAC"
            }
            Self::Unsupported { .. } => {
                "convert it first, for instance `ffmpeg -i IN -ar 24000 OUT.wav`"
            }
            Self::Undecodable { .. } => "copy or convert it again",
            Self::SpeakerPerChannel { name, .. } => {
                return Some(format!("choose one, as in `{name}#1`").into());
            }
            Self::NoChannel { channels, .. } => {
                return Some(format!("choose a channel from 1 to {channels}").into());
            }
            Self::Scale { .. } => {
                "floats have full scale 1: divide by the largest integer of the original"
            }
            Self::NoSamples { .. } => "record it again",
            Self::NonFinite { .. } => "render it again",
            Self::SampleRate { .. } => "mend the header, or convert the file",
            Self::TooLong { .. } => "cut it, or raise the limit",
            Self::TooLarge { .. } => "save it to a file and name that",
            Self::Write { .. } => "nothing was changed there; write to another place",
            Self::TooLongToWrite { .. } => "write it in parts",
            Self::Spool { .. } => {
                "make room in the folder of temporary files, or name another in TMPDIR"
            }
            Self::Read { .. } | Self::Resample { .. } | Self::Config(_) => return None,
        };
        Some(hint.into())
    }

    /// Returns the file of the error, `standard input` for `-`; `None` for an error without a file.
    pub fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Missing { name }
            | Self::NotAFile { name }
            | Self::Read { name, .. }
            | Self::Empty { name }
            | Self::NotAudio { name, .. }
            | Self::Unsupported { name, .. }
            | Self::Undecodable { name, .. }
            | Self::SpeakerPerChannel { name, .. }
            | Self::NoChannel { name, .. }
            | Self::Scale { name, .. }
            | Self::NoSamples { name }
            | Self::NonFinite { name, .. }
            | Self::SampleRate { name, .. }
            | Self::TooLong { name, .. }
            | Self::TooLarge { name, .. }
            | Self::Write { name, .. }
            | Self::TooLongToWrite { name, .. } => Some(PathBuf::from(name)),
            Self::Spool { .. } | Self::Resample { .. } | Self::Config(_) => None,
        }
    }
}
