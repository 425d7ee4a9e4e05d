//! `POST /v1/audio/speech`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use syrinx_task::Answered;

use crate::app::ServerState;
use crate::encode::Format;
use crate::engine::{AnswerChunk, TaskAnswer, TaskRequest};
use crate::error::ApiError;
use crate::intake;
use crate::jobs::{QueuePermit, RunningJob};
use crate::stream::{AnswerWriter, SoundEncoder, event, respond};

/// A voice: its name or identifier, or OpenAI's object with an identifier.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum VoiceRef {
    /// Name or identifier.
    Name(String),
    /// Object with an identifier.
    Object {
        /// Identifier.
        id: String,
    },
}

/// Form of a streamed response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StreamFormat {
    /// Bytes of the recording while it is generated.
    Audio,
    /// Server-sent events with base64-encoded audio.
    Sse,
}

/// A text to synthesize. The fields `prompt`, `seed`, `temperature` and `word_timestamps` are extensions of OpenAI's
/// request.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpeechRequest {
    /// Model: any name that `GET /v1/models` lists.
    #[serde(default)]
    pub model: Option<String>,
    /// English text.
    pub input: String,
    /// Voice; the model's first voice if not given.
    #[serde(default)]
    pub voice: Option<VoiceRef>,
    /// Format of the recording. Default: MP3 if the server supports it, otherwise WAV.
    #[serde(default)]
    pub response_format: Option<Format>,
    /// Speaking rate, 0.25 to 4; the pitch is unchanged.
    #[serde(default)]
    pub speed: Option<f64>,
    /// Streaming: `audio` sends bytes while they are generated, `sse` sends events. Without streaming, WAV and FLAC are
    /// sent complete with their length in the header, and other formats while they are generated.
    #[serde(default)]
    pub stream_format: Option<StreamFormat>,
    /// Instructions, which the model doesn't support: refused unless empty.
    #[serde(default)]
    pub instructions: Option<String>,
    /// Recording of the voice as a data URI (`data:audio/wav;base64,...`), instead of `voice`.
    #[serde(default)]
    pub prompt: Option<String>,
    /// Seed. Gives the samples of `syrinx say --seed`, and with `stream_format` those of `syrinx say --stream --seed`.
    #[serde(default)]
    pub seed: Option<u64>,
    /// Sampling temperature of the codec tokens, 0 to 2.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// Whether events contain the times of words (`speech.audio.words`), with `stream_format` `sse` only.
    #[serde(default)]
    pub word_timestamps: Option<bool>,
}

/// Handles a request.
pub(crate) async fn speech(
    State(app): State<Arc<ServerState>>,
    request: Request,
) -> Result<Response, ApiError> {
    let deadline = app.deadline();
    let request: SpeechRequest = intake::json(&app, &deadline, request).await?;
    let ready = Ready::new(&app, &request)?;
    let place = app.pool.admit()?;
    let format = request.response_format.unwrap_or_default();
    let mut sound = SoundEncoder::new(format, request.speed.unwrap_or(1.0), app.service.rate_hz())?;
    let running = ready.submit(&app, place, deadline);
    match request.stream_format {
        Some(StreamFormat::Sse) => {
            let words = request.word_timestamps == Some(true);
            let writer = Events { app, sound, words };
            respond(running, writer, "text/event-stream".into()).await
        }
        None if matches!(format, Format::Wav | Format::Flac) => {
            let answer = running.answer().await?;
            let samples =
                answer.recordings.into_iter().next().map(|(_, audio)| audio.samples.clone());
            let bytes = sound.complete(samples.unwrap_or_default())?;
            app.metrics.spoke(sound.samples, app.service.rate_hz());
            Ok(([(header::CONTENT_TYPE, sound.media_type())], bytes).into_response())
        }
        _ => {
            let kind = sound.media_type();
            respond(running, Raw { app, sound }, kind).await
        }
    }
}

/// Checks that a sampling temperature is between 0 and 2.
pub(crate) fn check_temperature(temperature: Option<f64>) -> Result<(), ApiError> {
    if temperature.is_none_or(|t| (0.0..=2.0).contains(&t)) {
        return Ok(());
    }
    let message = "`temperature` must be between 0 and 2";
    Err(ApiError::field("temperature", "invalid_temperature", message))
}

/// A checked request.
pub(crate) struct Ready {
    ask: TaskRequest,
    /// Bytes of a voice prompt, and the request field for it.
    prompt: Option<(Vec<u8>, &'static str)>,
}

impl Ready {
    /// Checks a request against the limits and the model.
    pub fn new(app: &ServerState, request: &SpeechRequest) -> Result<Self, ApiError> {
        app.check_model(request.model.as_deref())?;
        app.check_text("input", &request.input)?;
        if request.instructions.as_deref().is_some_and(|i| !i.trim().is_empty()) {
            let message = "this model does not support `instructions`; omit them";
            return Err(ApiError::field("instructions", "unsupported_parameter", message));
        }
        check_temperature(request.temperature)?;
        let task = app.service.speaking()?;
        let mut fields = json!({ task.verb.positional: request.input });
        if let (Some(voice), Some(field)) = (&request.voice, task.capabilities.voice) {
            let (VoiceRef::Name(name) | VoiceRef::Object { id: name }) = voice;
            fields[field] = json!(app.voice(name)?);
        }
        let prompt = request.prompt.as_deref().map(|p| {
            intake::data_uri(p).unwrap_or_else(|| {
                let message = "`prompt` must be a data URI: data:audio/wav;base64,...";
                Err(ApiError::field("prompt", "invalid_prompt", message))
            })
        });
        let prompt = prompt.transpose()?;
        if prompt.is_some() && request.voice.is_some() {
            let message = "give `voice` or `prompt`, not both";
            return Err(ApiError::field("prompt", "invalid_prompt", message));
        }
        if prompt.is_some() && task.capabilities.prompt.is_none() {
            let message = "this model does not support `prompt`";
            return Err(ApiError::field("prompt", "unsupported_parameter", message));
        }
        let prompt = prompt.zip(task.capabilities.prompt);
        let (seed, temperature) = (request.seed, request.temperature);
        let stream = request.stream_format.is_some();
        let request = fields.into();
        let task = task.id;
        let ask =
            TaskRequest { task, request, seed, temperature, stream, ..TaskRequest::default() };
        Ok(Self { ask, prompt })
    }

    /// Queues the request.
    pub fn submit(
        self,
        app: &ServerState,
        place: QueuePermit,
        deadline: crate::jobs::Deadline,
    ) -> RunningJob {
        let Self { ask, prompt } = self;
        app.submit_request(place, deadline, ask, move |service, ask| {
            if let Some((bytes, field)) = prompt {
                let audio = service.decode(bytes, "prompt", &mut ask.warnings);
                let audio = audio.map_err(|e| e.param("prompt"))?;
                ask.request.recordings.insert(field.into(), Arc::new(audio));
            }
            Ok(())
        })
    }
}

/// Writer of the recording's bytes.
struct Raw {
    app: Arc<ServerState>,
    sound: SoundEncoder,
}

impl AnswerWriter for Raw {
    fn chunk(&mut self, chunk: AnswerChunk) -> Result<Vec<u8>, ApiError> {
        self.sound.push(chunk.samples, false)
    }

    fn whole(&mut self, _answer: TaskAnswer) -> Result<Vec<u8>, ApiError> {
        let rest = self.sound.push(Vec::new(), true);
        self.app.metrics.spoke(self.sound.samples, self.app.service.rate_hz());
        rest
    }

    fn failed(&mut self, _error: &ApiError) -> Option<Vec<u8>> {
        None
    }
}

/// Writer of events, as in OpenAI's API: `speech.audio.delta`, `speech.audio.done`.
struct Events {
    app: Arc<ServerState>,
    sound: SoundEncoder,
    words: bool,
}

impl Events {
    fn delta(bytes: &[u8]) -> Vec<u8> {
        if bytes.is_empty() {
            return Vec::new();
        }
        event(&json!({ "type": "speech.audio.delta", "audio": intake::to_base64(bytes) }))
    }
}

impl AnswerWriter for Events {
    fn chunk(&mut self, mut chunk: AnswerChunk) -> Result<Vec<u8>, ApiError> {
        let mut out = Vec::new();
        if self.words && !chunk.words.is_empty() {
            self.sound.words(&mut chunk.words);
            out.extend(event(
                &json!({ "type": "speech.audio.words", "words": times(&chunk.words) }),
            ));
        }
        out.extend(Self::delta(&self.sound.push(chunk.samples, false)?));
        Ok(out)
    }

    fn whole(&mut self, answer: TaskAnswer) -> Result<Vec<u8>, ApiError> {
        let mut out = Self::delta(&self.sound.push(Vec::new(), true)?);
        let rate_hz = self.app.service.rate_hz();
        self.app.metrics.spoke(self.sound.samples, rate_hz);
        let speech = answer.answered.as_ref().and_then(Answered::speech);
        let complete = speech.is_none_or(|speech| speech.complete);
        let usage = json!({ "input_tokens": 0, "output_tokens": 0, "total_tokens": 0 });
        let seconds = self.sound.samples as f64 / f64::from(rate_hz);
        out.extend(event(&json!({
            "type": "speech.audio.done", "usage": usage, "seconds": seconds, "complete": complete,
        })));
        Ok(out)
    }

    fn failed(&mut self, error: &ApiError) -> Option<Vec<u8>> {
        let mut object = error.object();
        object["type"] = json!("error");
        Some(event(&object))
    }
}

/// Returns the words with their times, in the form of `verbose_json`.
pub(crate) fn times(words: &[syrinx_types::WordTime]) -> Value {
    let time =
        |w: &syrinx_types::WordTime| json!({ "word": w.word, "start": w.start_s, "end": w.end_s });
    words.iter().map(time).collect()
}
