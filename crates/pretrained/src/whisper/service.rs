//! Whisper as the [`Recognizer`] of tasks.

use std::borrow::Cow;

use syrinx_audio::silence::is_inaudible;
use syrinx_audio::speech::has_speech;
use syrinx_task::{Recognizer, Service, TaskError, Transcript};
use syrinx_text::{normalize, normalize_for_scoring};
use syrinx_types::{Audio, RunContext, WordTime};

use super::{Whisper, WhisperOptions, WhisperTranscript};
use crate::PretrainedError;

/// A Whisper checkpoint with settings.
pub struct WhisperRecognizer {
    whisper: Whisper,
    options: WhisperOptions,
}

impl WhisperRecognizer {
    /// Builds a recognizer from a checkpoint.
    pub fn new(whisper: Whisper, options: WhisperOptions) -> Self {
        Self { whisper, options }
    }

    /// Returns the checkpoint.
    pub fn whisper(&self) -> &Whisper {
        &self.whisper
    }

    /// Transcribes a recording with capitals, punctuation and digits.
    ///
    /// # Errors
    /// [`TaskError::Service`] if recognition fails, [`TaskError::Cancelled`] after a cancellation.
    pub fn transcribe_formatted(
        &self,
        audio: &Audio,
        run: RunContext<'_>,
    ) -> Result<Transcript, TaskError> {
        let transcript = self.recognize(audio, run)?;
        Ok(Transcript {
            words: transcript.words(),
            confidence: transcript.confidence(),
            text: transcript.text,
            ..Transcript::default()
        })
    }

    fn recognize(
        &self,
        audio: &Audio,
        run: RunContext<'_>,
    ) -> Result<WhisperTranscript, TaskError> {
        // Whisper recognizes words in noise and silence, too.
        if !has_speech(audio) {
            return Ok(WhisperTranscript::default());
        }
        let options = WhisperOptions { seed: run.seed, ..self.options.clone() };
        self.whisper.transcribe(audio, &options, run.cancel).map_err(failed)
    }
}

fn failed(error: PretrainedError) -> TaskError {
    if error.is_cancelled() {
        return TaskError::Cancelled;
    }
    let hint = error.hint().map(Cow::into_owned);
    TaskError::Service { service: Service::Recognizer, cause: Box::new(error), hint }
}

impl Recognizer for WhisperRecognizer {
    fn transcribe(&self, audio: &Audio, run: RunContext<'_>) -> Result<Transcript, TaskError> {
        let transcript = self.recognize(audio, run)?;
        let words: Vec<WordTime> = transcript.words().iter().flat_map(spoken).collect();
        let text: Vec<&str> = words.iter().map(|w| w.word.as_str()).collect();
        let (text, confidence) = (text.join(" "), transcript.confidence());
        Ok(Transcript { text, words, confidence, ..Transcript::default() })
    }

    fn align(
        &self,
        audio: &Audio,
        text: &str,
        run: RunContext<'_>,
    ) -> Result<Transcript, TaskError> {
        if is_inaudible(audio) {
            return Err(TaskError::no_speech("the recording"));
        }
        let language = self.options.language.as_deref();
        let words = self.whisper.align(audio, text, language, run.cancel).map_err(failed)?;
        Ok(Transcript { text: text.trim().to_owned(), words, ..Transcript::default() })
    }
}

/// Returns the spoken words of a written word, in lower case without punctuation: none for a dash, several for a
/// number. They share the time equally.
fn spoken(word: &WordTime) -> Vec<WordTime> {
    let words = normalize_for_scoring(&normalize(&word.word));
    let share_s = (word.end_s - word.start_s) / words.len().max(1) as f64;
    let time = |(i, spoken): (usize, String)| WordTime {
        word: spoken,
        start_s: word.start_s + i as f64 * share_s,
        end_s: word.start_s + (i + 1) as f64 * share_s,
    };
    words.into_iter().enumerate().map(time).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_said_and_dashes_are_not() {
        let word = |word: &str| WordTime { word: word.into(), start_s: 1.0, end_s: 2.0 };
        let said = |text: &str| -> Vec<String> {
            spoken(&word(text)).into_iter().map(|w| w.word).collect()
        };
        assert_eq!(said("Glue,"), ["glue"]);
        assert_eq!(said("—"), [""; 0]);
        assert_eq!(said("42"), ["forty", "two"]);
        let times = spoken(&word("42"));
        assert_eq!((times[0].end_s, times[1].start_s, times[1].end_s), (1.5, 1.5, 2.0));
    }
}
