//! Websockets: text in and speech out (`/v1/stream/speech`), PCM in and words out (`/v1/stream/transcription`).
//!
//! Both begin with a JSON message `{"type": "start", ...}` and end with `{"type": "end"}`. Sound is binary: 16-bit
//! little-endian mono PCM. Everything else is JSON text.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use syrinx_task::Request;
use syrinx_text::sentences;
use syrinx_types::Audio;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::app::App;
use crate::encode::{Format, int16};
use crate::engine::{Ask, Update};
use crate::error::ApiError;
use crate::speech::{Ready, SpeechRequest, StreamFormat, VoiceRef, times};
use crate::stream::Sound;

/// Longest message, bytes.
const LONGEST_MESSAGE: usize = 1 << 20;
/// Longest recording that is streamed in, seconds.
const LONGEST_STREAM_S: f64 = 600.0;
/// Longest sentence, characters.
const LONGEST_SENTENCE: usize = 240;
/// Subprotocol that a browser names beside the one that carries its key.
const PROTOCOL: &str = "syrinx";

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// `GET /v1/stream/speech`.
pub(crate) async fn speech(State(app): State<Arc<App>>, upgrade: Upgrade) -> Response {
    let sockets = Arc::clone(&app.sockets);
    upgraded(upgrade, &sockets, move |mut socket| async move {
        socket.idle = app.config.limits.timeout;
        let outcome = speak(&app, &mut socket).await;
        socket.end(outcome).await;
    })
}

/// `GET /v1/stream/transcription`.
pub(crate) async fn transcription(State(app): State<Arc<App>>, upgrade: Upgrade) -> Response {
    let sockets = Arc::clone(&app.sockets);
    upgraded(upgrade, &sockets, move |mut socket| async move {
        socket.idle = app.config.limits.timeout;
        let outcome = listen(&app, &mut socket).await;
        socket.end(outcome).await;
    })
}

fn upgraded<F, Fut>(upgrade: Upgrade, sockets: &Arc<Semaphore>, serve: F) -> Response
where
    F: FnOnce(Socket) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => {
            let message = format!("this route is a websocket: {}", rejection.body_text());
            let status = axum::http::StatusCode::UPGRADE_REQUIRED;
            return ApiError::new(status, "websocket_required", message).into_response();
        }
    };
    let Ok(permit) = Arc::clone(sockets).try_acquire_owned() else {
        return ApiError::busy(Duration::from_secs(5)).into_response();
    };
    let upgrade = upgrade.max_message_size(LONGEST_MESSAGE).max_frame_size(LONGEST_MESSAGE);
    upgrade.protocols([PROTOCOL]).on_upgrade(move |socket| async move {
        serve(Socket { inner: socket, idle: Duration::ZERO }).await;
        drop(permit);
    })
}

/// End of a connection.
enum End {
    /// The client is gone.
    Gone,
    /// The client is told what is wrong.
    Failed(ApiError),
}

impl From<ApiError> for End {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

struct Socket {
    inner: WebSocket,
    /// Longest time without a message.
    idle: Duration,
}

/// A message of a client.
enum Received {
    Json(Value),
    Sound(Vec<u8>),
}

impl Socket {
    /// The next message with contents.
    async fn next(&mut self) -> Result<Received, End> {
        loop {
            let received = timeout(self.idle, self.inner.recv()).await;
            match received.map_err(|_| ApiError::timeout(self.idle))? {
                Some(Ok(Message::Text(text))) => {
                    let json = serde_json::from_str(&text).map_err(|e| {
                        ApiError::bad("invalid_json", format!("a message is not JSON: {e}"))
                    })?;
                    return Ok(Received::Json(json));
                }
                Some(Ok(Message::Binary(bytes))) => return Ok(Received::Sound(bytes.to_vec())),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Gone),
            }
        }
    }

    async fn send(&mut self, json: &Value) -> Result<(), End> {
        let sent = self.inner.send(Message::Text(json.to_string().into())).await;
        sent.map_err(|_| End::Gone)
    }

    async fn sound(&mut self, bytes: Vec<u8>) -> Result<(), End> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.inner.send(Message::Binary(bytes.into())).await.map_err(|_| End::Gone)
    }

    async fn end(mut self, outcome: Result<(), End>) {
        if let Err(End::Failed(error)) = outcome {
            let mut object = error.object();
            object["type"] = json!("error");
            let _ = self.send(&object).await;
        }
        let _ = self.inner.send(Message::Close(None)).await;
    }
}

/// First message of a stream of speech.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SpeechStart {
    #[serde(rename = "type")]
    _kind: String,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    voice: Option<String>,
    #[serde(default)]
    speed: Option<f64>,
    #[serde(default)]
    seed: Option<u64>,
    #[serde(default)]
    temperature: Option<f64>,
    #[serde(default)]
    prompt: Option<String>,
}

impl SpeechStart {
    fn request(&self, input: String) -> SpeechRequest {
        SpeechRequest {
            model: self.model.clone(),
            input,
            voice: self.voice.clone().map(VoiceRef::Name),
            response_format: Some(Format::Pcm),
            speed: self.speed,
            stream_format: Some(StreamFormat::Audio),
            instructions: None,
            prompt: self.prompt.clone(),
            seed: self.seed,
            temperature: self.temperature,
            word_timestamps: None,
        }
    }
}

/// Parses the first message.
async fn start<T: serde::de::DeserializeOwned>(socket: &mut Socket) -> Result<T, End> {
    let message = match socket.next().await? {
        Received::Json(message) if message["type"] == "start" => message,
        _ => {
            let message = "the first message must be {\"type\": \"start\", ...}";
            return Err(ApiError::bad("invalid_message", message).into());
        }
    };
    serde_json::from_value(message)
        .map_err(|e| ApiError::bad("invalid_message", format!("`start` does not fit: {e}")).into())
}

/// Speaks text as it comes, sentence by sentence.
async fn speak(app: &App, socket: &mut Socket) -> Result<(), End> {
    let options: SpeechStart = start(socket).await?;
    let rate_hz = app.service.rate_hz();
    // Speed and format are checked before the first text.
    Sound::new(Format::Pcm, options.speed.unwrap_or(1.0), rate_hz)?;
    socket
        .send(&json!({ "type": "ready", "sample_rate_hz": rate_hz, "format": "pcm_s16le" }))
        .await?;
    let (mut text, mut start_s, mut ended) = (String::new(), 0.0, false);
    while !ended {
        match socket.next().await? {
            Received::Json(message) if message["type"] == "text" => {
                text.push_str(message["text"].as_str().unwrap_or_default());
            }
            Received::Json(message) if message["type"] == "end" => ended = true,
            Received::Json(message) if message["type"] == "flush" => text.push_str("\n\n"),
            _ => {
                let message = "a message must be of type text, flush or end";
                return Err(ApiError::bad("invalid_message", message).into());
            }
        }
        if text.chars().count() > app.config.limits.max_text_chars {
            app.check_text("text", &text)?;
        }
        for sentence in complete_sentences(&mut text, ended) {
            start_s += speak_sentence(app, socket, &options, sentence, start_s).await?;
        }
    }
    socket.send(&json!({ "type": "done", "seconds": start_s })).await
}

/// Takes the sentences off a text that will not change any more: all but the last, and that too at the end.
fn complete_sentences(text: &mut String, ended: bool) -> Vec<String> {
    let mut all = sentences::split(text, LONGEST_SENTENCE);
    // Text after the last mark may still belong to it: `3.` may become `3.5`.
    let flushed = ended || text.ends_with("\n\n");
    let rest = if flushed { None } else { all.pop() };
    *text = rest.map_or_else(String::new, |rest| {
        let space = text.ends_with(char::is_whitespace) && !rest.ends_with(char::is_whitespace);
        if space { rest + " " } else { rest }
    });
    all.retain(|s| s.chars().any(char::is_alphanumeric));
    all
}

/// Speaks one sentence; returns its length in seconds.
async fn speak_sentence(
    app: &App,
    socket: &mut Socket,
    options: &SpeechStart,
    sentence: String,
    start_s: f64,
) -> Result<f64, End> {
    let request = options.request(sentence);
    let ready = Ready::new(app, &request)?;
    let deadline = app.deadline();
    let place = deadline.limit(app.pool.admit_later()).await??;
    let rate_hz = app.service.rate_hz();
    let mut sound = Sound::new(Format::Pcm, options.speed.unwrap_or(1.0), rate_hz)?;
    let mut running = ready.submit(app, place, deadline);
    let mut bytes_sent = 0;
    while let Some(update) = running.next().await {
        let bytes = match update? {
            Update::Chunk(mut chunk) => {
                sound.words(&mut chunk.words);
                for word in &mut chunk.words {
                    word.start_s += start_s;
                    word.end_s += start_s;
                }
                let words = times(&chunk.words);
                socket.send(&json!({ "type": "words", "words": words })).await?;
                sound.push(chunk.samples, false)?
            }
            Update::Whole(_) => sound.push(Vec::new(), true)?,
        };
        bytes_sent += bytes.len();
        socket.sound(bytes).await?;
    }
    // A pause as between the sentences of one request.
    let pause = int16(&vec![0.0; (0.15 * f64::from(rate_hz)) as usize]);
    bytes_sent += pause.len();
    socket.sound(pause).await?;
    app.metrics.spoke(sound.samples, rate_hz);
    Ok(bytes_sent as f64 / 2.0 / f64::from(rate_hz))
}

/// First message of a stream of sound.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListenStart {
    #[serde(rename = "type")]
    _kind: String,
    /// Rate of the samples that follow.
    sample_rate_hz: u32,
    #[serde(default)]
    model: Option<String>,
}

/// Writes down sound as it comes.
async fn listen(app: &App, socket: &mut Socket) -> Result<(), End> {
    let options: ListenStart = start(socket).await?;
    app.check_model(options.model.as_deref())?;
    let rate_hz = options.sample_rate_hz;
    if !(8_000..=48_000).contains(&rate_hz) {
        let message = format!("a sample rate of {rate_hz} Hz is outside 8000 to 48000");
        return Err(ApiError::field("sample_rate_hz", "invalid_rate", message).into());
    }
    socket.send(&json!({ "type": "ready" })).await?;
    let mut session = crate::partial::Session::new(rate_hz);
    loop {
        let ended = match socket.next().await? {
            Received::Sound(bytes) => {
                session.push(&bytes);
                false
            }
            Received::Json(message) if message["type"] == "end" => true,
            Received::Json(_) => {
                let message = "a message must be binary PCM or of type end";
                return Err(ApiError::bad("invalid_message", message).into());
            }
        };
        let longest = app.config.limits.max_audio_s.min(LONGEST_STREAM_S);
        if session.seconds() > longest {
            let message = format!("more than {longest} s of sound");
            return Err(ApiError::too_large("audio_too_long", message).into());
        }
        if !ended && !session.is_due() {
            continue;
        }
        if session.audio().samples.is_empty() {
            return Err(ApiError::bad("invalid_audio", "no sound was sent").into());
        }
        let words = recognize(app, session.audio()).await?;
        let (stable, text) = session.update(words, ended);
        if !stable.is_empty() {
            let delta: Vec<&str> = stable.iter().map(|w| w.word.as_str()).collect();
            socket
                .send(&json!({
                    "type": "transcript.text.delta", "delta": delta.join(" "), "words": times(&stable),
                    "at": session.seconds(),
                }))
                .await?;
        }
        if ended {
            app.metrics.recognized(session.seconds());
            return socket.send(&json!({ "type": "transcript.text.done", "text": text })).await;
        }
    }
}

/// Recognizes what was sent so far.
async fn recognize(app: &App, audio: Audio) -> Result<(String, Vec<syrinx_types::WordTime>), End> {
    let task = app.service.recognition;
    let task = task.ok_or_else(|| ApiError::bad("task_not_trained", "this model can't listen"))?;
    let field = app.service.task(task).map_or("audio", |v| v.main_field);
    let deadline = app.deadline();
    let place = deadline.limit(app.pool.admit_later()).await??;
    let running = app.submit(place, deadline, |service| {
        Box::new(move |cancel, each| {
            let request = Request::new(json!({})).with_recording(field, audio);
            let ask = Ask { task, request, ..Ask::default() };
            service.run(&ask, cancel, each)
        })
    });
    let answer = running.answer().await?;
    let words = serde_json::from_value(answer.json["words"].clone()).unwrap_or_default();
    Ok((answer.json["text"].as_str().unwrap_or_default().to_owned(), words))
}
