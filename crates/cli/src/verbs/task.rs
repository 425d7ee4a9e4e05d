//! Verbs of tasks: requests from a command line, answers to their destination.

use std::io::Read as _;

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde_json::{Map, Value, json};
use syrinx_config::Settings;
use syrinx_decode::DecodeConfig;
use syrinx_engine::{Chunk, Engine, EngineError, MergedAnswer};
use syrinx_recipes::{OtherRecognition, SpeechFile};
use syrinx_task::{AnswerKind, Answered, FieldDescriptor, FieldKind, Request, TaskDescriptor};
use syrinx_types::{Event, RunContext};

use crate::answer::{self, Destination, Form};
use crate::failure::{Failure, Outcome};
use crate::session::Session;
use crate::verbs::batch::Batch;
use crate::verbs::command::{FIELD, FORMAT, LINES, LIVE, OUT, RESUME, SAMPLING, STREAM};
use crate::verbs::lines::{self, LinesArgs};
use crate::verbs::recognize::Recognition;

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
    let given_out = matches.value_source(OUT) == Some(ValueSource::CommandLine);
    if stream && given_out && matches.get_one::<String>(OUT).is_some_and(|out| out != "-") {
        return Err(Failure::usage(
            "--stream writes sound to standard output, and -o names another place",
            "leave one of them out",
        ));
    }
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
    let batch = Batch::of(requests.len());
    let form = matches.get_one::<String>(FORMAT).map_or("", String::as_str);
    let form = Form::of(descriptor, form, session.globals.json);
    let out = matches.get_one::<String>(OUT).map(String::as_str);
    let destination = Destination::new(descriptor.answer, out, requests.len(), &form)?;
    destination.check_distinct(requests.iter().map(|r| answer::name_of(descriptor, r)), &form)?;
    if resume {
        requests.retain(|request| {
            let name = answer::name_of(descriptor, request);
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
    if let Some(recognizer) = OtherRecognition::open(descriptor, &settings)? {
        let (recognizer, to, form) = (&recognizer, &destination, &form);
        let recognition = Recognition { session, descriptor, recognizer, to, form };
        return recognition.run(&requests, session.run(&settings));
    }
    let engine = session.engine(&settings)?;
    let (decode, run) = (&settings.decode, session.run(&settings));
    let work = TaskRun { session, engine: &engine, descriptor, decode, run, form: &form };
    work.answer_all(&requests, &destination, batch, stream)
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
    let mut fields = Map::new();
    for field in (descriptor.request_fields)() {
        if field.name == descriptor.verb.positional {
            continue;
        }
        if let Some(value) = field_value(matches, &field)? {
            fields.insert(field.name, value);
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

fn field_value(matches: &ArgMatches, field: &FieldDescriptor) -> Outcome<Option<Value>> {
    let id = format!("{FIELD}{}", field.name);
    if field.kind == FieldKind::Boolean {
        return Ok(matches.get_flag(&id).then_some(json!(true)));
    }
    let given = matches.get_many::<String>(&id).into_iter().flatten().map(String::as_str);
    field.read(given).map_err(|fault| {
        Failure::usage(
            format!("--{}: {fault}", field.name.replace('_', "-")),
            "`syrinx tasks show` lists the fields with their types",
        )
    })
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
        mut batch: Batch,
        stream: bool,
    ) -> Outcome {
        let several = batch.is_several();
        // Answers on standard output show by themselves how far it is.
        let counted = several && matches!(to, Destination::Folder(_));
        let (job, total) = (format!("{} recordings", requests.len()), requests.len() as u64);
        let tell = |event: Event| {
            if counted {
                self.session.sink().emit(event);
            }
        };
        tell(Event::JobStarted { name: job.clone(), total: Some(total) });
        for (done, request) in (1..).zip(requests) {
            let outcome =
                if stream { self.stream(request) } else { self.answer(request, to, several) };
            batch.take(self.session, outcome)?;
            let note = answer::name_of(self.descriptor, request).to_owned();
            tell(Event::JobProgress { name: job.clone(), done, note });
        }
        tell(Event::JobFinished { name: job, summary: format!("{total} recordings") });
        batch.finish()
    }

    /// Answers a request; in a batch printed lines begin with its name.
    pub(super) fn answer(&self, request: &Value, to: &Destination, batch: bool) -> Outcome {
        let mut whole = MergedAnswer::default();
        let mut putting: Outcome = Ok(());
        // Plain text goes out part by part, so that hours of it can be read, and piped, as they are made.
        let live = *self.form == Form::Text && *to == Destination::Standard;
        let name = answer::name_of(self.descriptor, request);
        let mut growing = match (self.form, to.path(name, self.form)) {
            (Form::Wav(format, _), Some(path)) => Some(SpeechFile::new(path, *format)),
            _ => None,
        };
        let outcome = self.parts(request, &mut |mut part| {
            if live {
                let line = answer::text_of(&part.answered);
                let line = if batch { format!("{name}: {line}") } else { line };
                putting = self.session.print(&line);
            }
            if let Some(growing) = &mut growing {
                putting = growing.take(&mut part).map_err(Failure::from);
            }
            if putting.is_err() {
                return Err(EngineError::Cancelled);
            }
            whole.push(part)
        });
        putting?;
        let parts = whole.chunks();
        if let Some(transcript) = whole.answered().and_then(Answered::transcript)
            && self.descriptor.answer == AnswerKind::Text
        {
            answer::warn_of_doubt(self.session, self.descriptor, request, transcript);
        }
        let there = match growing {
            Some(growing) => growing.finish(&whole)?,
            None => None,
        };
        let written = match (whole.into_answered(), there) {
            (Some(answered), Some(speech)) => {
                Some(answer::report(self.session, &answered, self.form, &speech)?)
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
