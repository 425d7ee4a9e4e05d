//! Latency of streaming recognition.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use syrinx_recipes::LiveBench;
use syrinx_types::Audio;

use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;
use crate::table::table;

/// `bench live`.
#[derive(Debug, Args)]
pub struct LiveArgs {
    /// Folder of recordings
    #[arg(long, default_value = "evals/data/unseen/audio", value_name = "DIR")]
    recordings: PathBuf,
    /// Number of recordings; also joined to one long recording
    #[arg(long, default_value_t = 20, value_name = "N")]
    count: usize,
}

/// Measures each recording by itself, and all of them concatenated.
pub fn run(session: &Session, args: &LiveArgs) -> Outcome {
    let settings = session.settings(&[])?.value;
    let engine = session.engine(&settings)?;
    let folder = args.recordings.display().to_string();
    let mut files: Vec<PathBuf> = std::fs::read_dir(&args.recordings)
        .map_err(|e| Failure::reading(&folder, &e))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();
    files.truncate(args.count.max(1));
    let mut recordings: Vec<Audio> = Vec::with_capacity(files.len());
    for file in &files {
        recordings.push(engine.load(&file.display().to_string())?);
    }
    let (Some(first), Some(joined)) = (recordings.first(), LiveBench::joined(&recordings)) else {
        return Err(Failure::new(Exit::BadInput, format!("{folder}: holds no recording")));
    };
    let bench = LiveBench::new(&engine, first)?;
    let mut rows: Vec<Value> = Vec::new();
    for (name, recordings) in [("one by one", &recordings[..]), ("as one", &[joined][..])] {
        let mut row = json!(bench.measure(recordings, &session.cancel)?);
        row["name"] = json!(name);
        rows.push(row);
    }
    if session.globals.json {
        return session.print_json(&rows);
    }
    let line = |f: &Value| {
        let number =
            |key: &str, digits: usize| format!("{:.digits$}", f[key].as_f64().unwrap_or(f64::NAN));
        [
            f["name"].as_str().unwrap_or_default().to_owned(),
            f["words"].to_string(),
            number("delay_p50_s", 2) + " s",
            number("delay_p95_s", 2) + " s",
            format!("{} of {}", f["same_text"], f["recordings"]),
            number("real_time_factor", 2),
        ]
    };
    let rows: Vec<[String; 6]> = rows.iter().map(line).collect();
    session.print(&table(["", "WORDS", "DELAY P50", "P95", "AS OFFLINE", "RTF"], &rows))
}
