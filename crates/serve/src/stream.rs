//! Streamed response bodies.

use std::collections::VecDeque;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::unfold;
use serde_json::Value;

use crate::encode::{Encoder, Format};
use crate::engine::{AnswerChunk, TaskAnswer, Update};
use crate::error::ApiError;
use crate::jobs::RunningJob;
use crate::tempo::Speed;

/// Converts the updates of a running request to bytes.
pub(crate) trait AnswerWriter: Send + 'static {
    /// Returns the bytes for a chunk.
    fn chunk(&mut self, chunk: AnswerChunk) -> Result<Vec<u8>, ApiError>;
    /// Returns the bytes for the complete answer, which ends the body.
    fn whole(&mut self, answer: TaskAnswer) -> Result<Vec<u8>, ApiError>;
    /// Returns the bytes for an error after the headers were sent; `None` aborts the connection.
    fn failed(&mut self, error: &ApiError) -> Option<Vec<u8>>;
}

/// Responds with a body that is written as updates arrive. An error before the first update is an ordinary error
/// response.
pub(crate) async fn respond(
    mut running: RunningJob,
    mut writer: impl AnswerWriter,
    content_type: String,
) -> Result<Response, ApiError> {
    let mut ready = VecDeque::new();
    match running.next().await {
        Some(Ok(update)) => ready.push_back(Bytes::from(written(&mut writer, update)?)),
        Some(Err(error)) => return Err(error),
        None => {}
    }
    let body = unfold((running, writer, ready), |(mut running, mut writer, mut ready)| async {
        loop {
            if let Some(bytes) = ready.pop_front() {
                if !bytes.is_empty() {
                    return Some((Ok(bytes), (running, writer, ready)));
                }
                continue;
            }
            let outcome = running.next().await?;
            match outcome.and_then(|update| written(&mut writer, update)) {
                Ok(bytes) => ready.push_back(Bytes::from(bytes)),
                Err(error) => {
                    let told = writer.failed(&error).map(Bytes::from).ok_or(error);
                    return Some((told, (running, writer, ready)));
                }
            }
        }
    });
    let headers =
        [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-store".into())];
    Ok((headers, Body::from_stream(body)).into_response())
}

fn written(writer: &mut impl AnswerWriter, update: Update) -> Result<Vec<u8>, ApiError> {
    match update {
        Update::Chunk(chunk) => writer.chunk(chunk),
        Update::Whole(answer) => writer.whole(*answer),
    }
}

/// Returns a server-sent event.
pub(crate) fn event(data: &Value) -> Vec<u8> {
    format!("data: {data}\n\n").into_bytes()
}

/// Encoder of speech in a format, with a change of tempo.
pub(crate) struct SoundEncoder {
    format: Format,
    rate_hz: u32,
    speed: Speed,
    encoder: Option<Encoder>,
    /// Number of samples so far, before the change of tempo.
    pub samples: usize,
}

impl SoundEncoder {
    /// Checks format and speed, and builds the encoder.
    pub fn new(format: Format, speed: f64, rate_hz: u32) -> Result<Self, ApiError> {
        format.check()?;
        let speed = Speed::new(speed, rate_hz)?;
        Ok(Self { format, rate_hz, speed, encoder: None, samples: 0 })
    }

    /// Returns the media type of the bytes.
    pub fn media_type(&self) -> String {
        self.format.media_type(self.rate_hz)
    }

    /// Encodes further samples; with `last`, everything that remains.
    pub fn push(&mut self, samples: Vec<f32>, last: bool) -> Result<Vec<u8>, ApiError> {
        self.samples += samples.len();
        let samples = self.speed.push(&samples, last);
        if self.encoder.is_none() {
            self.encoder = Some(Encoder::new(self.format, self.rate_hz, None)?);
        }
        let mut bytes = match &mut self.encoder {
            Some(encoder) => encoder.push(&samples)?,
            None => Vec::new(),
        };
        if last && let Some(encoder) = self.encoder.take() {
            bytes.extend(encoder.finish()?);
        }
        Ok(bytes)
    }

    /// Encodes a complete recording, whose header contains the length if the format has one.
    pub fn complete(&mut self, samples: Vec<f32>) -> Result<Vec<u8>, ApiError> {
        self.samples += samples.len();
        let samples = self.speed.push(&samples, true);
        crate::encode::encode(self.format, &samples, self.rate_hz)
    }

    /// Converts times of words to those after the change of tempo.
    pub fn words(&self, words: &mut [syrinx_types::WordTime]) {
        self.speed.words(words);
    }
}
