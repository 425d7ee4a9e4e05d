//! Verbs of tasks, made from what the registry says: each field of a request is a flag, one stands without.

use std::io::Read as _;
use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, ValueHint};
use serde_json::{Map, Value, json};
use syrinx_config::Tree;
use syrinx_task::{AnswerKind, Answered, TaskDescriptor};

use crate::answer::{self, Destination, Form};
use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;
use crate::verbs::requests::TaskRequests;
use crate::verbs::{lines, recognize};

/// Argument names; request fields are prefixed, so that they can't clash with them.
const OUT: &str = "out";
const FORMAT: &str = "format";
const STREAM: &str = "stream";
const FIELD: &str = "field.";
const LINES: &str = "lines";
const RESUME: &str = "resume";

/// Flags for the settings that are changed most often.
const SAMPLING: [(&str, &str, &str); 6] = [
    (
        "temperature",
        "decode.codes.temperature",
        "Randomness of the speech; 0 takes the likeliest codes",
    ),
    ("top-p", "decode.codes.top_p", "Draw among the likeliest codes that hold this share"),
    ("top-k", "decode.codes.top_k", "Draw among so many of the likeliest codes; 0 for all"),
    (
        "repetition-penalty",
        "decode.codes.repetition_penalty",
        "Make codes that came before less likely; 1 for none",
    ),
    ("guidance", "decode.guidance", "Follow the text more closely; 1 for none"),
    (
        "best-of",
        "decode.best_of",
        "Make so many candidates and keep the one that is understood best",
    ),
];

/// The command of a task.
pub fn task_command(descriptor: &'static TaskDescriptor) -> Command {
    let verb = descriptor.verb;
    let mut summary = descriptor.summary.to_owned();
    if let Some(first) = summary.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let mut command = Command::new(verb.name)
        .about(summary)
        .after_help(format!(
            "Example:\n  {}\n\n`syrinx tasks show {}` prints the request's and the answer's fields in full.",
            verb.example, descriptor.id
        ));
    let schema = (descriptor.request_schema)().to_value();
    let required =
        |name: &str| schema["required"].as_array().is_some_and(|r| r.iter().any(|v| v == name));
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let recording = descriptor.takes_recording(name);
        let mut help = first_sentence(property["description"].as_str().unwrap_or_default());
        if name == verb.positional {
            help.push_str("; - for standard input");
        } else if kind_of(&schema, property) == "array" {
            help.push_str("; may be repeated");
        }
        let mut arg = Arg::new(leaked(format!("{FIELD}{name}"))).help(help);
        if recording {
            arg = arg.value_hint(ValueHint::FilePath);
        }
        arg = if name == verb.positional {
            let value_name = if recording { "FILE" } else { "TEXT" };
            let arg = arg
                .value_name(value_name)
                .num_args(1..)
                .action(ArgAction::Append)
                .required(required(name));
            // A text may come from the lines of a file instead.
            if !recording && descriptor.answer == AnswerKind::Speech && required(name) {
                arg.required(false).required_unless_present(LINES)
            } else {
                arg
            }
        } else {
            field_flag(arg.long(leaked(name.replace('_', "-"))), &schema, property)
                .required(required(name))
        };
        command = command.arg(arg);
    }
    let text = !descriptor.takes_recording(verb.positional);
    match descriptor.answer {
        AnswerKind::Speech if text => speech_args(command).arg(lines_arg()).arg(resume_arg()),
        AnswerKind::Speech => speech_args(command).arg(resume_arg()),
        AnswerKind::Text => command
            .arg(resume_arg())
            .arg(out_arg("Write here instead of standard output; a folder for several files"))
            .arg(format_arg(&["text", "json", "srt", "vtt"], "How to write it")),
        AnswerKind::Phones => command
            .arg(out_arg("Write here instead of standard output"))
            .arg(format_arg(&phone_forms(descriptor), "Which field of the answer to write")),
        AnswerKind::Data => command
            .arg(out_arg("Write here instead of standard output; a folder for several files"))
            .arg(format_arg(&["text", "json"], "How to write it")),
    }
}

/// Names of arguments live as long as the program. They are few and made once.
fn leaked(name: String) -> &'static str {
    Box::leak(name.into_boxed_str())
}

fn speech_args(mut command: Command) -> Command {
    command = command
        .arg(out_arg("Where to write the WAV file; - for standard output").default_value("out.wav"))
        .arg(format_arg(&["int16", "float32"], "Samples of the WAV file"))
        .arg(
            Arg::new(STREAM)
                .long(STREAM)
                .action(ArgAction::SetTrue)
                .help("Write each sentence as soon as it is spoken (to standard output)"),
        );
    for (flag, _, help) in SAMPLING {
        command = command
            .arg(Arg::new(flag).long(flag).value_name("N").help(help).help_heading("Sampling"));
    }
    command
}

fn lines_arg() -> Arg {
    Arg::new(LINES).long(LINES).value_name("FILE").value_hint(ValueHint::FilePath).help(
        "Speak every line of this file, a text or JSON, to a file of its own in the folder -o",
    )
}

fn resume_arg() -> Arg {
    Arg::new(RESUME)
        .long(RESUME)
        .action(ArgAction::SetTrue)
        .help("Leave out what is in the folder -o already")
}

/// `-o FILE`.
fn out_arg(help: &'static str) -> Arg {
    Arg::new(OUT)
        .short('o')
        .long("out")
        .value_name("FILE")
        .value_hint(ValueHint::AnyPath)
        .help(help)
}

fn format_arg(forms: &[&'static str], help: &'static str) -> Arg {
    Arg::new(FORMAT)
        .long(FORMAT)
        .value_name("FORM")
        .value_parser(forms.to_vec())
        .default_value(forms[0])
        .help(help)
}

/// The answer's texts that can be written alone: `phones` first, JSON last.
fn phone_forms(descriptor: &TaskDescriptor) -> Vec<&'static str> {
    let schema = (descriptor.answer_schema)().to_value();
    let texts = schema["properties"].as_object().into_iter().flatten();
    let others = texts
        .filter(|(name, p)| p["type"] == "string" && *name != "phones")
        .map(|(name, _)| leaked(name.clone()));
    std::iter::once("phones").chain(others).chain(["json"]).collect()
}

fn field_flag(arg: Arg, schema: &Value, property: &Value) -> Arg {
    match kind_of(schema, property) {
        "boolean" => arg.action(ArgAction::SetTrue),
        "array" => arg.action(ArgAction::Append).value_name("VALUE"),
        "integer" | "number" => arg.value_name("N"),
        "object" => arg.value_name("JSON"),
        _ => arg.value_name("TEXT"),
    }
}

/// The type of a property, the first that isn't null.
fn kind_of<'s>(schema: &'s Value, property: &'s Value) -> &'s str {
    let property = Tree(schema).resolved(property);
    let choices = ["anyOf", "oneOf"].into_iter().filter_map(|k| property[k].as_array()).flatten();
    let mut kinds = choices.map(|c| kind_of(schema, c)).filter(|k| *k != "null");
    match &property["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).find(|k| *k != "null").unwrap_or("string")
        }
        _ if property["const"].is_string() || property["enum"].is_array() => "string",
        _ => kinds.next().unwrap_or("object"),
    }
}

fn first_sentence(text: &str) -> String {
    text.split(". ").next().unwrap_or_default().trim_end_matches('.').replace('\n', " ")
}

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
        return lines::run(session, &settings, (descriptor, &fields), (file, out, resume), &form);
    }
    let requests = requests(descriptor, matches)?;
    let form = matches.get_one::<String>(FORMAT).map_or("", String::as_str);
    let form = Form::of(descriptor, form, session.globals.json);
    let out = matches.get_one::<String>(OUT).map(String::as_str);
    let destination = Destination::new(descriptor.answer, out, requests.len(), &form)?;
    let stream = matches.try_get_one::<bool>(STREAM).ok().flatten() == Some(&true);
    if let Some(choice) =
        settings.recognizer.as_ref().filter(|_| descriptor.answer == AnswerKind::Text)
    {
        let output = (&destination, &form);
        return recognize::run(session, descriptor, (&settings, choice), &requests, output);
    }
    let engine = session.engine(&settings)?;
    let (decode, run) = (&settings.decode, session.run(&settings));
    let service = TaskRequests { session, engine: &engine, descriptor, decode, run, form: &form };
    let mut first_failure = None;
    for request in &requests {
        if resume && destination.holds(service.name(request), &form) {
            session.say(&format!("{} is done already", service.name(request)));
            continue;
        }
        let outcome = if stream {
            service.stream(request)
        } else {
            service.answer(request, &destination, requests.len() > 1)
        };
        match outcome {
            Ok(()) => {}
            // The other files of a batch don't suffer from one that is broken.
            Err(failure) if failure.exit == Exit::BadInput && requests.len() > 1 => {
                failure.report();
                first_failure.get_or_insert(Failure {
                    hint: Some("see above for each of them".into()),
                    message: "not every file could be used".into(),
                    ..failure
                });
            }
            Err(failure) => return Err(failure),
        }
    }
    first_failure.map_or(Ok(()), Err)
}

/// A request a recording; texts are one request.
fn requests(descriptor: &TaskDescriptor, matches: &ArgMatches) -> Outcome<Vec<Value>> {
    let schema = (descriptor.request_schema)().to_value();
    let mut fields = Map::new();
    let mut positional: Vec<String> = Vec::new();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let id = format!("{FIELD}{name}");
        if name == descriptor.verb.positional {
            positional = matches.get_many::<String>(&id).into_iter().flatten().cloned().collect();
        } else if let Some(value) = field_value(matches, &id, &schema, property)? {
            fields.insert(name.clone(), value);
        }
    }
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

fn field_value(
    matches: &ArgMatches,
    id: &str,
    schema: &Value,
    property: &Value,
) -> Outcome<Option<Value>> {
    let kind = kind_of(schema, property);
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
                "`syrinx tasks show` says what fits",
            )
        })
    };
    Ok(Some(match kind {
        "integer" | "number" | "object" => parsed(first)?,
        "array" => given.iter().map(|text| parsed(text).unwrap_or_else(|_| json!(text))).collect(),
        _ => json!(first),
    }))
}

/// All of standard input as text.
pub fn standard_input() -> Outcome<String> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .read_to_string(&mut text)
        .map_err(|e| Failure::reading("standard input", &e))?;
    Ok(text)
}

/// `align`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  syrinx align talk.wav \"What is said in it.\" --format srt")]
pub struct AlignArgs {
    /// The recording; - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    audio: String,
    /// Transcript of the recording; - to read it from standard input
    #[arg(value_name = "TEXT", num_args = 1.., required = true)]
    text: Vec<String>,
    /// Output format
    #[arg(long, value_name = "FORM", default_value = "text", value_parser = ["text", "json", "srt", "vtt"])]
    format: String,
    /// Write here instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Option<String>,
}

/// Times of the words of a known text.
pub fn align(session: &Session, args: &AlignArgs) -> Outcome {
    let settings = session.settings(&[])?.value;
    let text = if args.text == ["-"] { standard_input()? } else { args.text.join(" ") };
    let engine = session.engine(&settings)?;
    let audio = engine.load(&args.audio)?;
    session.check()?;
    let answered = Answered::new(engine.align(&audio, &text, session.run(&settings))?);
    let form = match (session.globals.json, args.format.as_str()) {
        (true, _) | (_, "json") => Form::Json,
        (_, "srt") => Form::Srt,
        (_, "vtt") => Form::Vtt,
        _ => Form::Times,
    };
    let to = args.out.as_deref().filter(|o| *o != "-");
    let to = to.map_or(Destination::Standard, |o| Destination::File(Path::new(o).into()));
    answer::write(session, &answered, &form, &to, &args.audio).map(|_| ())
}
