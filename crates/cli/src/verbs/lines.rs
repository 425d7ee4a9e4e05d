//! `--lines`: every line of a file is a request of its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use syrinx_config::Settings;
use syrinx_decode::DecodeConfig;
use syrinx_engine::{BatchRequest, EngineError};
use syrinx_task::{Request, TaskDescriptor};
use syrinx_types::Event;

use crate::answer::{self, Destination, Form};
use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;

/// Keys of a line that are settings, not fields of the request.
const SETTINGS: [&str; 3] = ["id", "seed", "temperature"];

/// One line.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    /// Number in the file, from 1.
    number: usize,
    /// Name of its recording, without an ending.
    id: String,
    request: Value,
    seed: Option<u64>,
    temperature: Option<f64>,
}

/// Answers every line of a file into a folder.
pub fn run(
    session: &Session,
    settings: &Settings,
    (descriptor, fields): (&'static TaskDescriptor, &Value),
    (file, out, resume): (&str, &str, bool),
    form: &Form,
) -> Outcome {
    let folder = PathBuf::from(out);
    // A place that isn't there yet becomes a folder, unless it has the name of a recording.
    let is_file = folder.exists() || folder.extension().is_some_and(|e| e == "wav");
    if !folder.is_dir() && is_file {
        return Err(Failure::usage(
            format!("-o {out} is no folder"),
            "name a folder for the recordings with -o, as in -o recordings/",
        ));
    }
    std::fs::create_dir_all(&folder).map_err(|e| Failure::writing(out, &e))?;
    let text = match file {
        "-" => super::task::standard_input()?,
        file => std::fs::read_to_string(file).map_err(|e| Failure::reading(file, &e))?,
    };
    let lines = parse(&text, file, (descriptor.verb.positional, fields))?;
    let engine = session.engine(settings)?;
    let job = format!("{file} ({} lines)", lines.len());
    let total = Some(lines.len() as u64);
    session.sink().emit(Event::JobStarted { name: job.clone(), total });
    let target = |line: &Line| folder.join(format!("{}.wav", line.id));
    let left: Vec<&Line> =
        lines.iter().filter(|line| !(resume && target(line).is_file())).collect();
    let mut tally = Tally { made: 0, failed: 0, done: lines.len() - left.len() };
    // Lines of one batch have the same settings but for their seeds.
    for of_settings in left.chunk_by(|a, b| a.temperature == b.temperature) {
        for batch in of_settings.chunks(settings.decode.batch_rows.max(1)) {
            let decode = batch[0].decode(&settings.decode);
            let run = session.run(settings);
            let bare: Vec<Request> =
                batch.iter().map(|line| Request::new(line.request.clone())).collect();
            let requests: Vec<BatchRequest<'_>> = batch
                .iter()
                .zip(&bare)
                .map(|(line, request)| {
                    let seed = line.seed.unwrap_or(settings.seed);
                    BatchRequest { request, seed, cancel: run.cancel }
                })
                .collect();
            let answers = engine.run_batch(descriptor.id, &requests, &decode, run);
            let answers = answers.map_err(|error| match error {
                EngineError::Cancelled => Failure::interrupted(format!(
                    "{} of {} lines are finished; go on with --resume",
                    tally.done,
                    lines.len()
                )),
                other => other.into(),
            })?;
            for (line, answered) in batch.iter().zip(answers) {
                let to = Destination::File(target(line));
                let written = answered
                    .map_err(Failure::from)
                    .and_then(|answered| answer::write(session, &answered, form, &to, ""));
                tally.count((file, line), written)?;
                let (name, note, done) = (job.clone(), line.id.clone(), tally.done as u64);
                session.sink().emit(Event::JobProgress { name, done, note });
            }
        }
    }
    let Tally { made, failed, .. } = tally;
    let before = lines.len() - made - failed;
    let summary = format!("{made} recordings made, {before} were there, {failed} lines failed");
    session.sink().emit(Event::JobFinished { name: job, summary: summary.clone() });
    session.say(&summary);
    if failed > 0 {
        return Err(Failure {
            exit: Exit::BadInput,
            message: format!("{failed} of {} lines could not be used", lines.len()),
            hint: Some("correct them and run the command again with --resume".into()),
        });
    }
    Ok(())
}

/// Lines so far.
struct Tally {
    made: usize,
    failed: usize,
    /// Lines that are made, failed, or were there.
    done: usize,
}

impl Tally {
    /// Counts a line. Its failure is told where it is the line's own; others end the run.
    fn count(&mut self, (file, line): (&str, &Line), outcome: Outcome<String>) -> Outcome {
        self.done += 1;
        match outcome {
            Ok(_) => self.made += 1,
            // The other lines do not suffer from one that is broken.
            Err(failure) if failure.exit == Exit::BadInput => {
                let message = format!("{file}:{}: {}", line.number, failure.message);
                Failure { message, ..failure }.report();
                self.failed += 1;
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }
}

impl Line {
    fn decode(&self, settings: &DecodeConfig) -> DecodeConfig {
        let mut decode = settings.clone();
        if let Some(temperature) = self.temperature {
            decode.codes.temperature = temperature;
        }
        decode
    }
}

/// The lines of a text; empty ones are left out. `fields` are those of the command line, which a line may replace.
fn parse(text: &str, file: &str, (field, fields): (&str, &Value)) -> Outcome<Vec<Line>> {
    let mut lines = Vec::new();
    let mut ids = BTreeSet::new();
    for (i, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let line = parse_line(line.trim(), i + 1, (field, fields)).map_err(|reason| Failure {
            exit: Exit::BadInput,
            message: format!("{file}:{}: {reason}", i + 1),
            hint: Some(format!(
                "a line is a text, or JSON such as {{\"{field}\": \"Hello.\", \"seed\": 1, \"id\": \"hello\"}}"
            )),
        })?;
        if !ids.insert(line.id.clone()) {
            return Err(Failure {
                exit: Exit::BadInput,
                message: format!("{file}:{}: the id `{}` occurs twice", i + 1, line.id),
                hint: Some("give every line an id of its own".into()),
            });
        }
        lines.push(line);
    }
    if lines.is_empty() {
        return Err(Failure {
            exit: Exit::BadInput,
            message: format!("{file}: holds no line"),
            hint: Some("write a text a line".into()),
        });
    }
    Ok(lines)
}

fn parse_line(line: &str, number: usize, (field, fields): (&str, &Value)) -> Result<Line, String> {
    let mut own: Map<String, Value> = if line.starts_with('{') {
        serde_json::from_str(line).map_err(|e| e.to_string())?
    } else {
        Map::from_iter([(field.to_owned(), json!(line))])
    };
    let mut setting = |name: &str| own.remove(name).filter(|v| !v.is_null());
    let [id, seed, temperature] = SETTINGS.map(&mut setting);
    let wrong = |name: &str, value: &Value| format!("`{name}` can't be {value}");
    let id = match id {
        None => format!("{number:04}"),
        Some(Value::String(id)) if is_file_name(&id) => id,
        Some(other) => return Err(wrong("id", &other)),
    };
    let seed = seed.map(|v| v.as_u64().ok_or_else(|| wrong("seed", &v))).transpose()?;
    let temperature =
        temperature.map(|v| v.as_f64().ok_or_else(|| wrong("temperature", &v))).transpose()?;
    let mut request = fields.clone();
    for (name, value) in own {
        request[name] = value;
    }
    Ok(Line { number, id, request, seed, temperature })
}

/// Whether an id is the plain name of a file.
fn is_file_name(id: &str) -> bool {
    let plain = Path::new(id).file_name().is_some_and(|name| name == id);
    plain && !id.starts_with('.') && !id.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_texts_or_json() {
        let fields = json!({ "voice": "joe" });
        let text =
            "One.\n\n{\"text\": \"Two.\", \"voice\": \"slt\", \"seed\": 3, \"id\": \"two\"}\n";
        let lines = parse(text, "f", ("text", &fields)).expect("both are fine");
        let seen: Vec<_> =
            lines.iter().map(|l| (l.id.as_str(), l.seed, l.request.clone())).collect();
        assert_eq!(
            seen,
            [
                ("0001", None, json!({ "voice": "joe", "text": "One." })),
                ("two", Some(3), json!({ "voice": "slt", "text": "Two." })),
            ]
        );
    }

    #[test]
    fn broken_lines_are_named() {
        let check = |text: &str, expected: &str| {
            let failure = parse(text, "f", ("text", &json!({}))).expect_err("it is broken");
            assert!(failure.message.contains(expected), "{}", failure.message);
        };
        check("One.\n{\"text\": ", "f:2: ");
        check("{\"text\": \"a\", \"id\": \"../a\"}", "`id`");
        check("{\"text\": \"a\", \"seed\": -1}", "`seed`");
        check("{\"text\": \"a\", \"id\": \"x\"}\n{\"text\": \"b\", \"id\": \"x\"}", "twice");
        check("\n\n", "no line");
    }
}
