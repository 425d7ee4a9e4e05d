//! Sessions over input that arrives in pieces: text that is spoken sentence by sentence, sound that is recognized
//! repeatedly.

use std::collections::VecDeque;

use serde_json::json;
use syrinx_decode::DecodeConfig;
use syrinx_task::{Request, SentenceSettings, TaskDescriptor, Transcript};
use syrinx_text::IncomingText;
use syrinx_types::{Audio, RunContext};

use crate::{Engine, EngineError, LiveTranscript, LiveUpdate, MergedAnswer};

/// Text that arrives in pieces, and the start of its next sentence in one recording. Sentences and pauses follow the
/// task's settings. The caller synthesizes [`Self::next_sentence`] and reports its length to [`Self::spoken`].
#[derive(Debug, Clone)]
pub struct SpeechSession {
    text: IncomingText,
    sentences: VecDeque<String>,
    pause_s: f64,
    next_s: f64,
}

impl SpeechSession {
    /// Begins a session without text.
    pub fn new(settings: SentenceSettings) -> Self {
        Self {
            text: IncomingText::new(settings.max_chars),
            sentences: VecDeque::new(),
            pause_s: settings.pause_s,
            next_s: 0.0,
        }
    }

    /// Appends text.
    pub fn push(&mut self, piece: &str) {
        self.sentences.extend(self.text.push(piece));
    }

    /// Ends the last sentence, whether or not its end is certain.
    pub fn flush(&mut self) {
        self.sentences.extend(self.text.finish());
    }

    /// Returns the number of characters that are not yet part of a returned sentence.
    pub fn pending_chars(&self) -> usize {
        let complete: usize = self.sentences.iter().map(|sentence| sentence.chars().count()).sum();
        complete + self.text.pending_chars()
    }

    /// Takes the next complete sentence.
    pub fn next_sentence(&mut self) -> Option<String> {
        self.sentences.pop_front()
    }

    /// Returns the start of the next sentence in the recording, seconds.
    pub fn start_s(&self) -> f64 {
        self.next_s
    }

    /// Returns the silence after each sentence, seconds.
    pub fn pause_s(&self) -> f64 {
        self.pause_s
    }

    /// Moves the next start behind a sentence of a length in seconds, and a pause.
    pub fn spoken(&mut self, seconds: f64) {
        self.next_s += seconds + self.pause_s;
    }
}

/// A live recording that is recognized by a task of the model; see [`LiveTranscript`].
pub struct LiveSession<'e> {
    engine: &'e Engine,
    task: &'static TaskDescriptor,
    decode: DecodeConfig,
    live: LiveTranscript,
}

impl LiveSession<'_> {
    /// Appends 16-bit little-endian samples; a sample may be split between two calls.
    pub fn push(&mut self, bytes: &[u8]) {
        self.live.push(bytes);
    }

    /// Returns the length of the recording so far, seconds.
    pub fn seconds(&self) -> f64 {
        self.live.seconds()
    }

    /// Whether there is enough new sound for another recognition.
    pub fn is_due(&self) -> bool {
        self.live.is_due()
    }

    /// Recognizes the newest part of the sound. With `ended` all words are final. `None` without any sound.
    ///
    /// # Errors
    /// Errors of [`Engine::run_in_chunks`].
    pub fn recognize(
        &mut self,
        ended: bool,
        run: RunContext<'_>,
    ) -> Result<Option<LiveUpdate>, EngineError> {
        let Some(audio) = self.live.audio() else { return Ok(None) };
        let transcript = self.engine.transcript(self.task, audio, &self.decode, run)?;
        Ok(Some(self.live.update(&transcript, ended)))
    }
}

impl Engine {
    /// Returns the first task of the model that speaks a text in a named voice.
    pub fn speaking_task(&self) -> Option<&'static TaskDescriptor> {
        self.trained(TaskDescriptor::speaks_text)
    }

    /// Returns the first task of the model that transcribes a recording.
    pub fn recognition_task(&self) -> Option<&'static TaskDescriptor> {
        self.trained(TaskDescriptor::transcribes)
    }

    fn trained(&self, fits: fn(&TaskDescriptor) -> bool) -> Option<&'static TaskDescriptor> {
        let trained = self.tasks.iter().filter(|task| task.missing_special_tokens.is_empty());
        trained.map(|task| task.descriptor).find(|descriptor| fits(descriptor))
    }

    /// Begins a session for text that arrives in pieces, divided by a task's settings.
    ///
    /// # Errors
    /// [`EngineError::UnknownTask`], [`EngineError::NotTrained`]; [`EngineError::SpeaksNoText`] for a task that speaks no
    /// text.
    pub fn speech_session(&self, task: &str) -> Result<SpeechSession, EngineError> {
        let settings = self.running(task)?.task.sentences();
        let silent = || EngineError::SpeaksNoText { task: task.to_owned() };
        settings.map(SpeechSession::new).ok_or_else(silent)
    }

    /// Begins a session for a live recording of a rate, recognized by a task that transcribes.
    ///
    /// # Errors
    /// [`EngineError::UnknownTask`], [`EngineError::NotTrained`].
    pub fn live_session(
        &self,
        task: &str,
        rate_hz: u32,
        decode: &DecodeConfig,
    ) -> Result<LiveSession<'_>, EngineError> {
        let task = self.running(task)?.descriptor;
        let live = LiveTranscript::new(rate_hz);
        Ok(LiveSession { engine: self, task, decode: decode.clone(), live })
    }

    /// Transcribes a recording in memory by a task; empty where no word is found.
    ///
    /// # Errors
    /// Errors of [`Engine::run_in_chunks`].
    pub fn transcript(
        &self,
        task: &TaskDescriptor,
        audio: Audio,
        decode: &DecodeConfig,
        run: RunContext<'_>,
    ) -> Result<Transcript, EngineError> {
        let request = Request::new(json!({})).with_recording(task.verb.positional, audio);
        let mut whole = MergedAnswer::default();
        self.run_in_chunks(task.id, &request, decode, run, &mut |chunk| whole.push(chunk))?;
        let answered = whole.into_answered();
        Ok(answered.and_then(|answered| answered.transcript().cloned()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_follow_each_other_after_the_pause_of_the_settings() {
        let mut session = SpeechSession::new(SentenceSettings { max_chars: 20, pause_s: 0.5 });
        session.push("One two. Three fo");
        assert_eq!(session.next_sentence().as_deref(), Some("One two."));
        assert_eq!(session.next_sentence(), None);
        assert_eq!(session.pending_chars(), 8);
        session.spoken(2.0);
        session.push("ur, five six, seven eight.");
        session.flush();
        let rest: Vec<String> = std::iter::from_fn(|| session.next_sentence()).collect();
        assert!(rest.len() > 1 && rest.iter().all(|s| s.chars().count() <= 20), "{rest:?}");
        assert_eq!((session.start_s(), session.pending_chars()), (2.5, 0));
    }
}
