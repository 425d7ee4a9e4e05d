//! Surroundings of a request.

use std::borrow::Cow;
use std::sync::Arc;

use syrinx_types::{Audio, RunContext};

use crate::services::{
    LongRecording, Opened, PhoneRecognizer, Recognizer, Separator, Service, Services, SpeechCodec,
    Voices,
};
use crate::{Clip, Section, TaskError};

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

    /// Returns the names of the voices, the default first.
    pub fn voice_names(&self) -> Vec<String> {
        self.services.voices.as_ref().map(|voices| voices.names()).unwrap_or_default()
    }

    /// Returns the codes of a named voice's prompt.
    ///
    /// # Errors
    /// [`TaskError::Missing`], [`TaskError::Service`].
    pub fn voice(&self, name: &str) -> Result<syrinx_types::Codes, TaskError> {
        self.voices()?.prompt(name)
    }

    /// Named voices, and the rules for prompts.
    ///
    /// # Errors
    /// [`TaskError::Missing`].
    pub fn voices(&self) -> Result<&'a dyn Voices, TaskError> {
        self.services.voices.as_deref().ok_or(TaskError::Missing(Service::Voices))
    }

    /// Returns the samples of a recording at the codec's rate.
    ///
    /// # Errors
    /// [`TaskError::Missing`]; [`TaskError::Service`] for a file that cannot be read.
    pub fn audio<'c>(&self, clip: &'c Clip) -> Result<Cow<'c, Audio>, TaskError> {
        if let Some(section) = &clip.section {
            return Ok(Cow::Owned(section.recording.slice(section.start_s, section.end_s)?));
        }
        let rate_hz = self.codec()?.sample_rate_hz();
        let recordings =
            || self.services.recordings.as_ref().ok_or(TaskError::Missing(Service::Recordings));
        match &clip.audio {
            Some(audio) if audio.sample_rate_hz == rate_hz => Ok(Cow::Borrowed(audio)),
            Some(audio) => Ok(Cow::Owned(recordings()?.resample(audio, rate_hz, self.run)?)),
            None => Ok(Cow::Owned(recordings()?.read(&clip.path, rate_hz, self.run)?)),
        }
    }

    /// Opens a recording at the codec's rate: [`Self::audio`], except that a long file is not held in memory.
    ///
    /// # Errors
    /// Errors of [`Self::audio`].
    pub fn open<'c>(&self, clip: &'c Clip) -> Result<Opened<'c>, TaskError> {
        if clip.audio.is_some() || clip.section.is_some() {
            return Ok(Opened::Memory(self.audio(clip)?));
        }
        let rate_hz = self.codec()?.sample_rate_hz();
        let recordings = self.services.recordings.as_ref();
        let recordings = recordings.ok_or(TaskError::Missing(Service::Recordings))?;
        recordings.open(&clip.path, rate_hz, self.run)
    }

    /// Returns the sections of a recording with their starts: at most `max_s` seconds long, ending in pauses. `cut`
    /// finds the pauses of a recording in memory; sections of a long one are read when they are needed.
    ///
    /// # Errors
    /// Errors of [`Self::audio`].
    pub fn sections(
        &self,
        clip: &Clip,
        max_s: f64,
        cut: impl Fn(&Audio, f64) -> Vec<(f64, f64)>,
    ) -> Result<Vec<(Clip, f64)>, TaskError> {
        let clip_of = |audio: Option<Audio>, section: Option<Section>| Clip {
            path: clip.path.clone(),
            audio: audio.map(Arc::new),
            section,
        };
        let (recording, cuts) = match self.open(clip)? {
            Opened::Memory(audio) => {
                let cuts = cut(&audio, max_s);
                if cuts.len() < 2 {
                    return Ok(vec![(clip_of(Some(audio.into_owned()), None), 0.0)]);
                }
                let recording: Arc<dyn LongRecording> = Arc::new(InMemory(audio.into_owned()));
                (recording, cuts)
            }
            Opened::Long(recording) => {
                let cuts = recording.cuts(max_s)?;
                (recording, cuts)
            }
        };
        let section = |(start_s, end_s)| {
            let recording = Arc::clone(&recording);
            (clip_of(None, Some(Section { recording, start_s, end_s })), start_s)
        };
        Ok(cuts.into_iter().map(section).collect())
    }

    /// Returns a clip with its samples in memory, so that it is read once only.
    ///
    /// # Errors
    /// Errors of [`Context::audio`].
    pub fn loaded(&self, clip: &Clip) -> Result<Clip, TaskError> {
        let audio = Some(Arc::new(self.audio(clip)?.into_owned()));
        Ok(Clip { audio, ..clip.clone() })
    }

    /// Returns an error if the run was cancelled.
    ///
    /// # Errors
    /// [`TaskError::Cancelled`].
    pub fn check(&self) -> Result<(), TaskError> {
        if self.run.is_cancelled() { Err(TaskError::Cancelled) } else { Ok(()) }
    }
}

/// A recording in memory that is read section by section.
struct InMemory(Audio);

impl LongRecording for InMemory {
    fn seconds(&self) -> f64 {
        self.0.seconds()
    }

    fn cuts(&self, _max_s: f64) -> Result<Vec<(f64, f64)>, TaskError> {
        Ok(vec![(0.0, self.0.seconds())])
    }

    fn slice(&self, start_s: f64, end_s: f64) -> Result<Audio, TaskError> {
        Ok(self.0.slice(start_s, end_s))
    }
}
