//! Surroundings of a request.

use std::borrow::Cow;
use std::sync::Arc;

use syrinx_types::{Audio, Event, RunContext};

use crate::services::{PhoneRecognizer, Recognizer, Separator, Service, Services, SpeechCodec};
use crate::{Clip, TaskError};

/// Surroundings of a request: the services, and the run that it belongs to.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Services of the model.
    pub services: &'a Services,
    /// Cancel token, events and seed.
    pub run: RunContext<'a>,
}

impl<'a> Context<'a> {
    /// Codec of the model.
    ///
    /// # Errors
    /// [`TaskError::Missing`].
    pub fn codec(&self) -> Result<&'a dyn SpeechCodec, TaskError> {
        self.services.codec.as_deref().ok_or(TaskError::Missing(Service::Codec))
    }

    /// Recognizer of words.
    ///
    /// # Errors
    /// [`TaskError::Missing`].
    pub fn recognizer(&self) -> Result<&'a dyn Recognizer, TaskError> {
        self.services.recognizer.as_deref().ok_or(TaskError::Missing(Service::Recognizer))
    }

    /// Recognizer of phones.
    ///
    /// # Errors
    /// [`TaskError::Missing`].
    pub fn phones(&self) -> Result<&'a dyn PhoneRecognizer, TaskError> {
        self.services.phones.as_deref().ok_or(TaskError::Missing(Service::PhoneRecognizer))
    }

    /// Separator of speech and background, if there is one.
    pub fn separator(&self) -> Option<&'a dyn Separator> {
        self.services.separator.as_deref()
    }

    /// Names of the voices, the default first.
    pub fn voice_names(&self) -> Vec<String> {
        self.services.voices.as_ref().map(|voices| voices.names()).unwrap_or_default()
    }

    /// Codes of a named voice's prompt.
    ///
    /// # Errors
    /// [`TaskError::Missing`], [`TaskError::Service`].
    pub fn voice(&self, name: &str) -> Result<syrinx_types::Codes, TaskError> {
        let voices = self.services.voices.as_ref().ok_or(TaskError::Missing(Service::Voices))?;
        voices.prompt(name)
    }

    /// Samples of a recording at the codec's rate.
    ///
    /// # Errors
    /// [`TaskError::Missing`]; [`TaskError::Service`] for a file that cannot be read.
    pub fn audio<'c>(&self, clip: &'c Clip) -> Result<Cow<'c, Audio>, TaskError> {
        let rate_hz = self.codec()?.sample_rate_hz();
        let recordings =
            || self.services.recordings.as_ref().ok_or(TaskError::Missing(Service::Recordings));
        match &clip.audio {
            Some(audio) if audio.sample_rate_hz == rate_hz => Ok(Cow::Borrowed(audio)),
            Some(audio) => Ok(Cow::Owned(recordings()?.resample(audio, rate_hz)?)),
            None => {
                let mut warn = |message: String| self.run.events.emit(Event::Warning { message });
                Ok(Cow::Owned(recordings()?.read(&clip.path, rate_hz, &mut warn)?))
            }
        }
    }

    /// A clip with its samples in memory, so that it is read once only.
    ///
    /// # Errors
    /// Errors of [`Context::audio`].
    pub fn loaded(&self, clip: &Clip) -> Result<Clip, TaskError> {
        let audio = Some(Arc::new(self.audio(clip)?.into_owned()));
        Ok(Clip { audio, ..clip.clone() })
    }

    /// An error if the run is to stop.
    ///
    /// # Errors
    /// [`TaskError::Cancelled`].
    pub fn check(&self) -> Result<(), TaskError> {
        if self.run.is_cancelled() { Err(TaskError::Cancelled) } else { Ok(()) }
    }
}
