//! `POST /v1/audio/transcriptions`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use syrinx_text::subtitles;
use syrinx_types::WordTime;

use crate::app::ServerState;
use crate::engine::{AnswerChunk, TaskAnswer, TaskRequest, WARNINGS};
use crate::error::ApiError;
use crate::intake::{self, MultipartForm};
use crate::speech::times;
use crate::stream::{AnswerWriter, event, respond};

/// Values of `response_format`.
pub(crate) const FORMATS: [&str; 5] = ["json", "text", "srt", "vtt", "verbose_json"];
/// Fields of the form.
const FIELDS: [&str; 10] = [
    "model",
    "language",
    "prompt",
    "response_format",
    "temperature",
    "stream",
    "timestamp_granularities",
    "include",
    "chunking_strategy",
    "seed",
];

/// Handles a request.
pub(crate) async fn transcribe(
    State(app): State<Arc<ServerState>>,
    request: Request,
) -> Result<Response, ApiError> {
    let deadline = app.deadline();
    let mut form = intake::form(&app, &deadline, request).await?;
    let options = Options::of(&app, &form)?;
    let file = form
        .take("file")
        .ok_or_else(|| ApiError::field("file", "missing_field", "a recording `file` is missing"))?;
    let task = app.service.recognition()?;
    let place = app.pool.admit()?;
    let running = app.submit(place, deadline, |service| {
        Box::new(move |cancel, each| {
            let mut warnings = Vec::new();
            let audio = service.decode(file.bytes, &file.name, &mut warnings)?;
            let seconds = audio.seconds();
            let request =
                syrinx_task::Request::new(json!({})).with_recording(task.verb.positional, audio);
            let ask = TaskRequest { task: task.id, request, warnings, ..TaskRequest::default() };
            let mut answer = service.run(&ask, cancel, each)?;
            answer.json["seconds"] = json!(seconds);
            Ok(answer)
        })
    });
    if options.stream {
        let events = Events { app, text: String::new() };
        return respond(running, events, "text/event-stream".into()).await;
    }
    let answer = running.answer().await?;
    app.metrics.recognized(answer.json["seconds"].as_f64().unwrap_or_default());
    Ok(options.response(&answer))
}

/// Settings in a form.
struct Options {
    format: &'static str,
    stream: bool,
    words: bool,
    segments: bool,
}

impl Options {
    fn of(app: &ServerState, form: &MultipartForm) -> Result<Self, ApiError> {
        let bad = |field: &str, message: String| ApiError::field(field, "invalid_value", message);
        if let Some((name, _)) = form.fields.iter().find(|(n, _)| !FIELDS.contains(&n.as_str())) {
            let code = if name == "file" { "invalid_audio" } else { "unknown_field" };
            let message = format!("`{name}` is not a field of this route, or not a file");
            return Err(ApiError::field(name, code, message));
        }
        app.check_model(form.get("model"))?;
        let asked = form.get("response_format").unwrap_or("json");
        let format = FORMATS.into_iter().find(|f| *f == asked).ok_or_else(|| {
            let message =
                format!("response_format `{asked}` is not supported; use {}", FORMATS.join(", "));
            bad("response_format", message)
        })?;
        if let Some(language) = form.get("language") {
            let short = language.to_lowercase();
            if short != "english" && short.split(['-', '_']).next() != Some("en") {
                let message =
                    format!("language `{language}` is not supported; this model knows en");
                return Err(bad("language", message));
            }
        }
        if let Some(temperature) = form.get("temperature") {
            // Recognition is a deterministic beam search: the value is checked as in OpenAI's API, and has no effect.
            let number = temperature.parse::<f64>().ok().filter(|t| (0.0..=1.0).contains(t));
            number.ok_or_else(|| bad("temperature", "`temperature` must be 0 to 1".into()))?;
        }
        let stream = match form.get("stream").unwrap_or("false") {
            "true" | "True" | "1" => true,
            "false" | "False" | "0" => false,
            other => {
                return Err(bad("stream", format!("stream `{other}` is neither true nor false")));
            }
        };
        if stream && !matches!(format, "json" | "text") {
            let message = format!("response_format `{format}` can't be streamed; use json or text");
            return Err(bad("response_format", message));
        }
        let field = "timestamp_granularities";
        let granularities = form.fields.iter().filter(|(n, _)| n == field);
        let granularities: Vec<&str> = granularities.map(|(_, v)| v.as_str()).collect();
        if let Some(other) = granularities.iter().find(|g| !["word", "segment"].contains(g)) {
            return Err(bad(field, format!("{field} `{other}` is neither word nor segment")));
        }
        let words = granularities.contains(&"word");
        let segments = granularities.is_empty() || granularities.contains(&"segment");
        Ok(Self { format, stream, words, segments })
    }

    fn response(&self, answer: &TaskAnswer) -> Response {
        let (text, words) = (answer.text(), answer.words());
        let plain = |kind: &'static str, text: String| {
            ([(header::CONTENT_TYPE, kind)], format!("{text}\n")).into_response()
        };
        match self.format {
            "text" => plain("text/plain; charset=utf-8", text.to_owned()),
            "srt" => plain("application/x-subrip", subtitles::srt(words)),
            "vtt" => plain("text/vtt", subtitles::vtt(words)),
            "verbose_json" => Json(self.verbose(answer, words)).into_response(),
            _ => Json(json!({ "text": text })).into_response(),
        }
    }

    fn verbose(&self, answer: &TaskAnswer, words: &[WordTime]) -> Value {
        let mut out = json!({
            "task": "transcribe", "language": "english",
            "duration": answer.json["seconds"], "text": answer.text(),
        });
        if self.words {
            out["words"] = times(words);
        }
        if let Some(warnings) = answer.json.get(WARNINGS) {
            out[WARNINGS] = warnings.clone();
        }
        if self.segments {
            // Mean log-probability of the words' phones. Other fields of Whisper's decoder have no equivalent here.
            let confidence = answer.transcript().and_then(|transcript| transcript.confidence);
            let score = confidence.map(f64::ln);
            let segment = |(i, cue): (usize, &subtitles::Cue)| {
                json!({
                    "id": i, "seek": 0, "start": cue.start_s, "end": cue.end_s, "text": cue.text,
                    "tokens": [], "temperature": 0.0, "avg_logprob": score.unwrap_or(0.0),
                    "compression_ratio": 1.0, "no_speech_prob": 0.0,
                })
            };
            out["segments"] = subtitles::cues(words).iter().enumerate().map(segment).collect();
        }
        out
    }
}

/// Writer of events, as in OpenAI's API: `transcript.text.delta`, `transcript.text.done`.
struct Events {
    app: Arc<ServerState>,
    text: String,
}

impl AnswerWriter for Events {
    fn chunk(&mut self, chunk: AnswerChunk) -> Result<Vec<u8>, ApiError> {
        if chunk.text.is_empty() {
            return Ok(Vec::new());
        }
        let space = if self.text.is_empty() { "" } else { " " };
        let delta = format!("{space}{}", chunk.text);
        self.text.push_str(&delta);
        Ok(event(&json!({ "type": "transcript.text.delta", "delta": delta })))
    }

    fn whole(&mut self, answer: TaskAnswer) -> Result<Vec<u8>, ApiError> {
        self.app.metrics.recognized(answer.json["seconds"].as_f64().unwrap_or_default());
        Ok(event(&json!({ "type": "transcript.text.done", "text": answer.text() })))
    }

    fn failed(&mut self, error: &ApiError) -> Option<Vec<u8>> {
        let mut object = error.object();
        object["type"] = json!("error");
        Some(event(&object))
    }
}
