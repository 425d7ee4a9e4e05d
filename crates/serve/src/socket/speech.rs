//! Streaming synthesis: text in, speech out.

use serde::Deserialize;
use serde_json::json;
use syrinx_audio::pcm16;
use syrinx_engine::SpeechSession;
use syrinx_types::{Audio, WordTime};

use super::{End, Inbox, Received, Socket, start};
use crate::app::ServerState;
use crate::encode::Format;
use crate::engine::Update;
use crate::error::ApiError;
use crate::speech::{Ready, SpeechRequest, StreamFormat, VoiceRef, times};
use crate::stream::SoundEncoder;

/// First message of a synthesis stream.
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

/// Text of the client that is not yet spoken.
struct Texts {
    session: SpeechSession,
    ended: bool,
    /// Maximum number of characters in a message, and of pending characters before the client has to wait.
    most_chars: usize,
}

impl Inbox for Texts {
    fn is_full(&self) -> bool {
        self.session.pending_chars() >= self.most_chars
    }

    fn take(&mut self, received: Received) -> Result<(), End> {
        let Received::Json(message) = received else { return Err(unknown_message()) };
        match message["type"].as_str() {
            _ if self.ended => return Err(unknown_message()),
            Some("text") => {
                let piece = message["text"].as_str().ok_or_else(unknown_message)?;
                let (chars, most) = (piece.chars().count(), self.most_chars);
                if chars > most {
                    let message =
                        format!("`text` has {chars} characters; at most {most} are allowed");
                    return Err(ApiError::field("text", "string_above_max_length", message).into());
                }
                self.session.push(piece);
            }
            Some("flush") => self.session.flush(),
            Some("end") => {
                self.session.flush();
                self.ended = true;
            }
            _ => return Err(unknown_message()),
        }
        Ok(())
    }
}

fn unknown_message() -> End {
    let message =
        "a message must be of type text (with `text`), flush or end, and none follows end";
    ApiError::bad("invalid_message", message).into()
}

/// Speaks text as it arrives, sentence by sentence.
pub(super) async fn speak(app: &ServerState, socket: &mut Socket) -> Result<(), End> {
    let options: SpeechStart = start(socket).await?;
    let rate_hz = app.service.rate_hz();
    // A placeholder text checks the settings before the first text arrives.
    Ready::new(app, &options.request("a".into()))?;
    SoundEncoder::new(Format::Pcm, options.speed.unwrap_or(1.0), rate_hz)?;
    socket
        .send(&json!({ "type": "ready", "sample_rate_hz": rate_hz, "format": "pcm_s16le" }))
        .await?;
    let session = app.service.speech_session()?;
    let most_chars = app.config.limits.max_text_chars;
    let mut inbox = Texts { session, ended: false, most_chars };
    loop {
        while let Some(sentence) = inbox.session.next_sentence() {
            let seconds =
                speak_sentence(app, socket, &mut inbox, &options.request(sentence)).await?;
            inbox.session.spoken(seconds);
        }
        if inbox.ended {
            let seconds = inbox.session.start_s();
            return socket.send(&json!({ "type": "done", "seconds": seconds })).await;
        }
        inbox.take(socket.next().await?)?;
    }
}

/// Speaks a sentence and the pause after it, while further text arrives. Returns the length of the sentence in seconds.
async fn speak_sentence(
    app: &ServerState,
    socket: &mut Socket,
    inbox: &mut Texts,
    request: &SpeechRequest,
) -> Result<f64, End> {
    let (start_s, pause_s) = (inbox.session.start_s(), inbox.session.pause_s());
    let ready = Ready::new(app, request)?;
    let deadline = app.deadline();
    let place = socket.meanwhile(deadline.limit(app.pool.admit_later()), inbox).await???;
    let rate_hz = app.service.rate_hz();
    let mut sound = SoundEncoder::new(Format::Pcm, request.speed.unwrap_or(1.0), rate_hz)?;
    let mut running = ready.submit(app, place, deadline);
    let mut bytes_sent = 0;
    while let Some(update) = socket.meanwhile(running.next(), inbox).await? {
        let bytes = match update? {
            Update::Chunk(mut chunk) => {
                sound.words(&mut chunk.words);
                let words: Vec<WordTime> = chunk.words.iter().map(|w| w.shifted(start_s)).collect();
                if !words.is_empty() {
                    socket.send(&json!({ "type": "words", "words": times(&words) })).await?;
                }
                sound.push(chunk.samples, false)?
            }
            Update::Whole(_) => sound.push(Vec::new(), true)?,
        };
        bytes_sent += bytes.len();
        socket.sound(bytes).await?;
    }
    socket.sound(pcm16(&Audio::silence(pause_s, rate_hz).samples)).await?;
    app.metrics.spoke(sound.samples, rate_hz);
    Ok(bytes_sent as f64 / 2.0 / f64::from(rate_hz))
}
