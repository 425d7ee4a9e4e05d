//! Interface to the engine: requests in, chunks and answers out. No other module calls the engine.

mod answer;
mod errors;
mod request;
mod view;

use std::cell::RefCell;
use std::io::Cursor;

use serde_json::{Value, json};
use syrinx_audio::{AudioWarning, ReadLimits, read_from_warned, resample};
use syrinx_decode::DecodeConfig;
use syrinx_engine::{
    BatchRequest, Chunk, Engine, EngineError, MergedAnswer, SpeechPortion, SpeechSession,
    SpeechTrack, TakeSound,
};
use syrinx_task::TaskDescriptor;
use syrinx_types::{Audio, CancelToken, Codes, RunContext};

use crate::error::ApiError;

pub(crate) use answer::{AnswerChunk, TaskAnswer, Update, WARNINGS};
pub use request::Defaults;
pub(crate) use request::TaskRequest;
pub(crate) use view::TaskView;

use answer::Warnings;
use errors::audio_error;

/// A request that may be cancelled by itself.
pub(crate) struct CancellableRequest {
    /// The request.
    pub request: TaskRequest,
    /// Token that stops the request.
    pub cancel: CancelToken,
}

/// A loaded model with the default settings of requests.
pub(crate) struct EngineService {
    engine: Engine,
    defaults: Defaults,
    limits: ReadLimits,
    /// Tasks that the model was trained for.
    pub tasks: Vec<TaskView>,
}

impl EngineService {
    /// Builds the service of a model, with the tasks that the model was trained for.
    pub fn new(engine: Engine, defaults: Defaults, max_audio_s: f64) -> Self {
        let trained: Vec<String> = engine
            .info()
            .tasks
            .into_iter()
            .filter(|t| t.missing_special_tokens.is_empty())
            .map(|t| t.id)
            .collect();
        let known: Vec<&'static TaskDescriptor> =
            engine.tasks().filter(|d| trained.iter().any(|id| id == d.id)).collect();
        let limits = ReadLimits { max_seconds: max_audio_s, ..ReadLimits::default() };
        Self { tasks: known.into_iter().map(TaskView::new).collect(), engine, defaults, limits }
    }

    /// Returns the task behind `/v1/audio/speech`.
    pub fn speaking(&self) -> Result<&'static TaskDescriptor, ApiError> {
        let missing =
            || ApiError::bad("task_not_trained", "no speech synthesis task in this model");
        self.engine.speaking_task().ok_or_else(missing)
    }

    /// Returns the task behind `/v1/audio/transcriptions`.
    pub fn recognition(&self) -> Result<&'static TaskDescriptor, ApiError> {
        let missing =
            || ApiError::bad("task_not_trained", "no speech recognition task in this model");
        self.engine.recognition_task().ok_or_else(missing)
    }

    /// Starts a session that speaks text as it arrives.
    pub fn speech_session(&self) -> Result<SpeechSession, ApiError> {
        Ok(self.engine.speech_session(self.speaking()?.id)?)
    }

    /// Returns the sample rate of the model's speech, in Hz.
    pub fn rate_hz(&self) -> u32 {
        self.engine.codec_id().info.sample_rate_hz
    }

    /// Returns a description of the model for `GET /v1/models`.
    pub fn about(&self) -> Value {
        let info = self.engine.info();
        json!({
            "parameters": info.parameters,
            "fingerprint": self.engine.fingerprint(),
            "sample_rate_hz": self.rate_hz(),
            "tasks": self.tasks.iter().map(TaskView::id).collect::<Vec<_>>(),
        })
    }

    /// Decodes an uploaded recording and resamples it to the model's rate; `name` is used in messages. Appends a
    /// warning for each fault that was repaired.
    pub fn decode(
        &self,
        bytes: Vec<u8>,
        name: &str,
        warnings: &mut Vec<String>,
    ) -> Result<Audio, ApiError> {
        let mut warn = |warning: AudioWarning| warnings.push(warning.to_string());
        let audio = read_from_warned(Cursor::new(bytes), name, &self.limits, &mut warn);
        let audio = audio.map_err(|e| audio_error(&e))?;
        resample(&audio, self.rate_hz()).map_err(|e| audio_error(&e))
    }

    /// Runs a request. Each chunk is passed to `each`, which returns `false` to stop; the complete answer is returned.
    pub fn run(
        &self,
        ask: &TaskRequest,
        cancel: &CancelToken,
        each: &mut dyn FnMut(AnswerChunk) -> bool,
    ) -> Result<TaskAnswer, ApiError> {
        let mut decode = self.settings(ask);
        let seed = ask.seed.unwrap_or(self.defaults.seed);
        let warnings = Warnings::default();
        let run = RunContext::new(cancel, &warnings).with_seed(seed);
        let mut whole = MergedAnswer::default();
        let (rate_hz, state) = (self.rate_hz(), RefCell::new((SpeechTrack::default(), 0, each)));
        let mut sound = |s: SpeechPortion<'_>| {
            let (track, known_words, each) = &mut *state.borrow_mut();
            *known_words += s.words.len();
            let words = s.words.iter().map(|w| w.shifted(s.start_s)).collect();
            let samples = track.portion(s.start_s, s.samples, rate_hz);
            // If the client has disconnected, the next chunk or the token stops the request.
            let _ = each(AnswerChunk { samples, words, text: String::new() });
        };
        let mut parts = |part: Chunk| {
            let (track, known_words, each) = &mut *state.borrow_mut();
            let mut chunk = AnswerChunk::rest(&part, track);
            chunk.words.drain(..std::mem::take(known_words).min(chunk.words.len()));
            let goes_on = each(chunk);
            whole.push(part)?;
            if goes_on { Ok(()) } else { Err(EngineError::Cancelled) }
        };
        let sound = ask.stream.then_some(&mut sound as &mut TakeSound<'_>);
        if ask.stream {
            decode = decode.streaming();
        }
        self.engine.run_streaming(ask.task, &ask.request, &decode, run, sound, &mut parts)?;
        let answered = whole.into_answered();
        let answered = answered.ok_or_else(|| ApiError::internal("the answer is empty"))?;
        Ok(TaskAnswer::new(answered, [&ask.warnings[..], &warnings.take()].concat()))
    }

    /// Returns the generation settings of a request.
    fn settings(&self, ask: &TaskRequest) -> DecodeConfig {
        let mut decode = self.defaults.decode.clone();
        if let Some(temperature) = ask.temperature {
            decode.codes.temperature = temperature;
        }
        decode
    }

    /// Runs requests to one task with the same settings in one batch, without streaming. Each answer equals that of
    /// [`Self::run`]. A cancelled request leaves the batch.
    pub fn run_together(&self, asks: &[CancellableRequest]) -> Vec<Result<TaskAnswer, ApiError>> {
        let Some(CancellableRequest { request: first, .. }) = asks.first() else {
            return Vec::new();
        };
        let requests: Vec<BatchRequest<'_>> = asks
            .iter()
            .map(|CancellableRequest { request: ask, cancel }| BatchRequest {
                request: &ask.request,
                seed: ask.seed.unwrap_or(self.defaults.seed),
                cancel,
            })
            .collect();
        let (decode, whole) = (self.settings(first), CancelToken::default());
        let run = RunContext::quiet(&whole);
        match self.engine.run_batch(first.task, &requests, &decode, run) {
            Ok(all) => all
                .into_iter()
                .zip(asks)
                .map(|(one, ask)| Ok(TaskAnswer::new(one?, ask.request.warnings.clone())))
                .collect(),
            Err(error) => {
                let error = ApiError::from(error);
                asks.iter().map(|_| Err(error.clone())).collect()
            }
        }
    }

    /// Returns the codes of the best excerpt of a recording, as a voice.
    pub fn voice(
        &self,
        audio: &Audio,
        name: &str,
        warnings: &mut Vec<String>,
    ) -> Result<Codes, ApiError> {
        let mut warn = |warning: AudioWarning| warnings.push(warning.to_string());
        let best = self.engine.voices().excerpt(audio, name, &mut warn)?;
        Ok(self.engine.encode(&best)?)
    }

    /// Returns the decoded prompt of a voice.
    pub fn voice_sample(&self, name: &str) -> Result<Audio, ApiError> {
        let codes = self.engine.voices().codes(name)?;
        self.engine
            .codec()
            .decode(&codes)
            .map_err(|_| ApiError::internal("the voice's sample can't be decoded"))
    }

    /// Returns name, length in seconds and origin of every usable voice, the default voice first.
    pub fn voices(&self) -> Vec<(String, f64, String)> {
        let usable = self.engine.voices().list().into_iter().filter(|v| v.problem.is_none());
        usable.map(|v| (v.name, v.seconds, v.about)).collect()
    }

    /// Stores a voice under a name that the server chose.
    pub fn add_voice(&self, name: &str, codes: &Codes, about: &str) -> Result<(), ApiError> {
        self.engine.voices().add(name, codes, about)?;
        Ok(())
    }

    /// Removes a voice that was added.
    pub fn remove_voice(&self, name: &str) -> Result<(), ApiError> {
        self.engine.voices().remove(name)?;
        Ok(())
    }

    /// Returns a task by its identifier.
    pub fn task(&self, id: &str) -> Option<&TaskView> {
        self.tasks.iter().find(|t| t.id() == id)
    }
}
