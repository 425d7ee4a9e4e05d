//! Services: the interfaces of a task to everything outside its request.
//!
//! Each is a trait whose methods get samples or codes as values. Methods whose work grows with a recording get the
//! [`RunContext`] of the caller as well, which stops them and takes their warnings. The engine provides the services;
//! another implementation (Whisper as the recognizer, a test's codec) can replace one.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use syrinx_types::{Audio, Coded, Codes, Latents, RunContext, SpectralGain};

use crate::{FrameScores, TaskError, Transcript};

/// Kinds of services, for errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// [`SpeechCodec`].
    Codec,
    /// [`Recordings`].
    Recordings,
    /// [`Voices`].
    Voices,
    /// [`Recognizer`].
    Recognizer,
    /// [`PhoneRecognizer`].
    PhoneRecognizer,
    /// [`Separator`].
    Separator,
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Codec => "codec",
            Self::Recordings => "reader of recordings",
            Self::Voices => "voices",
            Self::Recognizer => "speech recognizer",
            Self::PhoneRecognizer => "phone recognizer",
            Self::Separator => "separator of speech and background",
        })
    }
}

/// Encoder and decoder of the codec.
pub trait SpeechCodec: Send + Sync {
    /// Rate of the recordings, Hz.
    fn sample_rate_hz(&self) -> u32;

    /// Frames a second.
    fn frame_rate_hz(&self) -> f64;

    /// Encodes a recording at the codec's rate.
    ///
    /// # Errors
    /// [`TaskError::Service`], [`TaskError::Cancelled`].
    fn encode(&self, audio: &Audio, run: RunContext<'_>) -> Result<Codes, TaskError>;

    /// Encodes a recording at the codec's rate, with the latents before quantization if the codec has any.
    ///
    /// # Errors
    /// [`TaskError::Service`], [`TaskError::Cancelled`].
    fn encode_with_latents(&self, audio: &Audio, run: RunContext<'_>) -> Result<Coded, TaskError> {
        Ok(self.encode(audio, run)?.into())
    }

    /// Returns the latents of a recording at the codec's rate; `None` from a codec without any.
    ///
    /// # Errors
    /// [`TaskError::Service`], [`TaskError::Cancelled`].
    fn latents(&self, audio: &Audio, run: RunContext<'_>) -> Result<Option<Latents>, TaskError> {
        Ok(self.encode_with_latents(audio, run)?.latents)
    }

    /// Decodes codes of any number of levels.
    ///
    /// # Errors
    /// [`TaskError::Service`], [`TaskError::Cancelled`].
    fn decode(&self, codes: &Codes, run: RunContext<'_>) -> Result<Audio, TaskError>;

    /// Attenuates a recording at the codec's rate band by band towards the spectrogram of latents (frames, latent_dim).
    /// `None` from a codec whose latents are no spectrogram.
    ///
    /// # Errors
    /// [`TaskError::Service`], [`TaskError::Cancelled`].
    fn attenuate(
        &self,
        _audio: &Audio,
        _latents: &[f32],
        _gain: SpectralGain,
        _run: RunContext<'_>,
    ) -> Result<Option<Audio>, TaskError> {
        Ok(None)
    }
}

/// A recording that is too long for memory: read section by section.
pub trait LongRecording: Send + Sync {
    /// Returns the length, seconds.
    fn seconds(&self) -> f64;

    /// Returns adjacent sections of at most `max_s` seconds that end in pauses, as (start, end) in seconds.
    ///
    /// # Errors
    /// [`TaskError::Service`].
    fn cuts(&self, max_s: f64) -> Result<Vec<(f64, f64)>, TaskError>;

    /// Returns the samples between two times in seconds, clamped to the recording.
    ///
    /// # Errors
    /// [`TaskError::Service`].
    fn slice(&self, start_s: f64, end_s: f64) -> Result<Audio, TaskError>;
}

/// An opened recording.
#[derive(Clone)]
pub enum Opened<'a> {
    /// Samples in memory.
    Memory(Cow<'a, Audio>),
    /// A recording that is read section by section.
    Long(Arc<dyn LongRecording>),
}

/// Recordings by path.
pub trait Recordings: Send + Sync {
    /// Opens a file as [`Self::read`] reads it; a long recording stays on disk. The default reads all of it.
    ///
    /// # Errors
    /// Errors of [`Self::read`].
    fn open(
        &self,
        path: &Path,
        rate_hz: u32,
        run: RunContext<'_>,
    ) -> Result<Opened<'static>, TaskError> {
        Ok(Opened::Memory(Cow::Owned(self.read(path, rate_hz, run)?)))
    }

    /// Reads a file (`-` for standard input) at a rate. Repaired faults are warnings among the events of the run.
    ///
    /// # Errors
    /// [`TaskError::Input`], [`TaskError::Service`], [`TaskError::Cancelled`].
    fn read(&self, path: &Path, rate_hz: u32, run: RunContext<'_>) -> Result<Audio, TaskError>;

    /// Resamples a recording.
    ///
    /// # Errors
    /// [`TaskError::Service`], [`TaskError::Cancelled`].
    fn resample(
        &self,
        audio: &Audio,
        rate_hz: u32,
        run: RunContext<'_>,
    ) -> Result<Audio, TaskError>;
}

/// Voices by name.
pub trait Voices: Send + Sync {
    /// Returns the names, the default voice first.
    fn names(&self) -> Vec<String>;

    /// Returns the codes of a voice's prompt, all levels.
    ///
    /// # Errors
    /// [`TaskError::Service`] for a name that does not exist.
    fn prompt(&self, name: &str) -> Result<Codes, TaskError>;

    /// Returns the stretch of a recording at the codec's rate that serves best as a voice's prompt, at most `longest_s`
    /// seconds, by the same rules as for stored voices. `name` is for messages. A clipped stretch, or one without
    /// speech, is a warning among the events of the run.
    ///
    /// # Errors
    /// [`TaskError::Input`] for a recording that is too short, too quiet or has too little speech, with the figure.
    fn excerpt(
        &self,
        audio: &Audio,
        name: &str,
        longest_s: f64,
        run: RunContext<'_>,
    ) -> Result<Audio, TaskError>;
}

/// Recognition of words.
pub trait Recognizer: Send + Sync {
    /// Transcribes a recording of any rate and length: lower case, without punctuation; empty where no word is found.
    ///
    /// # Errors
    /// [`TaskError::Service`], [`TaskError::Cancelled`].
    fn transcribe(&self, audio: &Audio, run: RunContext<'_>) -> Result<Transcript, TaskError>;

    /// Aligns a known text with a recording of any rate. Recognizers that cannot align refuse.
    ///
    /// # Errors
    /// [`TaskError::Missing`], [`TaskError::Service`], [`TaskError::Cancelled`].
    fn align(
        &self,
        _audio: &Audio,
        _text: &str,
        _run: RunContext<'_>,
    ) -> Result<Transcript, TaskError> {
        Err(TaskError::Missing(Service::Recognizer))
    }
}

/// Recognition of phones in codes and latents.
pub trait PhoneRecognizer: Send + Sync {
    /// Scores every phone in every part of every frame.
    ///
    /// # Errors
    /// [`TaskError::Service`], [`TaskError::Cancelled`].
    fn phone_scores(&self, codes: &Codes, run: RunContext<'_>) -> Result<FrameScores, TaskError>;

    /// Scores phones as [`Self::phone_scores`] does, from latents before quantization. Models that read codes refuse.
    ///
    /// # Errors
    /// [`TaskError::Missing`], [`TaskError::Service`], [`TaskError::Cancelled`].
    fn phone_scores_of_latents(
        &self,
        _latents: &Latents,
        _run: RunContext<'_>,
    ) -> Result<FrameScores, TaskError> {
        Err(TaskError::Missing(Service::PhoneRecognizer))
    }
}

/// One of the two stems of a separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stem {
    /// Speech without its background.
    Speech,
    /// Background without the speech.
    Background,
}

/// Separation of speech and background.
pub trait Separator: Send + Sync {
    /// Estimates a stem of a recording at the codec's rate; the result is as long as the recording.
    ///
    /// # Errors
    /// [`TaskError::Service`], [`TaskError::Cancelled`].
    fn separate(&self, audio: &Audio, stem: Stem, run: RunContext<'_>) -> Result<Audio, TaskError>;
}

/// Services of a model. A service that is absent is `None`.
#[derive(Clone, Default)]
pub struct Services {
    /// Codec of the model.
    pub codec: Option<Arc<dyn SpeechCodec>>,
    /// Reader of recordings.
    pub recordings: Option<Arc<dyn Recordings>>,
    /// Named voices.
    pub voices: Option<Arc<dyn Voices>>,
    /// Recognizer of words.
    pub recognizer: Option<Arc<dyn Recognizer>>,
    /// Recognizer of phones.
    pub phones: Option<Arc<dyn PhoneRecognizer>>,
    /// Separator of speech and background.
    pub separator: Option<Arc<dyn Separator>>,
}
