//! Requests to one task: answers that are written, printed while they are made, or streamed as sound.

use std::cell::RefCell;
use std::io::IsTerminal as _;

use serde_json::Value;
use syrinx_decode::DecodeConfig;
use syrinx_engine::{Chunk, Engine, EngineError, Merged, Sound, TakeSound};
use syrinx_task::{AnswerKind, Request, TaskDescriptor};
use syrinx_types::RunContext;

use crate::answer::{self, Destination, Form};
use crate::failure::{Failure, Outcome};
use crate::session::Session;

/// Requests to one task.
pub(super) struct TaskRequests<'a> {
    pub(super) session: &'a Session,
    pub(super) engine: &'a Engine,
    pub(super) descriptor: &'static TaskDescriptor,
    pub(super) decode: &'a DecodeConfig,
    pub(super) run: RunContext<'a>,
    pub(super) form: &'a Form,
}

impl TaskRequests<'_> {
    fn parts(
        &self,
        request: &Value,
        each: &mut dyn FnMut(Chunk) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let (id, request) = (self.descriptor.id, Request::new(request.clone()));
        self.engine.run_marked(id, &request, self.decode, self.run, each)
    }

    /// Returns the name of the request in a batch.
    pub(super) fn name<'r>(&self, request: &'r Value) -> &'r str {
        request.get(self.descriptor.verb.positional).and_then(Value::as_str).unwrap_or_default()
    }

    /// Answers a request; in a batch printed lines begin with its name.
    pub(super) fn answer(&self, request: &Value, to: &Destination, batch: bool) -> Outcome {
        let mut whole = Merged::default();
        let mut printing: Outcome = Ok(());
        // Plain text goes out part by part, so that hours of it can be read, and piped, as they are made.
        let live = *self.form == Form::Text && *to == Destination::Standard;
        let outcome = self.parts(request, &mut |part| {
            if live {
                let line = answer::text_of(&part.answered);
                let line = if batch { format!("{}: {line}", self.name(request)) } else { line };
                printing = self.session.print(&line);
                if printing.is_err() {
                    return Err(EngineError::Cancelled);
                }
            }
            whole.push(part)
        });
        printing?;
        let parts = whole.chunks();
        let transcript = whole.answered().is_none_or(|a| !answer::text_of(a).is_empty());
        if self.descriptor.answer == AnswerKind::Text && !transcript {
            self.session.say(&format!("warning: {}: no speech found", self.name(request)));
        }
        let written = match whole.into_answered() {
            Some(answered) if !live => {
                Some(answer::write(self.session, &answered, self.form, to, self.name(request))?)
            }
            Some(_) => Some("printed".to_owned()),
            None => None,
        };
        match (outcome, written) {
            (Ok(()), _) => Ok(()),
            (Err(EngineError::Cancelled), Some(kept)) => Err(Failure::interrupted(format!(
                "the {parts} parts that were finished are {kept}"
            ))),
            (Err(error), _) => Err(error.into()),
        }
    }

    /// Speech to standard output while it is made.
    pub(super) fn stream(&self, request: &Value) -> Outcome {
        if self.descriptor.answer != AnswerKind::Speech || std::io::stdout().is_terminal() {
            return Err(Failure::usage(
                "--stream writes sound to standard output, which is a terminal here",
                "pipe it to a player: syrinx say \"...\" --stream | aplay",
            ));
        }
        let state = RefCell::new((answer::StreamWriter::default(), Outcome::Ok(())));
        let rate_hz = self.engine.codec_id().info.sample_rate_hz;
        let mut sound = |s: Sound<'_>| {
            let (writer, writing) = &mut *state.borrow_mut();
            if writing.is_ok() {
                *writing = writer.sound(s.start_s, s.samples, rate_hz);
            }
        };
        let mut each = |chunk: Chunk| {
            let (writer, writing) = &mut *state.borrow_mut();
            if writing.is_ok() {
                *writing = writer.push(&chunk);
            }
            if writing.is_err() { Err(EngineError::Cancelled) } else { Ok(()) }
        };
        let take = (Some(&mut sound as &mut TakeSound<'_>), &mut each as _);
        let (id, request) = (self.descriptor.id, Request::new(request.clone()));
        let decode = self.decode.clone().streaming();
        let outcome = self.engine.run_streaming(id, &request, &decode, self.run, take);
        state.into_inner().1?;
        Ok(outcome?)
    }
}
