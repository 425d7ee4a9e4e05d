//! `score`.

use clap::{Args, ValueHint};

use crate::failure::Outcome;
use crate::session::Session;
use crate::table::table;
use crate::verbs::task::standard_input;

/// `score`.
#[derive(Debug, Args)]
#[command(
    after_help = "CODES is the log-probability of the recording's level-1 codes by the synthesis stage, given the text and the codes before each (teacher forcing). PHONES is that of the text's phones by the recognizer, aligned to the recording. Both are means over the frames of a word. GOODNESS of pronunciation is PHONES less the log-probability of the most probable phones at the same time: 0 is best.\n\nExample:\n  syrinx score \"The birch canoe slid on the smooth planks.\" canoe.wav"
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
    let number = |x: f64| format!("{x:.2}");
    let codes = |x: Option<f64>| x.map_or("-".into(), number);
    let mut rows: Vec<[String; 6]> = score
        .words
        .iter()
        .map(|w| {
            let (start, end, codes) = (number(w.start_s), number(w.end_s), codes(w.code_log_prob));
            [w.word.clone(), start, end, codes, number(w.log_prob), number(w.goodness)]
        })
        .collect();
    let (log_prob, goodness) = (number(score.log_prob), number(score.goodness));
    let codes = codes(score.code_log_prob);
    rows.push(["all words".into(), String::new(), String::new(), codes, log_prob, goodness]);
    session.print(&table(["WORD", "START", "END", "CODES", "PHONES", "GOODNESS"], &rows))
}
