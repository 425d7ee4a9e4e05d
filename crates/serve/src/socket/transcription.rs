//! Streaming recognition: audio in, words out.

use serde::Deserialize;
use serde_json::json;
use syrinx_engine::LiveTranscript;
use syrinx_task::{Request, Transcript};
use syrinx_types::Audio;

use super::{End, Inbox, Received, Socket, start};
use crate::app::ServerState;
use crate::engine::TaskRequest;
use crate::error::ApiError;
use crate::speech::times;

/// First message of a recognition stream.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct TranscriptionStart {
    #[serde(rename = "type")]
    _kind: String,
    /// Sample rate of the audio that follows, in Hz.
    sample_rate_hz: u32,
    #[serde(default)]
    model: Option<String>,
}

/// Audio of the client so far.
struct Sounds {
    live: LiveTranscript,
    ended: bool,
    longest_s: f64,
}

impl Inbox for Sounds {
    fn is_full(&self) -> bool {
        false
    }

    fn take(&mut self, received: Received) -> Result<(), End> {
        match received {
            _ if self.ended => return Err(unknown_message()),
            Received::Sound(bytes) => self.live.push(&bytes),
            Received::Json(message) if message["type"] == "end" => self.ended = true,
            Received::Json(_) => return Err(unknown_message()),
        }
        if self.live.seconds() > self.longest_s {
            let message = format!("more than {} s of audio", self.longest_s);
            return Err(ApiError::too_large("audio_too_long", message).into());
        }
        Ok(())
    }
}

fn unknown_message() -> End {
    let message = "a message must be binary PCM or of type end, and none follows end";
    ApiError::bad("invalid_message", message).into()
}

/// Sends words as soon as they are stable.
pub(super) async fn transcribe(app: &ServerState, socket: &mut Socket) -> Result<(), End> {
    let options: TranscriptionStart = start(socket).await?;
    app.check_model(options.model.as_deref())?;
    let rate_hz = options.sample_rate_hz;
    if !(8_000..=48_000).contains(&rate_hz) {
        let message = format!("a sample rate of {rate_hz} Hz is outside 8000 to 48000");
        return Err(ApiError::field("sample_rate_hz", "invalid_rate", message).into());
    }
    socket.send(&json!({ "type": "ready" })).await?;
    let live = LiveTranscript::new(rate_hz);
    let mut sounds = Sounds { live, ended: false, longest_s: app.config.limits.max_audio_s };
    loop {
        if !sounds.ended && !sounds.live.is_due() {
            sounds.take(socket.next().await?)?;
            continue;
        }
        let (last, at_s) = (sounds.ended, sounds.live.seconds());
        let audio = sounds.live.audio();
        let audio = audio.ok_or_else(|| ApiError::bad("invalid_audio", "no audio was sent"))?;
        let transcript = socket.meanwhile(recognize(app, audio), &mut sounds).await??;
        let update = sounds.live.update(&transcript, last);
        if !update.words.is_empty() {
            let delta: Vec<&str> = update.words.iter().map(|w| w.word.as_str()).collect();
            let delta = json!({
                "type": "transcript.text.delta", "delta": delta.join(" "),
                "words": times(&update.words), "at": at_s,
            });
            socket.send(&delta).await?;
        }
        if last {
            app.metrics.recognized(sounds.live.seconds());
            let done = json!({ "type": "transcript.text.done", "text": update.text });
            return socket.send(&done).await;
        }
    }
}

/// Recognizes the newest section of the audio.
async fn recognize(app: &ServerState, audio: Audio) -> Result<Transcript, ApiError> {
    let task = app.service.recognition()?;
    let deadline = app.deadline();
    let place = deadline.limit(app.pool.admit_later()).await??;
    let running = app.submit(place, deadline, |service| {
        Box::new(move |cancel, each| {
            let request = Request::new(json!({})).with_recording(task.verb.positional, audio);
            let ask = TaskRequest { task: task.id, request, ..TaskRequest::default() };
            service.run(&ask, cancel, each)
        })
    });
    Ok(running.answer().await?.transcript().cloned().unwrap_or_default())
}
