//! Unsupported content of known containers.

use std::fmt;

use crate::wav::codec_name;

/// Unsupported content of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnsupportedContent {
    /// Change of the number of channels or the sample rate within a stream.
    FormatChange {
        /// Channels and samples a second at the beginning.
        from: (usize, u32),
        /// Channels and samples a second after the change.
        to: (usize, u32),
    },
    /// Stream without channels.
    NoChannels,
    /// Container without a reader.
    Container(&'static str),
    /// Container without an audio track.
    NoTrack {
        /// Name of the container.
        container: &'static str,
    },
    /// Codec without a decoder.
    Codec {
        /// Name of the codec; `None` for one without a known name.
        codec: Option<&'static str>,
        /// Name of the container.
        container: &'static str,
    },
    /// Feature of a container that its reader lacks.
    Feature {
        /// Name of the container.
        container: &'static str,
        /// Name of the feature.
        feature: &'static str,
    },
    /// Format tag of a WAV file without a decoder.
    WavCodec(u16),
    /// Integer samples of an unusual size in a WAV file.
    IntegerBits(u16),
    /// Floating-point samples of an unusual size in a WAV file.
    FloatBits(u16),
    /// Extensible WAV format with the identifier of another project.
    Subformat([u8; 16]),
}

impl fmt::Display for UnsupportedContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FormatChange { from: (n, rate), to: (channels, sample_rate_hz) } => write!(
                f,
                "a change from {n} channels at {rate} Hz to {channels} at {sample_rate_hz} Hz on the way"
            ),
            Self::NoChannels => f.write_str("a stream without channels"),
            Self::Container(container) => f.write_str(container),
            Self::NoTrack { container } => write!(f, "{container} without an audio track"),
            Self::Codec { codec: Some(codec), container } => write!(f, "{codec} in {container}"),
            Self::Codec { codec: None, container } => write!(f, "an unknown codec in {container}"),
            Self::Feature { container, feature } => write!(f, "{container} ({feature})"),
            Self::WavCodec(tag) => write!(f, "{} in WAV", codec_name(*tag)),
            Self::IntegerBits(bits) => write!(f, "{bits}-bit integer sound in WAV"),
            Self::FloatBits(bits) => write!(f, "{bits}-bit float sound in WAV"),
            Self::Subformat(guid) => {
                f.write_str("the WAV subformat ")?;
                guid.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}
