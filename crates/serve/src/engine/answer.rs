//! Answers of tasks, in chunks and complete.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use syrinx_engine::{Chunk, SpeechTrack};
use syrinx_task::{Answered, Transcript};
use syrinx_types::{Audio, Event, EventSink, WordTime};

/// Output of a running request.
#[derive(Debug)]
pub(crate) enum Update {
    /// Next chunk of the answer.
    Chunk(AnswerChunk),
    /// Complete answer, sent last.
    Whole(Box<TaskAnswer>),
}

/// A chunk of an answer. Samples of consecutive chunks are adjacent.
#[derive(Debug, Clone, Default)]
pub(crate) struct AnswerChunk {
    /// Samples; empty for answers without speech.
    pub samples: Vec<f32>,
    /// Words that begin in the chunk; times count from the start of the complete answer or recording.
    pub words: Vec<WordTime>,
    /// Recognized text; empty for other answers.
    pub text: String,
}

impl AnswerChunk {
    /// Returns what remains of a chunk after the samples that the track has already returned.
    pub(super) fn rest(part: &Chunk, track: &mut SpeechTrack) -> Self {
        let answered = &part.answered;
        let words = answered.speech().map(|s| &s.words).or(answered.transcript().map(|t| &t.words));
        let words = words.into_iter().flatten().map(|w| w.shifted(part.start_s)).collect();
        let text = answered.transcript().map(|t| t.text.clone()).unwrap_or_default();
        let samples = track.rest(part).map(|audio| audio.samples).unwrap_or_default();
        Self { samples, words, text }
    }
}

/// A complete answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct TaskAnswer {
    /// Answer of the task; `None` for requests to the server itself.
    pub answered: Option<Answered>,
    /// Answer as JSON, with warnings. Fields with recordings are empty.
    pub json: Value,
    /// Recordings by field, the main recording first.
    pub recordings: Vec<(String, Arc<Audio>)>,
}

impl TaskAnswer {
    /// Builds an answer. Its JSON lists the warnings, if any.
    pub(super) fn new(answered: Answered, warnings: Vec<String>) -> Self {
        let mut json = answered.json();
        if let Value::Object(fields) = &mut json
            && !warnings.is_empty()
        {
            fields.insert(WARNINGS.to_owned(), json!(warnings));
        }
        let recordings = answered.recordings();
        Self { answered: Some(answered), json, recordings }
    }

    /// Returns the transcript; `None` for answers without text.
    pub fn transcript(&self) -> Option<&Transcript> {
        self.answered.as_ref()?.transcript()
    }

    /// Returns the recognized text; empty for answers without text.
    pub fn text(&self) -> &str {
        self.transcript().map_or("", |transcript| transcript.text.as_str())
    }

    /// Returns the recognized words with their times; empty for answers without text.
    pub fn words(&self) -> &[WordTime] {
        self.transcript().map_or(&[], |transcript| transcript.words.as_slice())
    }
}

/// Field of answers that lists warnings.
pub(crate) const WARNINGS: &str = "warnings";

/// Collects the warnings of a request.
#[derive(Default)]
pub(super) struct Warnings(Mutex<Vec<String>>);

impl Warnings {
    /// Removes and returns the warnings so far.
    pub(super) fn take(&self) -> Vec<String> {
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
