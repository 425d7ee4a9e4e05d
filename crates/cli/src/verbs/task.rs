//! Verbs of tasks: requests from a command line, answers to their destination.

use std::io::Read as _;

use clap::ArgMatches;
use serde_json::{Map, Value, json};
use syrinx_config::Settings;
use syrinx_decode::DecodeConfig;
use syrinx_engine::{Chunk, Engine, EngineError, MergedAnswer};
use syrinx_task::{AnswerKind, Answered, Request, TaskDescriptor, Transcript};
use syrinx_types::{Event, RunContext};

use crate::answer::{self, Destination, Form};
use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;
use crate::verbs::command::{FIELD, FORMAT, LINES, LIVE, OUT, RESUME, SAMPLING, STREAM, kind_of};
use crate::verbs::lines::{self, LinesArgs};
use crate::verbs::recognize::Recognition;
use crate::verbs::written::GrowingWav;

/// Answers the requests of a command line.
pub fn run(
    session: &Session,
    descriptor: &'static TaskDescriptor,
    matches: &ArgMatches,
) -> Outcome {
    let sampling: Vec<(String, String)> = SAMPLING
        .iter()
        .filter_map(|(flag, key, _)| {
            // Only speech has these flags; to ask others for them would panic.
            let given = matches.try_get_one::<String>(flag).ok().flatten()?;
            Some(((*key).to_owned(), given.clone()))
        })
        .collect();
    let settings = session.settings(&sampling)?.value;
    let resume = matches.try_get_one::<bool>(RESUME).ok().flatten() == Some(&true);
    if let Some(file) = matches.try_get_one::<String>(LINES).ok().flatten() {
        let fields = requests(descriptor, matches)?.remove(0);
        let form = matches.get_one::<String>(FORMAT).map_or("", String::as_str);
        let form = Form::of(descriptor, form, session.globals.json);
        let out = matches.get_one::<String>(OUT).map_or("", String::as_str);
        let args = LinesArgs { descriptor, fields: &fields, file, out, resume, form: &form };
        return lines::run(session, &settings, &args);
    }
    let stream = matches.try_get_one::<bool>(STREAM).ok().flatten() == Some(&true);
    let live = matches.try_get_one::<u32>(LIVE).ok().flatten().copied();
    if live.is_some() || stream && is_standard_input(descriptor, matches) {
        let form = matches.get_one::<String>(FORMAT).map_or("", String::as_str);
        let form = Form::of(descriptor, form, session.globals.json);
        if live.is_some()
            && !(is_standard_input(descriptor, matches) && live_fits(&settings, &form))
        {
            return Err(Failure::usage(
                "--live takes sound from standard input, with the model's own recognizer, as text or JSON",
                "name - as the recording, and leave --recognizer and subtitles out",
            ));
        }
        let engine = session.engine(&settings)?;
        let (decode, run) = (&settings.decode, session.run(&settings));
        let work = TaskRun { session, engine: &engine, descriptor, decode, run, form: &form };
        return match live {
            Some(rate_hz) => work.transcribe_live(rate_hz),
            None => work.stream_incoming(&fields(descriptor, matches)?),
        };
    }
    let mut requests = requests(descriptor, matches)?;
    let batch = requests.len() > 1;
    let form = matches.get_one::<String>(FORMAT).map_or("", String::as_str);
    let form = Form::of(descriptor, form, session.globals.json);
    let out = matches.get_one::<String>(OUT).map(String::as_str);
    let destination = Destination::new(descriptor.answer, out, requests.len(), &form)?;
    destination.check_distinct(requests.iter().map(|r| name_of(descriptor, r)), &form)?;
    if resume {
        requests.retain(|request| {
            let name = name_of(descriptor, request);
            let done = destination.holds(name, &form);
            if done {
                session.say(&format!("{name} is done already"));
            }
            !done
        });
        if requests.is_empty() {
            return Ok(());
        }
    }
    if let Some(choice) =
        settings.recognizer.as_ref().filter(|_| descriptor.answer == AnswerKind::Text)
    {
        let (settings, to, form) = (&settings, &destination, &form);
        let recognition = Recognition { session, descriptor, settings, to, form };
        return recognition.run(choice, &requests);
    }
    let engine = session.engine(&settings)?;
    let (decode, run) = (&settings.decode, session.run(&settings));
    let work = TaskRun { session, engine: &engine, descriptor, decode, run, form: &form };
    work.answer_all(&requests, &destination, batch, stream)
}

/// Returns the name of a request among others: its recording's.
fn name_of<'r>(descriptor: &TaskDescriptor, request: &'r Value) -> &'r str {
    request.get(descriptor.verb.positional).and_then(Value::as_str).unwrap_or_default()
}

/// Whether the text or the recording of a command line is standard input.
fn is_standard_input(descriptor: &TaskDescriptor, matches: &ArgMatches) -> bool {
    let given = matches.get_many::<String>(&format!("{FIELD}{}", descriptor.verb.positional));
    given.into_iter().flatten().eq(["-"])
}

fn live_fits(settings: &Settings, form: &Form) -> bool {
    settings.recognizer.is_none() && matches!(form, Form::Text | Form::Json)
}

/// Fields of a request that are flags.
fn fields(descriptor: &TaskDescriptor, matches: &ArgMatches) -> Outcome<Map<String, Value>> {
    let schema = (descriptor.request_schema)().to_value();
    let mut fields = Map::new();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if name == descriptor.verb.positional {
            continue;
        }
        let id = format!("{FIELD}{name}");
        if let Some(value) = field_value(matches, &id, kind_of(&schema, property))? {
            fields.insert(name.clone(), value);
        }
    }
    Ok(fields)
}

/// Returns a request a recording; texts are one request.
fn requests(descriptor: &TaskDescriptor, matches: &ArgMatches) -> Outcome<Vec<Value>> {
    let fields = fields(descriptor, matches)?;
    let id = format!("{FIELD}{}", descriptor.verb.positional);
    let positional: Vec<String> =
        matches.get_many::<String>(&id).into_iter().flatten().cloned().collect();
    let field = descriptor.verb.positional;
    let with = |value: String| {
        let mut request = fields.clone();
        request.insert(field.to_owned(), json!(value));
        Value::Object(request)
    };
    if positional.is_empty() {
        return Ok(vec![Value::Object(fields)]);
    }
    if descriptor.takes_recording(field) {
        return Ok(positional.into_iter().map(with).collect());
    }
    let text = if positional == ["-"] { standard_input()? } else { positional.join(" ") };
    Ok(vec![with(text)])
}

fn field_value(matches: &ArgMatches, id: &str, kind: &str) -> Outcome<Option<Value>> {
    if kind == "boolean" {
        return Ok(matches.get_flag(id).then_some(json!(true)));
    }
    let given: Vec<&String> = matches.get_many::<String>(id).into_iter().flatten().collect();
    let Some(first) = given.first() else { return Ok(None) };
    let parsed = |text: &str| {
        serde_json::from_str::<Value>(text).map_err(|e| {
            let flag = id.trim_start_matches(FIELD).replace('_', "-");
            Failure::usage(
                format!("--{flag} {text}: that is no {kind} ({e})"),
                "`syrinx tasks show` lists the fields with their types",
            )
        })
    };
    Ok(Some(match kind {
        "integer" | "number" | "object" => parsed(first)?,
        "array" => given.iter().map(|text| parsed(text).unwrap_or_else(|_| json!(text))).collect(),
        _ => json!(first),
    }))
}

/// Returns all of standard input as text.
pub fn standard_input() -> Outcome<String> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .read_to_string(&mut text)
        .map_err(|e| Failure::reading("standard input", &e))?;
    Ok(text)
}

/// Requests to one task.
pub(super) struct TaskRun<'a> {
    pub(super) session: &'a Session,
    pub(super) engine: &'a Engine,
    pub(super) descriptor: &'static TaskDescriptor,
    pub(super) decode: &'a DecodeConfig,
    pub(super) run: RunContext<'a>,
    pub(super) form: &'a Form,
}

impl TaskRun<'_> {
    fn parts(
        &self,
        request: &Value,
        each: &mut dyn FnMut(Chunk) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let (id, request) = (self.descriptor.id, Request::new(request.clone()));
        self.engine.run_marked(id, &request, self.decode, self.run, each)
    }

    /// Answers requests one after another; in a batch one that is broken does not end the others.
    fn answer_all(
        &self,
        requests: &[Value],
        to: &Destination,
        batch: bool,
        stream: bool,
    ) -> Outcome {
        let mut first_failure = None;
        // Answers on standard output show by themselves how far it is.
        let counted = batch && matches!(to, Destination::Folder(_));
        let (job, total) = (format!("{} recordings", requests.len()), requests.len() as u64);
        let tell = |event: Event| {
            if counted {
                self.session.sink().emit(event);
            }
        };
        tell(Event::JobStarted { name: job.clone(), total: Some(total) });
        for (done, request) in (1..).zip(requests) {
            let outcome =
                if stream { self.stream(request) } else { self.answer(request, to, batch) };
            match outcome {
                Ok(()) => {}
                // The other files of a batch don't suffer from one that is broken.
                Err(failure) if failure.exit == Exit::BadInput && batch => {
                    self.session.report(&failure);
                    first_failure.get_or_insert(Failure {
                        hint: Some("see above for each of them".into()),
                        message: "not every file could be used".into(),
                        ..failure
                    });
                }
                Err(failure) => return Err(failure),
            }
            let note = name_of(self.descriptor, request).to_owned();
            tell(Event::JobProgress { name: job.clone(), done, note });
        }
        tell(Event::JobFinished { name: job, summary: format!("{total} recordings") });
        first_failure.map_or(Ok(()), Err)
    }

    /// Warns of a recording without words, and of recognized words that are likely to be wrong.
    fn warn(&self, request: &Value, answered: &Answered) {
        let known_text = self.descriptor.capabilities.known_text;
        let recognized = known_text.is_none_or(|field| request[field].is_null());
        let confidence = answered.transcript().and_then(Transcript::low_confidence);
        let is_text = self.descriptor.answer == AnswerKind::Text;
        let message = match confidence.filter(|_| recognized) {
            Some(confidence) => format!("the words are uncertain (confidence {confidence:.2})"),
            None if is_text && answer::text_of(answered).is_empty() => "no speech found".into(),
            None => return,
        };
        self.session.say(&format!("warning: {}: {message}", name_of(self.descriptor, request)));
    }

    /// Answers a request; in a batch printed lines begin with its name.
    pub(super) fn answer(&self, request: &Value, to: &Destination, batch: bool) -> Outcome {
        let mut whole = MergedAnswer::default();
        let mut putting: Outcome = Ok(());
        // Plain text goes out part by part, so that hours of it can be read, and piped, as they are made.
        let live = *self.form == Form::Text && *to == Destination::Standard;
        let name = name_of(self.descriptor, request);
        let mut growing = match (self.form, to.path(name, self.form)) {
            (Form::Wav(format, _), Some(path)) => Some(GrowingWav::new(path, *format)),
            _ => None,
        };
        let outcome = self.parts(request, &mut |mut part| {
            if live {
                let line = answer::text_of(&part.answered);
                let line = if batch { format!("{name}: {line}") } else { line };
                putting = self.session.print(&line);
            }
            if let Some(growing) = &mut growing {
                putting = growing.take(&mut part);
            }
            if putting.is_err() {
                return Err(EngineError::Cancelled);
            }
            whole.push(part)
        });
        putting?;
        let parts = whole.chunks();
        if let Some(answered) = whole.answered() {
            self.warn(request, answered);
        }
        let there = match growing {
            Some(growing) => growing.finish(&whole)?,
            None => None,
        };
        let written = match (whole.into_answered(), there) {
            (Some(answered), Some((path, seconds))) => {
                Some(answer::report(self.session, &answered, self.form, &[(path, seconds)])?)
            }
            (Some(answered), None) if !live => {
                Some(answer::write(self.session, &answered, self.form, to, name)?)
            }
            (Some(_), None) => Some("printed".to_owned()),
            (None, _) => None,
        };
        match (outcome, written) {
            (Ok(()), _) => Ok(()),
            (Err(EngineError::Cancelled), Some(kept)) => Err(Failure::interrupted(format!(
                "the {parts} parts that were finished are {kept}"
            ))),
            (Err(error), _) => Err(error.into()),
        }
    }
}
