//! Latency of recognition while sound is coming in.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde_json::json;
use syrinx_engine::{Engine, LiveTranscript, MergedAnswer};
use syrinx_registry::ALL;
use syrinx_task::{AnswerKind, Request, TaskDescriptor, Transcript};
use syrinx_types::{Audio, CancelToken, RunContext};

use super::{fail, quantile};
use crate::failure::Outcome;
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

/// A recording as it was recognized while it came in.
#[derive(Debug, Default)]
struct Seen {
    /// Seconds from the end of each word to the moment at which it became certain.
    delays_s: Vec<f64>,
    /// Seconds of computation.
    computed_s: f64,
    length_s: f64,
    text: String,
}

/// Measures recordings one by one, and all of them as one.
pub fn run(session: &Session, args: &LiveArgs) -> Outcome {
    let settings = session.settings(&[])?.value;
    let engine = session.engine(&settings)?;
    let recognizes =
        |d: &&&TaskDescriptor| d.answer == AnswerKind::Text && d.takes_recording(d.verb.positional);
    let task = ALL.iter().find(recognizes).copied();
    let task = task.ok_or_else(|| fail("no task of this program recognizes speech".into()))?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(&args.recordings)
        .map_err(|e| crate::failure::Failure::reading(&args.recordings.display().to_string(), &e))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();
    files.truncate(args.count.max(1));
    let mut recordings = Vec::with_capacity(files.len());
    for file in &files {
        recordings.push(engine.load(&file.display().to_string())?);
    }
    let mut long = Audio { samples: Vec::new(), ..recordings[0].clone() };
    for recording in &recordings {
        long.samples.extend_from_slice(&recording.samples);
        long.samples.extend(Audio::silence(0.5, long.sample_rate_hz).samples);
    }
    // The first request of a process also pays for what is built once.
    recognize(&engine, task, &recordings[0])?;
    let mut rows = Vec::new();
    for (name, recordings) in [("one by one", &recordings[..]), ("as one", &[long][..])] {
        let mut figures = (Vec::new(), 0, 0.0, 0.0);
        for recording in recordings {
            session.check()?;
            let seen = recognize_live(&engine, task, recording)?;
            let offline = recognize(&engine, task, recording)?.text;
            figures.0.extend(seen.delays_s);
            figures.1 += usize::from(seen.text == offline);
            figures.2 += seen.computed_s;
            figures.3 += seen.length_s;
        }
        let (delays, same, computed_s, length_s) = figures;
        rows.push(json!({
            "name": name, "recordings": recordings.len(), "seconds": length_s, "words": delays.len(),
            "delay_p50_s": quantile(&delays, 0.5), "delay_p95_s": quantile(&delays, 0.95),
            "same_text": same, "real_time_factor": computed_s / length_s,
        }));
    }
    if session.globals.json {
        return session.print_json(&rows);
    }
    let line = |f: &serde_json::Value| {
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

/// Recognizes a recording as if it came in at the speed at which it was made. Time passes in the recording, not on the
/// clock: sound comes in while the last recognition computes.
fn recognize_live(
    engine: &Engine,
    task: &'static TaskDescriptor,
    recording: &Audio,
) -> Outcome<Seen> {
    let rate_hz = recording.sample_rate_hz;
    let bytes: Vec<u8> = recording
        .samples
        .iter()
        .flat_map(|x| ((x * 32768.0).round().clamp(-32768.0, 32767.0) as i16).to_le_bytes())
        .collect();
    let (mut live, mut seen) = (LiveTranscript::new(rate_hz), Seen::default());
    seen.length_s = recording.seconds();
    let (mut now_s, mut pushed) = (0.0, 0);
    loop {
        let come = (2 * (now_s * f64::from(rate_hz)) as usize).min(bytes.len());
        live.push(&bytes[pushed..come.max(pushed)]);
        pushed = come.max(pushed);
        let ended = pushed == bytes.len();
        if !ended && !live.is_due() {
            now_s += 0.02;
            continue;
        }
        let Some(audio) = live.audio() else { return Ok(seen) };
        let begun = Instant::now();
        let transcript = recognize(engine, task, &audio)?;
        let took_s = begun.elapsed().as_secs_f64();
        (now_s, seen.computed_s) = (now_s + took_s, seen.computed_s + took_s);
        let update = live.update(&transcript.text, transcript.words, ended);
        seen.delays_s.extend(update.words.iter().map(|w| now_s - w.end_s));
        if ended {
            seen.text = update.text;
            return Ok(seen);
        }
    }
}

fn recognize(engine: &Engine, task: &'static TaskDescriptor, audio: &Audio) -> Outcome<Transcript> {
    let (mut whole, cancel) = (MergedAnswer::default(), CancelToken::default());
    let request = Request::new(json!({})).with_recording(task.verb.positional, audio.clone());
    let decode = syrinx_decode::DecodeConfig::default();
    let each = &mut |chunk| whole.push(chunk);
    engine.run_in_chunks(task.id, &request, &decode, RunContext::quiet(&cancel), each)?;
    let answered = whole.into_answered();
    Ok(answered.and_then(|a| a.transcript().cloned()).unwrap_or_default())
}
