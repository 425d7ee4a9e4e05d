//! `score`.

use clap::{Args, ValueHint};

use crate::failure::Outcome;
use crate::session::Session;
use crate::table::table;
use crate::verbs::task::standard_input;

/// `score`.
#[derive(Debug, Args)]
#[command(
    after_help = "The log-probability is that of the recognizer for the text's phones, which are aligned to the recording; a mean over frames of 20 ms. Goodness of pronunciation is this less the log-probability of the most probable phones at the same time: 0 is best.\n\nExample:\n  syrinx score \"The birch canoe slid on the smooth planks.\" canoe.wav"
)]
pub struct ScoreArgs {
    /// The text; - to read it from standard input
    #[arg(value_name = "TEXT")]
    text: String,
    /// The recording; - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    audio: String,
}

/// Scores the words of a text in a recording.
pub fn run(session: &Session, args: &ScoreArgs) -> Outcome {
    let settings = session.settings(&[])?.value;
    let text = if args.text == "-" { standard_input()? } else { args.text.clone() };
    let engine = session.engine(&settings)?;
    let audio = engine.load(&args.audio)?;
    session.check()?;
    let score = engine.score(&audio, &text, session.run(&settings))?;
    if session.globals.json {
        return session.print_json(&score);
    }
    let mut rows: Vec<[String; 5]> = score
        .words
        .iter()
        .map(|w| {
            let number = |x: f64| format!("{x:.2}");
            let (start, end) = (number(w.start_s), number(w.end_s));
            [w.word.clone(), start, end, number(w.log_prob), number(w.goodness)]
        })
        .collect();
    let (log_prob, goodness) = (format!("{:.2}", score.log_prob), format!("{:.2}", score.goodness));
    rows.push(["all words".into(), String::new(), String::new(), log_prob, goodness]);
    session.print(&table(["WORD", "START", "END", "LOG-PROB", "GOODNESS"], &rows))
}
