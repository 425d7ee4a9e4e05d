//! Transcripts by another recognizer than the model's own: no model is loaded.

use serde_json::Value;
use syrinx_audio::ReadLimits;
use syrinx_config::Settings;
use syrinx_pretrained::RecognizerChoice;
use syrinx_pretrained::whisper::{WhisperError, WhisperRecognizer};
use syrinx_task::{Answered, Recognizer, TaskDescriptor, Transcript};

use crate::answer::{self, Destination, Form};
use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;

/// Rate that recordings are read at, Hz: that of Whisper.
const RATE_HZ: u32 = 16_000;

/// Answers requests about recordings by the recognizer of the settings.
pub fn run(
    session: &Session,
    descriptor: &TaskDescriptor,
    (settings, choice): (&Settings, &RecognizerChoice),
    requests: &[Value],
    (to, form): (&Destination, &Form),
) -> Outcome {
    let recognizer = choice.open(&settings.whisper)?;
    let mut failed: Option<Failure> = None;
    for request in requests {
        let name = request.get(descriptor.verb.positional).and_then(Value::as_str);
        let name = name.unwrap_or_default();
        let outcome = transcript(session, &recognizer, descriptor, settings, name, request)
            .and_then(|transcript| {
                if transcript.text.is_empty() {
                    session.say(&format!("warning: {name}: no word was recognized"));
                }
                answer::write(session, &Answered::new(transcript), form, to, name)
            });
        match outcome {
            Ok(_) => {}
            // The other files of a batch do not suffer from one that is broken.
            Err(failure) if failure.exit == Exit::BadInput && requests.len() > 1 => {
                failure.report();
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

fn transcript(
    session: &Session,
    recognizer: &WhisperRecognizer,
    descriptor: &TaskDescriptor,
    settings: &Settings,
    name: &str,
    request: &Value,
) -> Outcome<Transcript> {
    let audio = syrinx_audio::load_source(name, RATE_HZ, &ReadLimits::default())?;
    let known = descriptor.capabilities.known_text.and_then(|field| request.get(field));
    let run = session.run(settings);
    Ok(match known.and_then(Value::as_str) {
        Some(text) => recognizer.align(&audio, text, run)?,
        None => recognizer.written(&audio, run)?,
    })
}

impl From<WhisperError> for Failure {
    fn from(error: WhisperError) -> Self {
        let exit = match &error {
            WhisperError::Cancelled => Exit::Interrupted,
            WhisperError::Audio(_)
            | WhisperError::TooLong { .. }
            | WhisperError::OtherText { .. } => Exit::BadInput,
            WhisperError::Language { .. } => Exit::Usage,
            _ => Exit::BadModel,
        };
        Self { exit, message: error.to_string(), hint: error.hint() }
    }
}
