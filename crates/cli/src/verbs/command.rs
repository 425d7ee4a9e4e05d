//! Commands of tasks, built from the registry: each field of a request is a flag, and one field is positional.

use clap::{Arg, ArgAction, Command, ValueHint};
use syrinx_task::{AnswerKind, FieldKind, TaskDescriptor};

/// Names of arguments. Request fields have a prefix, so that they can't have the same names.
pub(super) const OUT: &str = "out";
pub(super) const FORMAT: &str = "format";
pub(super) const STREAM: &str = "stream";
pub(super) const LIVE: &str = "live";
pub(super) const FIELD: &str = "field.";
pub(super) const LINES: &str = "lines";
pub(super) const RESUME: &str = "resume";

/// Flags for common sampling settings: flag, key, help.
pub(super) const SAMPLING: [(&str, &str, &str); 6] = [
    (
        "temperature",
        "decode.codes.temperature",
        "Randomness of the speech; 0 takes the likeliest codes",
    ),
    ("top-p", "decode.codes.top_p", "Draw among the likeliest codes that hold this share"),
    ("top-k", "decode.codes.top_k", "Draw among the N likeliest codes; 0 for all"),
    (
        "repetition-penalty",
        "decode.codes.repetition_penalty",
        "Make codes that came before less likely; 1 for none",
    ),
    ("guidance", "decode.guidance", "Follow the text more closely; 1 for none"),
    ("best-of", "decode.best_of", "Make N candidates and keep the one that is recognized best"),
];

/// Returns the command of a task.
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
    for field in (descriptor.request_fields)() {
        let (name, required) = (field.name.as_str(), field.required);
        let recording = descriptor.takes_recording(name);
        let mut help = first_sentence(&field.about);
        if name == verb.positional {
            // Unquoted words are joined to one text, as in `say Glue the sheet`.
            help.push_str(if recording {
                "; - for standard input"
            } else {
                "; several are joined to one text, - for standard input"
            });
        } else if field.is_list() {
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
                // A text may be a number: syrinx say -2
                .allow_negative_numbers(true)
                .required(required);
            // The text is optional, since `--lines` provides texts, too.
            if !recording && descriptor.answer == AnswerKind::Speech && required {
                arg.required(false).required_unless_present(LINES)
            } else {
                arg
            }
        } else {
            field_flag(arg.long(leaked(name.replace('_', "-"))), field.kind).required(required)
        };
        command = command.arg(arg);
    }
    let text = !descriptor.takes_recording(verb.positional);
    match descriptor.answer {
        AnswerKind::Speech if text => speech_args(command).arg(lines_arg()).arg(resume_arg()),
        AnswerKind::Speech => speech_args(command).arg(resume_arg()),
        AnswerKind::Text => command
            .arg(live_arg())
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

/// Leaks a name of an argument, since clap needs static names. There are few names, each built once.
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
                .help("Write speech to standard output while it is made; with the text - each sentence as soon as it is complete"),
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

fn live_arg() -> Arg {
    Arg::new(LIVE)
        .long(LIVE)
        .value_name("HZ")
        .value_parser(clap::value_parser!(u32).range(8_000..=48_000))
        .conflicts_with_all([OUT, RESUME])
        .help("Print words as they become certain, with times; standard input is 16-bit mono samples of this rate without a header. Sound of more than 8 s is recognized in parts, so its words may differ from those of the whole file")
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

/// Returns the text fields of the answer that can be the output, and `json`.
fn phone_forms(descriptor: &TaskDescriptor) -> Vec<&'static str> {
    descriptor.capabilities.forms.iter().copied().chain(["json"]).collect()
}

fn field_flag(arg: Arg, kind: FieldKind) -> Arg {
    match kind {
        FieldKind::Boolean => arg.action(ArgAction::SetTrue),
        FieldKind::Texts | FieldKind::List => arg.action(ArgAction::Append).value_name("VALUE"),
        FieldKind::Number => arg.value_name("N"),
        FieldKind::Object => arg.value_name("JSON"),
        FieldKind::Text => arg.value_name("TEXT"),
    }
}

fn first_sentence(text: &str) -> String {
    text.split(". ").next().unwrap_or_default().trim_end_matches('.').to_owned()
}
