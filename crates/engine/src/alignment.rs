//! Times of the words of a known text.

use syrinx_decode::DecodeConfig;
use syrinx_task::{AnswerKind, Context, Request, Transcript};
use syrinx_types::{Audio, RunContext};

use crate::running::LoadedTask;
use crate::{Engine, EngineError};

impl Engine {
    /// Aligns the words of a text with a recording by the recognizer.
    ///
    /// # Errors
    /// [`EngineError::Task`] for a model without a recognizer that aligns; those of the recognizer.
    pub fn align(
        &self,
        audio: &Audio,
        text: &str,
        run: RunContext<'_>,
    ) -> Result<Transcript, EngineError> {
        let context = Context { services: &self.services, run };
        Ok(context.recognizer()?.align(audio, text, run)?)
    }

    /// Aligns the words of a text with a recording of any length: a file, or `-` for standard input.
    ///
    /// # Errors
    /// The same as [`Self::align`], and errors of reading the file.
    pub fn align_file(
        &self,
        source: &str,
        text: &str,
        run: RunContext<'_>,
    ) -> Result<Transcript, EngineError> {
        let aligns = |t: &&LoadedTask| {
            t.descriptor.answer == AnswerKind::Text
                && t.missing_special_tokens.is_empty()
                && t.descriptor.capabilities.known_text.is_some()
        };
        let task = self.tasks.iter().find(aligns).filter(|_| !self.has_other_recognizer);
        let Some(running) = task else {
            return self.align(&self.load(source)?, text, run);
        };
        let field = running.descriptor.capabilities.known_text.unwrap_or_default();
        let mut fields = serde_json::Map::new();
        fields.insert(running.descriptor.verb.positional.into(), source.into());
        fields.insert(field.into(), text.into());
        let id = running.descriptor.id;
        let answered = self.run(id, &Request::new(fields.into()), &DecodeConfig::default(), run)?;
        Ok(answered.transcript().cloned().unwrap_or_default())
    }
}
