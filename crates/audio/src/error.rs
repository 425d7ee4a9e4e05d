//! Errors of reading, resampling and writing recordings.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use syrinx_types::{ConfigIssue, Requirement};

use crate::{FileKind, UnsupportedContent};

/// An error of this crate. `name` is the path as given, or `standard input`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// A path without a file.
    #[error("{name}: no such file")]
    Missing {
        /// The file.
        name: String,
    },
    /// A folder, or something else that is no file.
    #[error("{name}: is a folder, not a recording")]
    NotAFile {
        /// The path.
        name: String,
    },
    /// A file that the operating system refused to read.
    #[error("{name}: reading failed: {cause}")]
    Read {
        /// The file.
        name: String,
        /// Cause.
        cause: io::Error,
    },
    /// A file of 0 bytes.
    #[error("{name}: is empty (0 bytes)")]
    Empty {
        /// The file.
        name: String,
    },
    /// No known audio format.
    #[error("{name}: is not audio ({found})")]
    NotAudio {
        /// The file.
        name: String,
        /// Kind of file by its first bytes.
        found: FileKind,
    },
    /// A known container with contents that are not read.
    #[error("{name}: {content} is not supported")]
    Unsupported {
        /// The file.
        name: String,
        /// The codec or sample format.
        content: UnsupportedContent,
    },
    /// A recording with another speaker on each channel, who would be mixed to one.
    #[error("{name}: has another speaker on each of its {channels} channels")]
    SpeakerPerChannel {
        /// The file.
        name: String,
        /// Number of channels.
        channels: usize,
    },
    /// A channel number out of range.
    #[error("{name}: has no channel {channel}, but {channels}, counted from 1")]
    NoChannel {
        /// The file.
        name: String,
        /// The channel chosen.
        channel: usize,
        /// Number of channels.
        channels: usize,
    },
    /// A damaged file of a known format.
    #[error("{name}: looks like {format} but can't be decoded ({fault})")]
    Undecodable {
        /// The file.
        name: String,
        /// Format by its first bytes.
        format: &'static str,
        /// Fault.
        fault: DecodeFault,
    },
    /// More than a few samples far beyond full scale.
    #[error("{name}: {count} samples lie beyond 16 times full scale (up to {peak:.3e} times)")]
    Scale {
        /// The file.
        name: String,
        /// Number of such samples.
        count: u64,
        /// Largest magnitude, in full scales.
        peak: f32,
    },
    /// A header without sound.
    #[error("{name}: holds no samples (0 frames)")]
    NoSamples {
        /// The file.
        name: String,
    },
    /// NaN or infinity among the samples.
    #[error("{name}: holds NaN or infinite samples ({count}, the first at {at_s:.3} s)")]
    NonFinite {
        /// The file.
        name: String,
        /// Time of the first one, seconds.
        at_s: f64,
        /// Number of them as far as was read.
        count: u64,
    },
    /// A sample rate out of range.
    #[error("{name}: the sample rate {sample_rate_hz} Hz is out of range")]
    SampleRate {
        /// The file.
        name: String,
        /// The rate.
        sample_rate_hz: u32,
    },
    /// Longer than allowed.
    #[error("{name}: is longer than the limit of {max_seconds} s")]
    TooLong {
        /// The file.
        name: String,
        /// The limit, seconds.
        max_seconds: f64,
    },
    /// Too many bytes from a stream.
    #[error("{name}: holds more than {max_bytes} bytes")]
    TooLarge {
        /// The stream.
        name: String,
        /// The limit.
        max_bytes: u64,
    },
    /// Resampling was refused.
    #[error("resampling from {from_hz} Hz to {to_hz} Hz failed: {fault}")]
    Resample {
        /// Rate given.
        from_hz: u32,
        /// Target rate.
        to_hz: u32,
        /// Fault.
        fault: ResampleFault,
    },
    /// Writing failed: full disk, missing folder, no permission.
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
    /// More samples than a WAV file can count.
    #[error("{name}: {samples} samples don't fit in one WAV file (4 GiB)")]
    TooLongToWrite {
        /// Target.
        name: String,
        /// Samples.
        samples: usize,
    },
    /// A log-mel, transform or pause setting that can't work.
    #[error("setting {}: {}", .0.key, .0.reason)]
    Config(ConfigIssue),
}

/// Fault of a damaged recording.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeFault {
    /// A file that ends before its sound.
    #[error("it ends too early")]
    EndsEarly,
    /// A WAV file that ends before its format.
    #[error("it ends inside the header")]
    EndsInHeader,
    /// A WAV file that ends after its format.
    #[error("no data chunk")]
    NoDataChunk,
    /// A WAV file with its sound first.
    #[error("the sound stands before its format")]
    SoundBeforeFormat,
    /// A WAV file with a format chunk that lacks fields.
    #[error("its format chunk is too short")]
    ShortFormat,
    /// A WAV file with an extensible format chunk that lacks fields.
    #[error("its extensible format chunk is too short")]
    ShortExtensibleFormat,
    /// A WAV file without channels.
    #[error("it has zero channels")]
    NoChannels,
    /// A WAV file with a chunk that is longer than any header.
    #[error("a chunk of {bytes} bytes stands before the sound")]
    LongChunk {
        /// Length of the chunk, bytes.
        bytes: u64,
    },
    /// A stream without a frame that begins as frames do.
    #[error("no frame of it is whole")]
    NoFrame,
    /// A container without a part that every one has.
    #[error("{0}")]
    NoPart(&'static str),
    /// Error of the `symphonia` library.
    #[error(transparent)]
    Library(symphonia::core::errors::Error),
}

/// Fault of a change of the sample rate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResampleFault {
    /// A rate that no recording has.
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

    /// Returns the file that the error is about, when it is about one (`standard input` for `-`).
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
