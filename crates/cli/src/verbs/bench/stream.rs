//! Latency and underruns of streamed speech.

use std::time::Instant;

use clap::Args;
use serde_json::json;
use syrinx_decode::DecodeConfig;
use syrinx_engine::{Chunk, Engine, SpeechPortion, TakeSound};
use syrinx_registry::ALL;
use syrinx_task::{Request, TaskDescriptor};
use syrinx_types::{CancelToken, RunContext};

use super::{fail, quantile};
use crate::failure::Outcome;
use crate::session::Session;
use crate::table::table;

/// Text of the other request: long enough to last as long as any sentence.
const OTHER: &str =
    "The smell of the raw meadow came across the hills, and nobody said a word about it.";

#[derive(Debug, Args)]
pub struct StreamArgs {
    /// File of sentences, one a line
    #[arg(long, default_value = "evals/data/harvard-1-300.txt", value_name = "FILE")]
    sentences: String,
    /// Number of sentences
    #[arg(long, default_value_t = 20, value_name = "N")]
    count: usize,
}

/// One sentence as it was streamed.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Streamed {
    first_s: f64,
    whole_s: f64,
    length_s: f64,
    /// Longest time for which a player had to wait after it began, seconds.
    dry_s: f64,
}

/// Measures with the model loaded, alone and loaded another request.
pub fn run(session: &Session, args: &StreamArgs) -> Outcome {
    let settings = session.settings(&[])?.value;
    let text = std::fs::read_to_string(&args.sentences)
        .map_err(|e| crate::failure::Failure::reading(&args.sentences, &e))?;
    let sentences: Vec<&str> =
        text.lines().map(str::trim).filter(|l| !l.is_empty()).take(args.count.max(1)).collect();
    let engine = session.engine(&settings)?;
    let decode = settings.decode.clone().streaming();
    let task = speaking()?;
    // The first request of a process also pays for what is built once.
    stream(&engine, task, sentences.first().unwrap_or(&OTHER), &decode)?;
    let mut rows = Vec::new();
    for (name, loaded) in [("alone", false), ("beside another", true)] {
        session.say(&format!("measuring {} sentences {name}", sentences.len()));
        let streamed = measure(session, (&engine, task), &sentences, &decode, loaded)?;
        rows.push((name, streamed));
    }
    let figures: Vec<_> = rows.iter().map(|(name, streamed)| figures(name, streamed)).collect();
    if session.globals.json {
        return session.print_json(&figures);
    }
    let ms = |v: &serde_json::Value| format!("{:.0} ms", 1000.0 * v.as_f64().unwrap_or(f64::NAN));
    let line = |f: &serde_json::Value| {
        let name = f["name"].as_str().unwrap_or_default().to_owned();
        let factor = format!("{:.2}", f["real_time_factor"].as_f64().unwrap_or(f64::NAN));
        [name, ms(&f["first_p50_s"]), ms(&f["first_p95_s"]), factor, f["underruns"].to_string()]
    };
    let rows: Vec<[String; 5]> = figures.iter().map(line).collect();
    session.print(&table(["", "FIRST SOUND P50", "P95", "RTF", "UNDERRUNS"], &rows))
}

/// The task that speaks a text in a voice.
fn speaking() -> Outcome<&'static TaskDescriptor> {
    ALL.iter()
        .find(|d| d.speaks_text())
        .copied()
        .ok_or_else(|| fail("no task of this program speaks".into()))
}

fn measure(
    session: &Session,
    (engine, task): (&Engine, &'static TaskDescriptor),
    sentences: &[&str],
    decode: &DecodeConfig,
    loaded: bool,
) -> Outcome<Vec<Streamed>> {
    let stop = CancelToken::default();
    std::thread::scope(|scope| {
        if loaded {
            scope.spawn(|| {
                let request = Request::new(json!({ task.verb.positional: OTHER }));
                while !stop.is_cancelled() {
                    // Ends with the measurement, by the token.
                    let _ = engine.run(task.id, &request, decode, RunContext::quiet(&stop));
                }
            });
        }
        let mut streamed = Vec::with_capacity(sentences.len());
        let outcome: Outcome = sentences.iter().try_for_each(|sentence| {
            session.check()?;
            streamed.push(stream(engine, task, sentence, decode)?);
            Ok(())
        });
        stop.cancel();
        outcome.map(|()| streamed)
    })
}

fn stream(
    engine: &Engine,
    task: &'static TaskDescriptor,
    text: &str,
    decode: &DecodeConfig,
) -> Outcome<Streamed> {
    let begun = Instant::now();
    let rate_hz = f64::from(engine.codec_id().info.sample_rate_hz);
    let mut arrivals: Vec<(f64, usize)> = Vec::new();
    let mut sound = |s: SpeechPortion<'_>| {
        if !s.samples.is_empty() {
            arrivals.push((begun.elapsed().as_secs_f64(), s.samples.len()));
        }
    };
    let mut length_s = 0.0;
    let mut each = |chunk: Chunk| {
        length_s += chunk.answered.audio().map_or(0.0, |audio| audio.seconds());
        Ok(())
    };
    let cancel = CancelToken::default();
    let request = Request::new(json!({ task.verb.positional: text }));
    let sound = Some(&mut sound as &mut TakeSound<'_>);
    let run = RunContext::quiet(&cancel);
    engine.run_streaming(task.id, &request, decode, run, sound, &mut each)?;
    let whole_s = begun.elapsed().as_secs_f64();
    let first_s = arrivals.first().map_or(whole_s, |a| a.0);
    let dry_s = waited(&arrivals, rate_hz);
    Ok(Streamed { first_s, whole_s, length_s, dry_s })
}

/// Longest wait of a player that begins with the first samples, seconds.
fn waited(arrivals: &[(f64, usize)], rate_hz: f64) -> f64 {
    let Some(&(first, _)) = arrivals.first() else { return 0.0 };
    let (mut had_s, mut longest) = (0.0, 0.0f64);
    for &(at, samples) in arrivals {
        longest = longest.max(at - first - had_s);
        had_s += samples as f64 / rate_hz;
    }
    longest
}

fn figures(name: &str, streamed: &[Streamed]) -> serde_json::Value {
    let first_s: Vec<f64> = streamed.iter().map(|h| h.first_s).collect();
    let sum = |value: fn(&Streamed) -> f64| streamed.iter().map(value).sum::<f64>();
    json!({
        "name": name, "sentences": streamed.len(),
        "first_p50_s": quantile(&first_s, 0.5), "first_p95_s": quantile(&first_s, 0.95),
        "real_time_factor": sum(|h| h.whole_s) / sum(|h| h.length_s),
        "underruns": streamed.iter().filter(|h| h.dry_s > 0.0).count(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_player_waits_where_samples_come_late() {
        assert_eq!(waited(&[], 10.0), 0.0);
        assert_eq!(waited(&[(0.5, 10), (1.4, 10), (2.0, 10)], 10.0), 0.0);
        let late = waited(&[(0.5, 10), (1.75, 10), (2.0, 10)], 10.0);
        assert!((late - 0.25).abs() < 1e-9, "{late}");
    }
}
