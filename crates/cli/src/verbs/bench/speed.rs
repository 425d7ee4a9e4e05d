//! Speed of synthesis, recognition and coding.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use clap::Args;
use serde_json::{Value, json};
use syrinx_recipes::{RecipeError, codec_speed};
use syrinx_registry::ALL;
use syrinx_task::TaskDescriptor;

use super::{fail, middle, without};
use crate::failure::Outcome;
use crate::session::Session;
use crate::table::table;

/// Text of the measurements: five sentences of the Harvard lists. Synthesis of one sentence uses the first.
const SENTENCES: [&str; 5] = [
    "The birch canoe slid on the smooth planks.",
    "Glue the sheet to the dark blue background.",
    "It's easy to tell the depth of a well.",
    "These days a chicken leg is a rare dish.",
    "Rice is often served in round bowls.",
];

/// Environment variables that set the number of threads of a process.
const THREADS: [&str; 2] = ["RAYON_NUM_THREADS", "CANDLE_NUM_THREADS"];

#[derive(Debug, Args)]
pub struct SpeedArgs {
    /// Number of measurements of each; the result is their median
    #[arg(long, default_value_t = 3, value_name = "N")]
    times: usize,
    /// Measure only the codec, on this recording, in this process
    #[arg(long, hide = true, value_name = "FILE")]
    here: Option<String>,
}

/// Returns the verb of the first task for which `fits` is true.
fn verb_of(fits: fn(&TaskDescriptor) -> bool, purpose: &'static str) -> Outcome<&'static str> {
    let task = ALL.iter().find(|task| fits(task));
    Ok(task.ok_or(RecipeError::NoTask { purpose })?.verb.name)
}

/// Measures synthesis and recognition, each in a process that loads the model as for a user, and the codec alone.
pub fn run(session: &Session, args: &SpeedArgs) -> Outcome {
    if let Some(audio) = &args.here {
        return session.print_json(&codec(session, audio, args.times.max(1))?);
    }
    let folder = tempfile::tempdir().map_err(|e| fail(e.to_string()))?;
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (one, five) = (file("one.wav"), file("five.wav"));
    let say = verb_of(TaskDescriptor::speaks_text, "speaks a text")?;
    let transcribe = verb_of(TaskDescriptor::transcribes, "recognizes speech")?;
    let measure = |name: &str, words: &[&str]| -> Outcome<f64> {
        session.say(&format!("measuring {name}"));
        let mut times = Vec::new();
        for _ in 0..args.times.max(1) {
            session.check()?;
            let start = Instant::now();
            again(words, None)?;
            times.push(start.elapsed().as_secs_f64());
        }
        Ok(middle(&times))
    };
    let say_s = measure("one sentence", &[say, SENTENCES[0], "-o", &one])?;
    again(&[say, &SENTENCES.concat(), "-o", &five], None)?;
    let transcribe_s = measure("recognition", &[transcribe, &five])?;
    session.say("measuring the codec on one core");
    let times = args.times.to_string();
    let codec = again(&["bench", "speed", "--here", &five, "--times", &times], Some(1))?;
    let codec: Value = serde_json::from_slice(&codec).map_err(|e| fail(e.to_string()))?;
    let figures = json!({
        "threads": rayon::current_num_threads(),
        "say_rtf": say_s / seconds(&one)?,
        "transcribe_rtf": transcribe_s / seconds(&five)?,
        "codec_times_real_time": codec["times_real_time"],
    });
    if session.globals.json {
        return session.print_json(&figures);
    }
    session.print(&shown(&figures))
}

/// Measures encoding plus decoding in this process, as a multiple of real time.
fn codec(session: &Session, audio: &str, times: usize) -> Outcome<Value> {
    let engine = session.engine(&session.settings(&[])?.value)?;
    let audio = engine.load(audio)?;
    let times_real_time = codec_speed(engine.codec(), &audio, times, &session.cancel)?;
    Ok(json!({ "times_real_time": times_real_time }))
}

/// Runs this program in another process with the same model and settings; returns its output.
fn again(words: &[&str], threads: Option<usize>) -> Outcome<Vec<u8>> {
    let program = std::env::current_exe().map_err(|e| fail(e.to_string()))?;
    let mut command = Command::new(program);
    command.args(everywhere(std::env::args().skip(1))).args(words).arg("--json").arg("--quiet");
    if let Some(threads) = threads {
        command.envs(THREADS.map(|name| (name, threads.to_string())));
    }
    let output = command.stderr(Stdio::inherit()).output().map_err(|e| fail(e.to_string()))?;
    if !output.status.success() {
        return Err(fail(format!("`syrinx {}` ended with {}", words.join(" "), output.status)));
    }
    Ok(output.stdout)
}

/// Returns the global flags of the command line: model and settings.
fn everywhere(args: impl Iterator<Item = String>) -> Vec<String> {
    let own = ["bench", "speed", "--json", "-q", "--quiet", "-v", "--verbose"];
    without(args, &own, &["--times"])
}

fn seconds(wav: &str) -> Outcome<f64> {
    let audio = syrinx_audio::read(Path::new(wav)).map_err(|e| fail(e.to_string()))?;
    Ok(audio.seconds())
}

fn shown(figures: &Value) -> String {
    let number = |name: &str, digits: usize| {
        figures[name].as_f64().map_or_else(|| "-".to_owned(), |v| format!("{v:.digits$}"))
    };
    let rows = [
        ("synthesis, one sentence, with loading".to_owned(), number("say_rtf", 2), "x its length"),
        ("recognition, five sentences".to_owned(), number("transcribe_rtf", 3), "x their length"),
        (
            "codec there and back, one core".to_owned(),
            number("codec_times_real_time", 1),
            "x real time",
        ),
    ];
    let rows: Vec<[String; 3]> = rows.into_iter().map(|(a, b, c)| [a, b, c.to_owned()]).collect();
    let threads = figures["threads"].as_u64().unwrap_or_default();
    format!("{threads} threads\n{}", table(["WHAT", "TIME", ""], &rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_asked_again_with_the_same_model() {
        let check = |line: &str, expected: &str| {
            let kept = everywhere(line.split(' ').map(str::to_owned));
            assert_eq!(kept.join(" "), expected);
        };
        check("--model a bench speed --times 3 --json", "--model a");
        check("bench speed --times=3 -q --set device=cpu", "--set device=cpu");
    }
}
