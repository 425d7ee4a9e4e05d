//! Transcripts by another recognizer than the model's own: no model is loaded.

use serde_json::Value;
use syrinx_audio::{AudioWarning, ReadLimits};
use syrinx_config::Settings;
use syrinx_pretrained::RecognizerChoice;
use syrinx_pretrained::whisper::WhisperRecognizer;
use syrinx_task::{Answered, Recognizer, TaskDescriptor, Transcript};

use crate::answer::{self, Destination, Form};
use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;

/// Rate that recordings are read at, Hz: that of Whisper.
const RATE_HZ: u32 = 16_000;

/// Transcription by the recognizer of the settings.
pub struct Recognition<'a> {
    /// The program's run.
    pub session: &'a Session,
    /// Task whose requests are answered.
    pub descriptor: &'static TaskDescriptor,
    /// Settings of the recognizer.
    pub settings: &'a Settings,
    /// Destination of the answers.
    pub to: &'a Destination,
    /// Form of the answers.
    pub form: &'a Form,
}

impl Recognition<'_> {
    /// Answers requests about recordings.
    pub fn run(&self, choice: &RecognizerChoice, requests: &[Value]) -> Outcome {
        let recognizer = choice.open(&self.settings.whisper)?;
        let mut failed: Option<Failure> = None;
        for request in requests {
            match self.answer(&recognizer, request) {
                Ok(()) => {}
                // The other files of a batch do not suffer from one that is broken.
                Err(failure) if failure.exit == Exit::BadInput && requests.len() > 1 => {
                    self.session.report(&failure);
                    failed.get_or_insert(Failure {
                        hint: Some("see above for each of them".into()),
                        message: "not every file could be used".into(),
                        ..failure
                    });
                }
                Err(failure) => return Err(failure),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    fn answer(&self, recognizer: &WhisperRecognizer, request: &Value) -> Outcome {
        let name = request.get(self.descriptor.verb.positional).and_then(Value::as_str);
        let name = name.unwrap_or_default();
        let mut warn = |warning: AudioWarning| self.session.say(&format!("warning: {warning}"));
        let limits = ReadLimits::default();
        let audio = syrinx_audio::load_source_warned(name, RATE_HZ, &limits, &mut warn)?;
        let known = self.descriptor.capabilities.known_text.and_then(|field| request.get(field));
        let run = self.session.run(self.settings);
        let transcript: Transcript = match known.and_then(Value::as_str) {
            Some(text) => recognizer.align(&audio, text, run)?,
            None => recognizer.transcribe_formatted(&audio, run)?,
        };
        if transcript.text.is_empty() {
            self.session.say(&format!("warning: {name}: no word was recognized"));
        }
        let answered = Answered::new(transcript);
        answer::write(self.session, &answered, self.form, self.to, name).map(|_| ())
    }
}
