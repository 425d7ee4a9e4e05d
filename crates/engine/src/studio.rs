//! Recordings, codes and voices, as tasks see them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use syrinx_audio::ReadLimits;
use syrinx_codec::Codec;
use syrinx_task::{Clip, FrameScores, Part, Studio, TaskError};
use syrinx_types::{Audio, Coded, Codes, Filter};

use crate::hearing::Hearing;
use crate::{EngineError, Voices};

/// Names with this prefix are attachments of a request, not files.
pub(crate) const ATTACHED: &str = "mem:";

/// The engine's own studio.
pub struct EngineStudio {
    codec: Box<dyn Codec>,
    voices: Voices,
    limits: ReadLimits,
    attached: Mutex<Attachments>,
    /// Set once the tasks are there.
    hearing: OnceLock<Hearing>,
}

#[derive(Default)]
struct Attachments {
    requests: u64,
    clips: BTreeMap<String, Arc<Audio>>,
}

impl EngineStudio {
    pub(crate) fn new(codec: Box<dyn Codec>, voices: Voices) -> Self {
        Self {
            codec,
            voices,
            limits: ReadLimits::default(),
            attached: Mutex::default(),
            hearing: OnceLock::new(),
        }
    }

    /// Gives it an ear. Only the first one counts.
    pub(crate) fn listen_with(&self, hearing: Hearing) {
        self.hearing.get_or_init(|| hearing);
    }

    /// The codec.
    pub fn codec(&self) -> &dyn Codec {
        self.codec.as_ref()
    }

    /// The voices.
    pub fn named(&self) -> &Voices {
        &self.voices
    }

    /// Takes recordings for the time of one request. The names of other requests stay apart.
    pub(crate) fn attach(self: &Arc<Self>, clips: &BTreeMap<String, Audio>) -> Attached {
        let mut names = BTreeMap::new();
        if !clips.is_empty() {
            let mut attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner);
            attached.requests += 1;
            let request = attached.requests;
            for (name, audio) in clips {
                let unique = format!("{ATTACHED}{request}/{name}");
                attached.clips.insert(unique.clone(), Arc::new(audio.clone()));
                names.insert(format!("{ATTACHED}{name}"), unique);
            }
        }
        Attached { studio: Arc::clone(self), names }
    }

    fn hold(&self, audio: &Audio) -> Held<'_> {
        let mut attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner);
        attached.requests += 1;
        let name = format!("{ATTACHED}{}/", attached.requests);
        attached.clips.insert(name.clone(), Arc::new(audio.clone()));
        drop(attached);
        Held { studio: self, name }
    }

    fn attached(&self, name: &str) -> Result<Arc<Audio>, TaskError> {
        let attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner);
        attached.clips.get(name).cloned().ok_or_else(|| {
            TaskError::Sound(format!(
                "{name}: nothing is attached under this name; attach a recording, or name a file"
            ))
        })
    }
}

/// Attachments of a request; they go when this goes.
pub(crate) struct Attached {
    studio: Arc<EngineStudio>,
    names: BTreeMap<String, String>,
}

impl Attached {
    /// The request with its attachments' names made unique.
    pub(crate) fn renamed(&self, request: &serde_json::Value) -> serde_json::Value {
        use serde_json::Value;
        match request {
            Value::String(s) => Value::String(self.names.get(s).unwrap_or(s).clone()),
            Value::Array(items) => items.iter().map(|v| self.renamed(v)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(k, v)| (k.clone(), self.renamed(v))).collect()
            }
            other => other.clone(),
        }
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        if self.names.is_empty() {
            return;
        }
        let mut attached = self.studio.attached.lock().unwrap_or_else(PoisonError::into_inner);
        for unique in self.names.values() {
            attached.clips.remove(unique);
        }
    }
}

impl Studio for EngineStudio {
    fn audio(&self, clip: &Clip) -> Result<Audio, TaskError> {
        let rate_hz = self.codec.info().sample_rate_hz;
        let resampled = |audio: &Audio| {
            syrinx_audio::resample(audio, rate_hz).map_err(|e| EngineError::from(e).into_sound())
        };
        if let Some(audio) = &clip.audio {
            return resampled(audio);
        }
        let name = clip.path.to_string_lossy();
        if name.is_empty() {
            return Err(TaskError::Sound(
                "a recording without a name: name a file, or `-` for standard input".into(),
            ));
        }
        if name.starts_with(ATTACHED) {
            return resampled(self.attached(&name)?.as_ref());
        }
        syrinx_audio::load_source(&name, rate_hz, &self.limits)
            .map_err(|e| EngineError::from(e).into_sound())
    }

    fn encode(&self, audio: &Audio) -> Result<Codes, TaskError> {
        self.codec.encode(audio).map_err(|e| EngineError::from(e).into_sound())
    }

    fn encode_whole(&self, audio: &Audio) -> Result<Coded, TaskError> {
        self.codec.encode_whole(audio).map_err(|e| EngineError::from(e).into_sound())
    }

    fn decode(&self, codes: &Codes) -> Result<Audio, TaskError> {
        self.codec.decode(codes).map_err(|e| EngineError::from(e).into_sound())
    }

    fn voice(&self, name: &str) -> Result<Codes, TaskError> {
        self.voices.codes(name).map_err(EngineError::into_sound)
    }

    fn voices(&self) -> Vec<String> {
        self.voices.names()
    }

    fn frame_rate_hz(&self) -> f64 {
        self.codec.info().frame_rate_hz
    }

    fn filter(
        &self,
        audio: &Audio,
        latents: &[f32],
        how: Filter,
    ) -> Result<Option<Audio>, TaskError> {
        let filtered = self.codec.filtered(audio, latents, how);
        filtered.map_err(|e| EngineError::from(e).into_sound())
    }

    fn part(&self, audio: &Audio, part: Part) -> Result<Option<Audio>, TaskError> {
        let held = self.hold(audio);
        self.hearing.get().and_then(|hearing| hearing.part(&held.name, part)).transpose()
    }

    fn phone_scores(&self, codes: &Codes) -> Result<FrameScores, TaskError> {
        let heard = self.hearing.get().and_then(|hearing| hearing.phone_scores(codes));
        heard.unwrap_or_else(|| Err(TaskError::deaf()))
    }

    fn transcribe(&self, audio: &Audio) -> Result<String, TaskError> {
        let held = self.hold(audio);
        let heard = self.hearing.get().and_then(|hearing| hearing.transcribe(&held.name));
        heard.unwrap_or_else(|| Err(TaskError::deaf()))
    }
}

/// A recording of a request's own making, for as long as it is listened to.
struct Held<'a> {
    studio: &'a EngineStudio,
    name: String,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut attached = self.studio.attached.lock().unwrap_or_else(PoisonError::into_inner);
        attached.clips.remove(&self.name);
    }
}
