//! Transcription by another recognizer than the model's own, without loading the model.

use serde_json::Value;
use syrinx_recipes::OtherRecognition;
use syrinx_task::{Answered, TaskDescriptor, Transcript};
use syrinx_types::RunContext;

use crate::answer::{self, Destination, Form};
use crate::failure::Outcome;
use crate::session::Session;
use crate::verbs::batch::Batch;

/// Recognition of requests, and output of the answers.
pub struct Recognition<'a> {
    /// State of the program.
    pub session: &'a Session,
    /// Task of the requests.
    pub descriptor: &'static TaskDescriptor,
    /// Recognizer.
    pub recognizer: &'a OtherRecognition,
    /// Destination of the answers.
    pub to: &'a Destination,
    /// Output format of the answers.
    pub form: &'a Form,
}

impl Recognition<'_> {
    /// Answers the requests and writes the answers.
    pub fn run(&self, requests: &[Value], run: RunContext<'_>) -> Outcome {
        let mut batch = Batch::of(requests.len());
        for request in requests {
            batch.take(self.session, self.answer(request, run))?;
        }
        batch.finish()
    }

    fn answer(&self, request: &Value, run: RunContext<'_>) -> Outcome {
        let transcript = self.recognizer.transcribe(request, run)?;
        answer::warn_of_doubt(self.session, self.descriptor, request, &transcript);
        let name = answer::name_of(self.descriptor, request);
        let answered = Answered::new::<Transcript>(transcript);
        answer::write(self.session, &answered, self.form, self.to, name).map(|_| ())
    }
}
