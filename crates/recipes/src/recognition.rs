//! Recognition by another recognizer than the model's, without loading a language model.

use serde_json::Value;
use syrinx_audio::{AudioWarning, ReadLimits};
use syrinx_config::Settings;
use syrinx_pretrained::whisper::WhisperRecognizer;
use syrinx_task::{AnswerKind, Recognizer, TaskDescriptor, Transcript};
use syrinx_types::{Event, RunContext};

use crate::RecipeError;

/// Sample rate of Whisper, in hertz.
const RATE_HZ: u32 = 16_000;

/// Recognizer of the settings that replaces the model in tasks with text answers.
pub struct OtherRecognition {
    task: &'static TaskDescriptor,
    recognizer: WhisperRecognizer,
}

impl OtherRecognition {
    /// Opens the recognizer that the settings select; `None` if they select none, or if the answer of the task is not
    /// text.
    ///
    /// # Errors
    /// [`RecipeError::Pretrained`] if the recognizer cannot be opened.
    pub fn open(
        task: &'static TaskDescriptor,
        settings: &Settings,
    ) -> Result<Option<Self>, RecipeError> {
        let choice = settings.recognizer.as_ref().filter(|_| task.answer == AnswerKind::Text);
        let recognizer = choice.map(|choice| choice.open(&settings.whisper)).transpose()?;
        Ok(recognizer.map(|recognizer| Self { task, recognizer }))
    }

    /// Transcribes the recording of a request, or aligns its text if the request has one. Warnings of the audio decoder
    /// become events.
    ///
    /// # Errors
    /// [`RecipeError::Audio`] if the file cannot be read; errors of the recognizer.
    pub fn transcribe(
        &self,
        request: &Value,
        run: RunContext<'_>,
    ) -> Result<Transcript, RecipeError> {
        let name = request.get(self.task.verb.positional).and_then(Value::as_str);
        let mut warn = |warning: AudioWarning| {
            run.events.emit(Event::Warning { message: warning.to_string() });
        };
        let audio = syrinx_audio::load_source_warned(
            name.unwrap_or_default(),
            RATE_HZ,
            &ReadLimits::default(),
            &mut warn,
        )?;
        let known = self.task.capabilities.known_text.and_then(|field| request.get(field));
        Ok(match known.and_then(Value::as_str) {
            Some(text) => self.recognizer.align(&audio, text, run)?,
            None => self.recognizer.transcribe_formatted(&audio, run)?,
        })
    }
}
