//! What can go wrong with sound.

use std::io;
use std::path::PathBuf;

/// An error of this crate. `name` is the path as given, or `standard input`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// There is no such file.
    #[error("{name}: no such file")]
    Missing {
        /// The file.
        name: String,
    },
    /// The path names a folder or something else that isn't read as a file.
    #[error("{name}: is a folder, not a recording")]
    NotAFile {
        /// The path.
        name: String,
    },
    /// The operating system refused to read.
    #[error("{name}: reading failed: {source}")]
    Read {
        /// The file.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// Nothing in it.
    #[error("{name}: is empty (0 bytes)")]
    Empty {
        /// The file.
        name: String,
    },
    /// Not a sound file.
    #[error("{name}: is not audio ({found})")]
    NotAudio {
        /// The file.
        name: String,
        /// What it looks like instead.
        found: String,
    },
    /// The container is known, its contents aren't.
    #[error("{name}: {what} is not supported")]
    Unsupported {
        /// The file.
        name: String,
        /// The codec or sample format.
        what: String,
    },
    /// Mixed to mono it would be one speaker with several voices.
    #[error("{name}: has another speaker on each of its {channels} channels")]
    SpeakerPerChannel {
        /// The file.
        name: String,
        /// How many channels it has.
        channels: usize,
    },
    /// A channel was chosen that there isn't.
    #[error("{name}: has no channel {channel}, but {channels}, counted from 1")]
    NoChannel {
        /// The file.
        name: String,
        /// The channel chosen.
        channel: usize,
        /// How many there are.
        channels: usize,
    },
    /// It began well and then made no sense.
    #[error("{name}: looks like {format} but can't be decoded ({reason})")]
    Undecodable {
        /// The file.
        name: String,
        /// Format by its first bytes.
        format: &'static str,
        /// Why.
        reason: String,
    },
    /// The file ends before the sound does.
    #[error("{name}: is truncated: {got} of {expected} samples are there")]
    Truncated {
        /// The file.
        name: String,
        /// Samples per channel that are there.
        got: u64,
        /// Samples per channel that the header promises.
        expected: u64,
    },
    /// A header without sound.
    #[error("{name}: holds no samples")]
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
        /// How many, as far as was read.
        count: u64,
    },
    /// A rate that no recording has.
    #[error("{name}: a sample rate of {sample_rate_hz} Hz makes no sense")]
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
    #[error("{name}: more than {max_bytes} bytes came in")]
    TooLarge {
        /// The stream.
        name: String,
        /// The limit.
        max_bytes: u64,
    },
    /// Resampling was refused.
    #[error("resampling from {from_hz} Hz to {to_hz} Hz failed: {reason}")]
    Resample {
        /// Rate given.
        from_hz: u32,
        /// Rate wanted.
        to_hz: u32,
        /// Why.
        reason: String,
    },
    /// Writing failed: full disk, missing folder, no permission.
    #[error("{name}: writing failed: {source}")]
    Write {
        /// Where to.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// More samples than a WAV file can count.
    #[error("{name}: {samples} samples don't fit in one WAV file (4 GiB)")]
    TooLongToWrite {
        /// Where to.
        name: String,
        /// Samples.
        samples: usize,
    },
    /// A log-mel, transform or pause setting that can't work.
    #[error("setting {setting}: {reason}")]
    Config {
        /// The setting.
        setting: &'static str,
        /// What is wrong and what is right.
        reason: String,
    },
}

impl AudioError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(match self {
            Self::Missing { .. } => "check the path".into(),
            Self::NotAFile { .. } => "name a file in it".into(),
            Self::Empty { .. } => "record or download it again".into(),
            Self::NotAudio { .. } => "give WAV, FLAC, MP3, Ogg Vorbis or M4A/AAC".into(),
            Self::Unsupported { .. } => {
                "convert it first, for instance `ffmpeg -i IN -ar 24000 OUT.wav`".into()
            }
            Self::SpeakerPerChannel { name, .. } => format!("choose one, as in `{name}#1`").into(),
            Self::Undecodable { .. } => "copy or convert it again".into(),
            Self::Truncated { .. } => "copy or download it again".into(),
            Self::NoSamples { .. } => "record it again".into(),
            Self::NonFinite { .. } => "render it again".into(),
            Self::SampleRate { .. } => "mend the header, or convert it".into(),
            Self::TooLong { .. } => "cut it, or raise the limit".into(),
            Self::TooLarge { .. } => "save it to a file and name that".into(),
            Self::TooLongToWrite { .. } => "write it in parts".into(),
            _ => return None,
        })
    }

    /// The error of opening or reading `name`.
    pub(crate) fn opening(name: &str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                Self::Missing { name: name.to_owned() }
            }
            io::ErrorKind::IsADirectory => Self::NotAFile { name: name.to_owned() },
            _ => Self::Read { name: name.to_owned(), source },
        }
    }

    /// The file that the error is about, when it is about one (`standard input` for `-`).
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
            | Self::Truncated { name, .. }
            | Self::NoSamples { name }
            | Self::NonFinite { name, .. }
            | Self::SampleRate { name, .. }
            | Self::TooLong { name, .. }
            | Self::TooLarge { name, .. }
            | Self::Write { name, .. }
            | Self::TooLongToWrite { name, .. } => Some(PathBuf::from(name)),
            Self::Resample { .. } | Self::Config { .. } => None,
        }
    }
}
