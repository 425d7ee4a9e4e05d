//! The only module that calls the engine: requests in, chunks of sound and answers out.

use std::cell::RefCell;
use std::io::{Cursor, ErrorKind};
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::StatusCode;
use serde_json::{Value, json};
use syrinx_audio::{AudioError, AudioWarning, ReadLimits, read_from_warned, resample};
use syrinx_decode::DecodeConfig;
use syrinx_engine::{
    BatchRequest, Chunk, Engine, EngineError, MergedAnswer, SpeechPortion, SpeechSession, TakeSound,
};
use syrinx_task::{AnswerKind, Answered, Request, Service, TaskDescriptor, TaskError, Transcript};
use syrinx_types::{Audio, CancelToken, Codes, Event, EventSink, RunContext, WordTime};

use crate::error::ApiError;

/// One request to a task.
#[derive(Debug, Clone, Default)]
pub(crate) struct TaskRequest {
    /// Identifier of the task.
    pub task: &'static str,
    /// The task's request, with its recordings.
    pub request: Request,
    /// Seed; the server's settings without one.
    pub seed: Option<u64>,
    /// Sampling temperature of codes; the server's settings without one.
    pub temperature: Option<f64>,
    /// Whether sound comes while it is made, with the windows of `syrinx say --stream`.
    pub stream: bool,
    /// Faults of its recordings that were repaired.
    pub warnings: Vec<String>,
}

/// Settings of requests that give none of their own.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// Settings of generation.
    pub decode: DecodeConfig,
    /// Seed of everything random.
    pub seed: u64,
}

/// Output of a running request.
#[derive(Debug)]
pub(crate) enum Update {
    /// Next part of the answer.
    Chunk(AnswerChunk),
    /// The complete answer, last.
    Whole(Box<TaskAnswer>),
}

/// Part of an answer. Samples of consecutive chunks are adjacent.
#[derive(Debug, Clone, Default)]
pub(crate) struct AnswerChunk {
    /// Samples, empty for answers without sound.
    pub samples: Vec<f32>,
    /// Words that begin in it; times count from the beginning of the whole answer or recording.
    pub words: Vec<WordTime>,
    /// Recognized text, for tasks that answer with text.
    pub text: String,
}

/// A complete answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct TaskAnswer {
    /// The task's answer; none of requests to the server itself.
    pub answered: Option<Answered>,
    /// The answer as JSON, with warnings; recordings are empty names in it.
    pub json: Value,
    /// Recordings by field, the main one first.
    pub recordings: Vec<(String, Arc<Audio>)>,
}

impl TaskAnswer {
    /// Returns the transcript; none of answers without text.
    pub fn transcript(&self) -> Option<&Transcript> {
        self.answered.as_ref()?.transcript()
    }

    /// Returns the recognized text; empty for answers without.
    pub fn text(&self) -> &str {
        self.transcript().map_or("", |transcript| transcript.text.as_str())
    }

    /// Returns the recognized words with their times; none of answers without.
    pub fn words(&self) -> &[WordTime] {
        self.transcript().map_or(&[], |transcript| transcript.words.as_slice())
    }
}

/// A task as the server's routes see it.
#[derive(Clone)]
pub(crate) struct TaskView {
    /// Identifier, command and capabilities.
    pub descriptor: &'static TaskDescriptor,
    /// JSON schema of requests.
    pub request: Value,
    /// JSON schema of answers.
    pub answer: Value,
}

impl TaskView {
    /// Identifier.
    pub fn id(&self) -> &'static str {
        self.descriptor.id
    }

    /// Whether it answers with a recording.
    pub fn speaks(&self) -> bool {
        self.descriptor.answer == AnswerKind::Speech
    }

    /// Field that a request is about.
    pub fn main_field(&self) -> &'static str {
        self.descriptor.verb.positional
    }
}

/// Field of answers that lists warnings.
pub(crate) const WARNINGS: &str = "warnings";

/// Collects the warnings of a request.
#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl Warnings {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl EventSink for Warnings {
    fn emit(&self, event: Event) {
        if let Event::Warning { message } = event {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        }
    }
}

/// A loaded model with the settings of its requests.
pub(crate) struct EngineService {
    engine: Engine,
    defaults: Defaults,
    limits: ReadLimits,
    /// Tasks that the model was trained for.
    pub tasks: Vec<TaskView>,
}

impl EngineService {
    /// Looks at the tasks of a model.
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
        Self { tasks: known.into_iter().map(view).collect(), engine, defaults, limits }
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

    /// Begins to speak text that arrives in pieces.
    pub fn speech_session(&self) -> Result<SpeechSession, ApiError> {
        Ok(self.engine.speech_session(self.speaking()?.id)?)
    }

    /// Sample rate of the model's speech.
    pub fn rate_hz(&self) -> u32 {
        self.engine.codec_id().info.sample_rate_hz
    }

    /// Facts about the model, for `GET /v1/models`.
    pub fn about(&self) -> Value {
        let info = self.engine.info();
        json!({
            "parameters": info.parameters,
            "fingerprint": self.engine.fingerprint(),
            "sample_rate_hz": self.rate_hz(),
            "tasks": self.tasks.iter().map(TaskView::id).collect::<Vec<_>>(),
        })
    }

    /// Decodes an uploaded recording at the model's rate; `name` is for messages. Appends a warning for every fault that was
    /// repaired.
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

    /// Runs a request. Chunks go to `each`, which returns `false` to stop; the complete answer comes back.
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
        let (rate_hz, state) = (self.rate_hz(), RefCell::new((0, 0, each)));
        let mut sound = |s: SpeechPortion<'_>| {
            let (written, known_words, each) = &mut *state.borrow_mut();
            *known_words += s.words.len();
            let words = s.words.iter().map(|w| w.shifted(s.start_s)).collect();
            // A client that is gone is noticed at the next part, or by the token.
            let _ = each(AnswerChunk { words, ..stretch(s.start_s, s.samples, rate_hz, written) });
        };
        let mut parts = |part: Chunk| {
            let (written, known_words, each) = &mut *state.borrow_mut();
            let mut chunk = chunk(&part, written);
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
        Ok(answer(&answered, [&ask.warnings[..], &warnings.take()].concat()))
    }

    /// Returns the settings of a request.
    fn settings(&self, ask: &TaskRequest) -> DecodeConfig {
        let mut decode = self.defaults.decode.clone();
        if let Some(temperature) = ask.temperature {
            decode.codes.temperature = temperature;
        }
        decode
    }

    /// Runs requests to one task with the same settings together, none of them with sound while it is made. Each answer
    /// is that of [`Self::run`]. A request whose token is set leaves the others.
    pub fn run_together(
        &self,
        asks: &[(TaskRequest, CancelToken)],
    ) -> Vec<Result<TaskAnswer, ApiError>> {
        let Some((first, _)) = asks.first() else { return Vec::new() };
        let requests: Vec<BatchRequest<'_>> = asks
            .iter()
            .map(|(ask, cancel)| BatchRequest {
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
                .map(|(one, (ask, _))| Ok(answer(&one?, ask.warnings.clone())))
                .collect(),
            Err(error) => {
                let error = ApiError::from(error);
                asks.iter().map(|_| Err(error.clone())).collect()
            }
        }
    }

    /// Returns the best stretch of a recording as a voice.
    pub fn voice(&self, audio: &Audio, name: &str) -> Result<Codes, ApiError> {
        let best = self.engine.voices().excerpt(audio, name)?;
        Ok(self.engine.encode(&best)?)
    }

    /// Returns the sound of a voice's prompt.
    pub fn voice_sample(&self, name: &str) -> Result<Audio, ApiError> {
        let codes = self.engine.voices().codes(name)?;
        self.engine
            .codec()
            .decode(&codes)
            .map_err(|_| ApiError::internal("the voice's sample can't be decoded"))
    }

    /// Returns the name, length in seconds and origin of every usable voice, the default first.
    pub fn voices(&self) -> Vec<(String, f64, String)> {
        let usable = self.engine.voices().list().into_iter().filter(|v| v.problem.is_none());
        usable.map(|v| (v.name, v.seconds, v.about)).collect()
    }

    /// Keeps a voice under a name made by the server.
    pub fn add_voice(&self, name: &str, codes: &Codes, about: &str) -> Result<(), ApiError> {
        self.engine.voices().add(name, codes, about)?;
        Ok(())
    }

    /// Removes a voice that was added.
    pub fn remove_voice(&self, name: &str) -> Result<(), ApiError> {
        self.engine.voices().remove(name)?;
        Ok(())
    }

    /// Returns the task of an identifier.
    pub fn task(&self, id: &str) -> Option<&TaskView> {
        self.tasks.iter().find(|t| t.id() == id)
    }
}

/// Returns an answer; its JSON lists the warnings, if there are any.
fn answer(answered: &Answered, warnings: Vec<String>) -> TaskAnswer {
    let mut json = answered.json();
    if let Value::Object(fields) = &mut json
        && !warnings.is_empty()
    {
        fields.insert(WARNINGS.to_owned(), json!(warnings));
    }
    TaskAnswer { answered: Some(answered.clone()), json, recordings: answered.recordings() }
}

fn view(descriptor: &'static TaskDescriptor) -> TaskView {
    TaskView {
        descriptor,
        request: (descriptor.request_schema)().to_value(),
        answer: (descriptor.answer_schema)().to_value(),
    }
}

/// Returns the rest of a part as a chunk, after silence up to its beginning. `written` counts the samples so far.
fn chunk(part: &Chunk, written: &mut usize) -> AnswerChunk {
    let answered = &part.answered;
    let words = answered.speech().map(|s| &s.words).or(answered.transcript().map(|t| &t.words));
    let words = words.into_iter().flatten().map(|w| w.shifted(part.start_s)).collect();
    let text = answered.transcript().map(|t| t.text.clone()).unwrap_or_default();
    let Some(audio) = answered.audio() else {
        return AnswerChunk { words, text, ..AnswerChunk::default() };
    };
    let rate_hz = audio.sample_rate_hz;
    let start = (part.start_s * f64::from(rate_hz)).round() as usize;
    let rest = audio.samples.get(written.saturating_sub(start)..).unwrap_or_default();
    AnswerChunk { words, text, ..stretch(part.start_s, rest, rate_hz, written) }
}

/// Samples as a chunk, after silence up to the time at which they begin.
fn stretch(start_s: f64, samples: &[f32], rate_hz: u32, written: &mut usize) -> AnswerChunk {
    let start = (start_s * f64::from(rate_hz)).round() as usize;
    let mut all = vec![0.0; start.saturating_sub(*written)];
    all.extend_from_slice(samples);
    *written += all.len();
    AnswerChunk { samples: all, ..AnswerChunk::default() }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        match &error {
            EngineError::Audio(e) => audio_error(e),
            EngineError::UnknownTask { .. } => {
                Self::new(StatusCode::NOT_FOUND, "unknown_task", error.to_string())
            }
            EngineError::NotTrained { task, .. } => Self::bad(
                "task_not_trained",
                format!("the loaded model was trained without the task `{task}`"),
            ),
            EngineError::UnknownVoice { name, nearest } => unknown_voice(name, nearest.as_deref()),
            EngineError::Cancelled => {
                Self::new(StatusCode::REQUEST_TIMEOUT, "cancelled", "the request was cancelled")
            }
            EngineError::Text(_)
            | EngineError::Markup(_)
            | EngineError::Prompt { .. }
            | EngineError::TaskMarkup { .. } => {
                Self::bad("invalid_input", error.to_string()).hint(error.hint())
            }
            EngineError::Voice { name, .. } => {
                Self::field("voice", "unusable_voice", format!("voice `{name}` can't be used"))
            }
            EngineError::Task(task) => task_error(task),
            EngineError::Codec(_) | EngineError::Decode(_) => Self::internal(error.to_string()),
            EngineError::Io { cause, .. }
                if matches!(cause.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) =>
            {
                let message = "the disk of the server is full";
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "storage_full", message)
            }
            // Messages of the other errors name files of this machine.
            _ => Self::internal("the model or a file of the server can't be used"),
        }
    }
}

fn unknown_voice(name: &str, nearest: Option<&str>) -> ApiError {
    let nearest = nearest.map(|n| format!("did you mean `{n}`? ")).unwrap_or_default();
    ApiError::field("voice", "unknown_voice", format!("there is no voice `{name}`"))
        .hint(Some(format!("{nearest}GET /v1/voices lists the voices")))
}

fn task_error(error: &TaskError) -> ApiError {
    match error {
        TaskError::Request { .. } => {
            let error = ApiError::bad("invalid_input", error.to_string());
            error.hint(Some("GET /v1/tasks has the schemas of requests"))
        }
        // Recordings and voices come from requests; what other services meet is a fault of this side.
        TaskError::Text(_)
        | TaskError::Input(_)
        | TaskError::Missing(_)
        | TaskError::Service {
            service: Service::Recordings | Service::Voices | Service::Codec,
            ..
        } => ApiError::bad("invalid_input", error.to_string()).hint(error.hint()),
        TaskError::Cancelled => EngineError::Cancelled.into(),
        _ => ApiError::internal(error.to_string()).hint(error.hint()),
    }
}

fn audio_error(error: &AudioError) -> ApiError {
    let answer = match error {
        AudioError::TooLong { .. } => {
            ApiError::too_large("audio_too_long", error.to_string()).param("file")
        }
        _ => ApiError::field("file", "invalid_audio", error.to_string()),
    };
    answer.hint(error.hint())
}

#[cfg(test)]
mod tests {
    use syrinx_types::IoOperation;

    use super::*;

    #[test]
    fn a_full_disk_is_named_and_no_file_is() {
        let of = |kind: ErrorKind| {
            let (operation, path) = (IoOperation::Write, "/secret/voice".into());
            ApiError::from(EngineError::Io { operation, path, cause: kind.into() })
        };
        for (kind, status, part) in [
            (ErrorKind::StorageFull, 507, "full"),
            (ErrorKind::QuotaExceeded, 507, "full"),
            (ErrorKind::PermissionDenied, 500, "can't be used"),
        ] {
            let error = of(kind);
            assert_eq!(error.status.as_u16(), status, "{kind:?}");
            assert!(error.message.contains(part) && !error.message.contains("secret"), "{error}");
        }
    }
}
