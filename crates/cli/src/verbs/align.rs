//! `align`: times of the words of a known text.

use clap::{Args, ValueHint};
use syrinx_task::{AnswerKind, Answered};

use crate::answer::{self, Destination, Form};
use crate::failure::Outcome;
use crate::session::Session;
use crate::verbs::task::standard_input;

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
pub fn run(session: &Session, args: &AlignArgs) -> Outcome {
    let settings = session.settings(&[])?.value;
    let text = if args.text == ["-"] { standard_input()? } else { args.text.join(" ") };
    let form = match (session.globals.json, args.format.as_str()) {
        (true, _) | (_, "json") => Form::Json,
        (_, "srt") => Form::Srt,
        (_, "vtt") => Form::Vtt,
        _ => Form::Times,
    };
    let to = Destination::new(AnswerKind::Text, args.out.as_deref(), 1, &form)?;
    let engine = session.engine(&settings)?;
    let answered = Answered::new(engine.align_file(&args.audio, &text, session.run(&settings))?);
    answer::write(session, &answered, &form, &to, &args.audio).map(|_| ())
}
