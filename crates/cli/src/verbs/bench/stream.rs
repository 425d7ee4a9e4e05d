//! Latency and underruns of streaming synthesis.

use clap::Args;
use serde_json::{Value, json};
use syrinx_recipes::StreamingBench;

use crate::failure::{Failure, Outcome};
use crate::session::Session;
use crate::table::table;

#[derive(Debug, Args)]
pub struct StreamArgs {
    /// File of sentences, one a line
    #[arg(long, default_value = "evals/data/harvard-1-300.txt", value_name = "FILE")]
    sentences: String,
    /// Number of sentences
    #[arg(long, default_value_t = 20, value_name = "N")]
    count: usize,
}

/// Measures with a loaded model, once alone and once with a concurrent request.
pub fn run(session: &Session, args: &StreamArgs) -> Outcome {
    let settings = session.settings(&[])?.value;
    let text = std::fs::read_to_string(&args.sentences)
        .map_err(|e| Failure::reading(&args.sentences, &e))?;
    let sentences: Vec<&str> =
        text.lines().map(str::trim).filter(|l| !l.is_empty()).take(args.count.max(1)).collect();
    let engine = session.engine(&settings)?;
    let bench = StreamingBench::new(&engine, &settings.decode)?;
    let mut rows: Vec<Value> = Vec::new();
    for (name, concurrent) in [("alone", false), ("beside another", true)] {
        session.say(&format!("measuring {} sentences {name}", sentences.len()));
        let mut row = json!(bench.measure(&sentences, concurrent, &session.cancel)?);
        row["name"] = json!(name);
        rows.push(row);
    }
    if session.globals.json {
        return session.print_json(&rows);
    }
    let ms = |v: &Value| format!("{:.0} ms", 1000.0 * v.as_f64().unwrap_or(f64::NAN));
    let line = |f: &Value| {
        let name = f["name"].as_str().unwrap_or_default().to_owned();
        let factor = format!("{:.2}", f["real_time_factor"].as_f64().unwrap_or(f64::NAN));
        [name, ms(&f["first_p50_s"]), ms(&f["first_p95_s"]), factor, f["underruns"].to_string()]
    };
    let rows: Vec<[String; 5]> = rows.iter().map(line).collect();
    session.print(&table(["", "FIRST SOUND P50", "P95", "RTF", "UNDERRUNS"], &rows))
}
