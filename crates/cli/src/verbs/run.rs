//! `run`: any request of any task, in JSON.

use clap::{Args, ValueHint};
use serde_json::{Value, json};
use syrinx_audio::{WavFormat, write_target};

use crate::failure::{Failure, Outcome};
use crate::session::Session;
use crate::verbs::task::{standard_input, whole};

/// `run`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  syrinx run tts --request '{\"text\": \"Hello.\"}' -o hello.wav\n  syrinx run stt --request '{\"audio\": \"mem:talk\"}' --attach talk=talk.wav\n  syrinx run g2p --request @request.json\n\nThe answer goes to standard output as JSON, recordings to files named after -o."
)]
pub struct RunArgs {
    /// The task's identifier (`syrinx tasks` lists them)
    task: String,
    /// The request: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON")]
    request: String,
    /// A recording that the request names mem:NAME; may be repeated
    #[arg(long, value_name = "NAME=FILE")]
    attach: Vec<String>,
    /// Where to write the first recording; further ones are named after it
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
    let mut options = session.options(&settings);
    for pair in &args.attach {
        let Some((name, file)) = pair.split_once('=') else {
            return Err(Failure::usage(
                format!("--attach {pair}: that is no NAME=FILE"),
                "for instance --attach talk=talk.wav",
            ));
        };
        options.attachments.insert(name.to_owned(), engine.load(file)?);
    }
    let answered = whole(&engine, &args.task, &request, &options, session)?;
    let mut json = answered.json;
    for (i, (field, audio)) in answered.recordings.iter().enumerate() {
        let out = if i == 0 {
            args.out.clone()
        } else {
            format!("{}-{field}.wav", args.out.trim_end_matches(".wav"))
        };
        write_target(&out, audio, WavFormat::Int16)?;
        json[field] = json!(out);
    }
    if args.out == "-" && !answered.recordings.is_empty() {
        Ok(())
    } else {
        session.print_json(&json)
    }
}
