//! Encoders of speech: WAV, PCM and FLAC in every build, MP3 and Opus with their features.

mod flac;
#[cfg(feature = "mp3")]
mod mp3;
#[cfg(feature = "opus")]
mod opus;
mod wav;

use serde::{Deserialize, Serialize};
use syrinx_audio::pcm16;

use crate::error::ApiError;

/// Container and codec of a recording in a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// 16-bit WAV.
    Wav,
    /// 16-bit little-endian samples without a header.
    Pcm,
    /// FLAC.
    Flac,
    /// MP3.
    Mp3,
    /// Opus in Ogg.
    Opus,
    /// AAC, which no build supports.
    Aac,
}

impl Default for Format {
    /// Returns MP3, the default of OpenAI's API, or WAV in builds without it.
    fn default() -> Self {
        if cfg!(feature = "mp3") { Self::Mp3 } else { Self::Wav }
    }
}

impl Format {
    /// Returns the media type of a response; that of PCM includes the sample rate.
    pub fn media_type(self, rate_hz: u32) -> String {
        match self {
            Self::Wav => "audio/wav".into(),
            Self::Pcm => format!("audio/pcm;rate={rate_hz};channels=1"),
            Self::Flac => "audio/flac".into(),
            Self::Mp3 => "audio/mpeg".into(),
            Self::Opus => "audio/ogg".into(),
            Self::Aac => "audio/aac".into(),
        }
    }

    /// Returns the name of the format in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Pcm => "pcm",
            Self::Flac => "flac",
            Self::Mp3 => "mp3",
            Self::Opus => "opus",
            Self::Aac => "aac",
        }
    }

    /// Returns the formats that this build supports.
    pub fn available() -> Vec<Self> {
        let all = [Self::Wav, Self::Pcm, Self::Flac, Self::Mp3, Self::Opus];
        all.into_iter().filter(|f| f.check().is_ok()).collect()
    }

    /// Checks that this build supports the format; the error names it.
    pub fn check(self) -> Result<(), ApiError> {
        let built = match self {
            Self::Wav | Self::Pcm | Self::Flac => true,
            Self::Mp3 => cfg!(feature = "mp3"),
            Self::Opus => cfg!(feature = "opus"),
            Self::Aac => false,
        };
        if built {
            return Ok(());
        }
        let name = self.name();
        let message = match self {
            Self::Aac => "response_format `aac` is not supported".to_owned(),
            _ => format!(
                "this server was built without {name}; build it with `--features syrinx-cli/{name}`"
            ),
        };
        Err(ApiError::field("response_format", "unsupported_format", message))
    }
}

/// Streaming encoder of a recording.
pub(crate) enum Encoder {
    Wav(wav::WavEncoder),
    Pcm,
    Flac(Box<flac::FlacEncoder>),
    #[cfg(feature = "mp3")]
    Mp3(Box<mp3::Mp3Encoder>),
    #[cfg(feature = "opus")]
    Opus(Box<opus::OpusEncoder>),
}

impl Encoder {
    /// Starts a recording. If the number of samples is known, the header of a WAV or FLAC file contains it.
    pub fn new(format: Format, rate_hz: u32, samples: Option<usize>) -> Result<Self, ApiError> {
        format.check()?;
        Ok(match format {
            Format::Wav => Self::Wav(wav::WavEncoder::new(rate_hz, samples)),
            Format::Pcm | Format::Aac => Self::Pcm,
            Format::Flac => Self::Flac(Box::new(flac::FlacEncoder::new(rate_hz, samples)?)),
            #[cfg(feature = "mp3")]
            Format::Mp3 => Self::Mp3(Box::new(mp3::Mp3Encoder::new(rate_hz)?)),
            #[cfg(feature = "opus")]
            Format::Opus => Self::Opus(Box::new(opus::OpusEncoder::new(rate_hz)?)),
            #[allow(unreachable_patterns, reason = "reached where features are off")]
            _ => Self::Pcm,
        })
    }

    /// Encodes samples and returns the bytes that are complete.
    pub fn push(&mut self, samples: &[f32]) -> Result<Vec<u8>, ApiError> {
        match self {
            Self::Wav(encoder) => Ok(encoder.push(samples)),
            Self::Pcm => Ok(pcm16(samples)),
            Self::Flac(encoder) => encoder.push(samples),
            #[cfg(feature = "mp3")]
            Self::Mp3(encoder) => encoder.push(samples),
            #[cfg(feature = "opus")]
            Self::Opus(encoder) => encoder.push(samples),
        }
    }

    /// Returns the remaining bytes.
    pub fn finish(self) -> Result<Vec<u8>, ApiError> {
        match self {
            Self::Wav(mut encoder) => Ok(encoder.push(&[])),
            Self::Pcm => Ok(Vec::new()),
            Self::Flac(encoder) => encoder.finish(),
            #[cfg(feature = "mp3")]
            Self::Mp3(encoder) => encoder.finish(),
            #[cfg(feature = "opus")]
            Self::Opus(encoder) => encoder.finish(),
        }
    }
}

/// Encodes a complete recording.
pub(crate) fn encode(format: Format, samples: &[f32], rate_hz: u32) -> Result<Vec<u8>, ApiError> {
    let mut encoder = Encoder::new(format, rate_hz, Some(samples.len()))?;
    let mut bytes = encoder.push(samples)?;
    bytes.extend(encoder.finish()?);
    Ok(bytes)
}

fn failed(format: &str, reason: impl std::fmt::Display) -> ApiError {
    ApiError::internal(format!("encoding {format} failed: {reason}"))
}
