//! Streaming: output of speech during synthesis, synthesis of text from standard input, recognition of audio from
//! standard input.

use std::cell::RefCell;
use std::io::{IsTerminal as _, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value, json};
use syrinx_engine::{Chunk, EngineError, SpeechPortion, TakeSound};
use syrinx_task::{AnswerKind, Request};
use syrinx_types::WordTime;

use crate::answer::{Form, StreamWriter};
use crate::failure::{Exit, Failure, Outcome};
use crate::verbs::task::TaskRun;

/// Number of bytes of one read from standard input.
const READ_BYTES: usize = 1 << 14;
/// Interval between polls of the cancel token.
const TICK: Duration = Duration::from_millis(50);

impl TaskRun<'_> {
    /// Streams the speech of a request to standard output.
    pub(super) fn stream(&self, request: &Value) -> Outcome {
        self.check_output()?;
        let mut writer = StreamWriter::default();
        self.stream_to(request, &mut writer, 0.0).map(|_| ())
    }

    /// Streams the speech of a text that arrives on standard input, sentence by sentence.
    pub(super) fn stream_incoming(&self, fields: &Map<String, Value>) -> Outcome {
        self.check_output()?;
        let mut writer = StreamWriter::default();
        let pieces = pieces();
        let mut session = self.engine.speech_session(self.descriptor.id)?;
        let mut undecoded = Vec::new();
        let field = self.descriptor.verb.positional;
        let request = |text: &str| {
            let mut request = fields.clone();
            request.insert(field.to_owned(), json!(text));
            Value::Object(request)
        };
        let (mut ended, mut spoken) = (false, false);
        while !ended {
            match self.piece(&pieces)? {
                Some(bytes) => session.push(&decoded(&mut undecoded, &bytes)?),
                None if undecoded.is_empty() => {
                    session.flush();
                    ended = true;
                }
                None => return Err(not_text()),
            }
            while let Some(sentence) = session.next_sentence() {
                let start_s = session.start_s();
                let end_s = self.stream_to(&request(&sentence), &mut writer, start_s)?;
                session.spoken(end_s - start_s);
                spoken = true;
            }
        }
        if !spoken {
            // Returns the task's own error for a text without words.
            self.stream_to(&request(""), &mut writer, 0.0)?;
        }
        Ok(())
    }

    fn check_output(&self) -> Outcome {
        if self.descriptor.answer != AnswerKind::Speech || std::io::stdout().is_terminal() {
            return Err(Failure::usage(
                "--stream writes sound to standard output, which is a terminal here",
                format!(
                    "pipe it to a player: syrinx {} \"...\" --stream | aplay",
                    self.descriptor.verb.name
                ),
            ));
        }
        Ok(())
    }

    /// Writes the speech of a request, which starts at `start_s`; returns the time of its end, seconds.
    fn stream_to(&self, request: &Value, writer: &mut StreamWriter, start_s: f64) -> Outcome<f64> {
        let state = RefCell::new((writer, Outcome::Ok(()), start_s));
        let rate_hz = self.engine.codec_id().info.sample_rate_hz;
        let mut sound = |s: SpeechPortion<'_>| {
            let (writer, writing, _) = &mut *state.borrow_mut();
            if writing.is_ok() {
                *writing = writer.sound(start_s + s.start_s, s.samples, rate_hz);
            }
        };
        let mut each = |mut chunk: Chunk| {
            let (writer, writing, end_s) = &mut *state.borrow_mut();
            chunk.start_s += start_s;
            *end_s = chunk.start_s + chunk.answered.audio().map_or(0.0, |audio| audio.seconds());
            if writing.is_ok() {
                *writing = writer.push(&chunk);
            }
            if writing.is_err() { Err(EngineError::Cancelled) } else { Ok(()) }
        };
        let (id, request) = (self.descriptor.id, Request::new(request.clone()));
        let decode = self.decode.clone().streaming();
        let sound = Some(&mut sound as &mut TakeSound<'_>);
        let outcome = self.engine.run_streaming(id, &request, &decode, self.run, sound, &mut each);
        let (_, writing, end_s) = state.into_inner();
        writing?;
        outcome?;
        Ok(end_s)
    }

    /// Prints recognized words as soon as they are final. Standard input is 16-bit mono samples without a header.
    pub(super) fn transcribe_live(&self, rate_hz: u32) -> Outcome {
        let pieces = pieces();
        let mut live = self.engine.live_session(self.descriptor.id, rate_hz, self.decode)?;
        loop {
            let mut ended = false;
            while !ended && !live.is_due() {
                match self.piece(&pieces)? {
                    Some(bytes) => live.push(&bytes),
                    None => ended = true,
                }
            }
            // Samples that arrived during the last recognition step.
            while let Ok(piece) = pieces.try_recv() {
                live.push(&piece.map_err(|e| Failure::reading("standard input", &e))?);
            }
            let at_s = live.seconds();
            let Some(update) = live.recognize(ended, self.run)? else {
                let verb = self.descriptor.verb.name;
                return Err(Failure::new(Exit::BadInput, "standard input holds no sound").hint(
                    format!("pipe 16-bit mono samples into it: arecord -t raw -f S16_LE -r 16000 | syrinx {verb} - --live 16000"),
                ));
            };
            self.print_words(&update.words, at_s)?;
            if ended {
                return match self.form {
                    Form::Json => self.session.print_json(&json!({ "text": update.text })),
                    _ => Ok(()),
                };
            }
        }
    }

    fn print_words(&self, words: &[WordTime], at_s: f64) -> Outcome {
        if *self.form == Form::Json {
            let words = words.iter().map(|w| json!(w)).collect::<Vec<_>>();
            let empty = words.is_empty();
            let line = json!({ "words": words, "at_s": at_s });
            return if empty { Ok(()) } else { self.session.print_json(&line) };
        }
        words.iter().try_for_each(|w| {
            self.session.print(&format!("{:8.3} {:8.3}  {}", w.start_s, w.end_s, w.word))
        })
    }

    /// Returns the next bytes of standard input; `None` at its end.
    fn piece(&self, pieces: &Receiver<std::io::Result<Vec<u8>>>) -> Outcome<Option<Vec<u8>>> {
        loop {
            if self.run.cancel.is_cancelled() {
                return Err(Failure::interrupted("standard input was not read to its end"));
            }
            match pieces.recv_timeout(TICK) {
                Ok(Ok(bytes)) => return Ok(Some(bytes)),
                Ok(Err(error)) => return Err(Failure::reading("standard input", &error)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }
}

/// Starts a thread that reads standard input, and returns the receiver of its blocks.
fn pieces() -> Receiver<std::io::Result<Vec<u8>>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let piece = match input.read(&mut buffer) {
                Ok(0) => return,
                Ok(n) => Ok(buffer[..n].to_vec()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let failed = piece.is_err();
            if sender.send(piece).is_err() || failed {
                return;
            }
        }
    });
    receiver
}

/// Decodes the bytes so far to text; the bytes of an incomplete character stay in `undecoded`.
fn decoded(undecoded: &mut Vec<u8>, bytes: &[u8]) -> Outcome<String> {
    undecoded.extend_from_slice(bytes);
    let valid = match std::str::from_utf8(undecoded) {
        Ok(text) => text.len(),
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Err(_) => return Err(not_text()),
    };
    let rest = undecoded.split_off(valid);
    let text = String::from_utf8(std::mem::replace(undecoded, rest));
    text.map_err(|_| not_text())
}

fn not_text() -> Failure {
    let failure = Failure::new(Exit::BadInput, "standard input is not UTF-8 text");
    failure.hint("convert it, as with iconv -t UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_may_be_split_between_pieces() {
        let text = "naïve – “yes”";
        for size in 1..5 {
            let mut undecoded = Vec::new();
            let all: String = text
                .as_bytes()
                .chunks(size)
                .map(|piece| decoded(&mut undecoded, piece).expect("it is text"))
                .collect();
            assert_eq!((all.as_str(), undecoded.len()), (text, 0));
        }
        assert!(decoded(&mut Vec::new(), &[0xff, b'a']).is_err());
    }
}
