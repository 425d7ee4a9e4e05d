//! `run`: answers a request of any task, in JSON.

use clap::{Args, ValueHint};
use serde_json::{Value, json};
use syrinx_audio::{WavFormat, write_target};
use syrinx_task::Request;

use crate::failure::{Failure, Outcome};
use crate::session::Session;
use crate::verbs::task::standard_input;

/// `run`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx run tts --request '{\"text\": \"Hello.\"}' -o hello.wav\n  syrinx run stt --request '{\"audio\": \"talk.wav\"}'\n  syrinx run g2p --request @request.json\n\nThe answer goes to standard output as JSON, recordings to files named after -o."
)]
pub struct RunArgs {
    /// The task's identifier (`syrinx tasks` lists them)
    task: String,
    /// The request: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON")]
    request: String,
    /// File for the first recording; further ones are named after it
    #[arg(short, long, default_value = "out.wav", value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: String,
}

/// Answers the request.
pub fn run(session: &Session, args: &RunArgs) -> Outcome {
    let text = match args.request.as_str() {
        "-" => standard_input()?,
        given => match given.strip_prefix('@') {
            Some(path) => std::fs::read_to_string(path).map_err(|e| Failure::reading(path, &e))?,
            None => given.to_owned(),
        },
    };
    let request: Value = serde_json::from_str(&text).map_err(|e| Failure {
        exit: crate::failure::Exit::BadInput,
        message: format!("--request: that is no JSON ({e})"),
        hint: Some(format!("`syrinx tasks show {}` has the fields and an example", args.task)),
    })?;
    let settings = session.settings(&[])?.value;
    let engine = session.engine(&settings)?;
    engine.task(&args.task)?;
    let run = session.run(&settings);
    let answered = engine.run(&args.task, &Request::new(request), &settings.decode, run)?;
    let mut json = answered.json();
    let recordings = answered.recordings();
    for (i, (field, audio)) in recordings.iter().enumerate() {
        let out = if i == 0 {
            args.out.clone()
        } else {
            format!("{}-{field}.wav", args.out.trim_end_matches(".wav"))
        };
        write_target(&out, audio, WavFormat::Int16)?;
        json[field] = json!(out);
    }
    if args.out == "-" && !recordings.is_empty() { Ok(()) } else { session.print_json(&json) }
}
