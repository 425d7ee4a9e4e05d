//! Frames of a recording as the model reads them.

use syrinx_task::{Content, Context, Service, TaskError};
use syrinx_types::{Audio, Coded, Codes, Latents};

use crate::SttError;

/// Frames of a recording: codes, or latents in a model with `latent_recordings`.
pub(crate) enum Frames {
    Codes(Codes),
    Latents(Latents),
}

impl Frames {
    /// Encodes a recording at the codec's sample rate.
    pub(crate) fn of(
        audio: &Audio,
        as_latents: bool,
        context: &Context<'_>,
    ) -> Result<Self, TaskError> {
        let codec = context.codec()?;
        if !as_latents {
            return Ok(Self::Codes(codec.encode(audio, context.run)?));
        }
        let missing = || TaskError::service(Service::Codec, "this codec has no latents");
        Ok(Self::Latents(codec.latents(audio, context.run)?.ok_or_else(missing)?))
    }

    /// Returns the frames of an encoded utterance of a corpus.
    pub(crate) fn of_corpus(coded: Coded, as_latents: bool) -> Result<Self, TaskError> {
        if !as_latents {
            return Ok(Self::Codes(coded.codes));
        }
        Ok(Self::Latents(coded.latents.ok_or(SttError::NoLatents)?))
    }

    /// Returns the number of frames.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Codes(codes) => codes.frames(),
            Self::Latents(latents) => latents.frames(),
        }
    }

    /// Returns the frames `start..end`, or fewer at the end of the recording.
    pub(crate) fn slice(&self, start: usize, end: usize) -> Self {
        match self {
            Self::Codes(codes) => Self::Codes(codes.slice(start, end)),
            Self::Latents(latents) => Self::Latents(latents.slice(start, end)),
        }
    }
}

impl From<Frames> for Content {
    fn from(frames: Frames) -> Self {
        match frames {
            Frames::Codes(codes) => Self::Codes(codes),
            Frames::Latents(latents) => Self::Latents(latents),
        }
    }
}
