//! `bench user`: commands as users run them, each in a process that loads the embedded model.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::Value;

use super::figures::Figures;
use super::{MeasureArgs, json_of, limits, number};
use crate::project::root;

#[derive(Debug, Args)]
pub struct UserArgs {
    #[command(flatten)]
    pub measure: MeasureArgs,
    /// Number of characters of the long text
    #[arg(long, default_value_t = CHARACTERS, value_name = "N")]
    characters: usize,
    /// Length of the transcribed recording, minutes
    #[arg(long, default_value_t = MINUTES, value_name = "N")]
    minutes: usize,
}

/// Standard length of the long text, characters.
const CHARACTERS: usize = 10_000;
/// Standard length of the long recording, minutes.
const MINUTES: usize = 60;
/// Length of the short text, characters.
const SHORT: usize = 100;

impl UserArgs {
    /// Builds the arguments of the standard measurement.
    pub fn standard(measure: MeasureArgs) -> Self {
        Self { measure, characters: CHARACTERS, minutes: MINUTES }
    }

    /// Whether text and recording have the lengths of the requirements.
    pub fn has_standard_sizes(&self) -> bool {
        self.characters == CHARACTERS && self.minutes == MINUTES
    }
}

/// Duration and peak memory of a successful process.
struct Ran {
    seconds: f64,
    peak_mb: f64,
}

/// Measures every command in a process of its own. Long requests take minutes, so they run once, after the rounds.
pub fn measure(args: &UserArgs, program: &Path) -> Result<Figures> {
    let folder = root().join("target/bench-user");
    fs::create_dir_all(&folder)?;
    let path = |name: &str| folder.join(name).display().to_string();
    let mut figures = Figures::default();
    let short = text(SHORT)?;
    for round in 1..=args.measure.rounds {
        eprintln!("user: round {round} of {}", args.measure.rounds);
        limits(program, &mut figures)?;
        let events = path("events.jsonl");
        // The file may contain events of an earlier round.
        let _ = fs::remove_file(&events);
        let begun = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
        let word = ran(program, &["say", "Yes.", "-o", &path("word.wav"), "--events", &events])?;
        figures.add("first_step", "s", first_event(&events)? - begun);
        figures.add("say_word", "s", word.seconds);
        figures.add("say_word_memory", "MB", word.peak_mb);
        let mut speed = Command::new(program);
        let speed = json_of(speed.args(["bench", "speed", "--times", "1", "--json"]))?;
        figures.add("say_rtf", "x its length", number(&speed, "/say_rtf")?);
        figures.add("transcribe_rtf", "x its length", number(&speed, "/transcribe_rtf")?);
        let codec = number(&speed, "/codec_times_real_time")?;
        figures.add("codec_times_real_time", "x real time, one core", codec);
        let spoken = ran(program, &["say", &short, "-o", &path("short.wav")])?;
        figures.add("say_100", "ms a character", per_character_ms(&spoken, &short));
    }
    long(args, program, &path("long.wav"), &mut figures)?;
    fs::remove_dir_all(&folder)?;
    Ok(figures)
}

/// Measures synthesis of a long text, and recognition of a long recording.
fn long(args: &UserArgs, program: &Path, wav: &str, figures: &mut Figures) -> Result<()> {
    eprintln!("user: say of {} characters", args.characters);
    let long = text(args.characters)?;
    let spoken = ran(program, &["say", &long, "-o", wav])?;
    let (short_ms, long_ms) = (figures.median("say_100"), per_character_ms(&spoken, &long));
    figures.add("say_long", "ms a character", long_ms);
    figures.add("say_long_memory", "MB", spoken.peak_mb);
    figures.add("say_long_over_100", "x", long_ms / short_ms.context("say_100")?);
    eprintln!("user: transcribe of {} minutes", args.minutes);
    let seconds = repeated(wav, args.minutes)?;
    let recognized = ran(program, &["transcribe", wav, "--json"])?;
    figures.add("transcribe_hour_rtf", "x its length", recognized.seconds / seconds);
    figures.add("transcribe_hour_memory", "MB", recognized.peak_mb);
    Ok(())
}

fn per_character_ms(spoken: &Ran, text: &str) -> f64 {
    1e3 * spoken.seconds / text.chars().count() as f64
}

/// Returns sentences of the Harvard lists with at least `characters` characters in total.
fn text(characters: usize) -> Result<String> {
    let lists = fs::read_to_string(root().join("evals/data/harvard-1-300.txt"))?;
    let mut text = String::new();
    for line in lists.lines().cycle() {
        let words = line.trim_start_matches(|c: char| c.is_ascii_digit() || c.is_whitespace());
        if text.chars().count() + words.chars().count() > characters && !text.is_empty() {
            break;
        }
        text = format!("{text}{}{words}", if text.is_empty() { "" } else { " " });
    }
    Ok(text)
}

/// Repeats the samples of a 16-bit WAV file for `minutes` minutes. Returns its length in seconds.
fn repeated(wav: &str, minutes: usize) -> Result<f64> {
    let bytes = fs::read(wav)?;
    let data = bytes.windows(4).position(|w| w == b"data").context("a WAV file has data")? + 8;
    let rate = bytes.get(28..32).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    let bytes_per_s = f64::from(rate.context("a WAV file has a rate")?);
    let wanted = (60.0 * minutes as f64 * bytes_per_s) as usize / 2 * 2;
    let samples: Vec<u8> = bytes[data..].iter().copied().cycle().take(wanted).collect();
    let mut out = bytes[..data].to_vec();
    out[4..8].copy_from_slice(&((data - 8 + wanted) as u32).to_le_bytes());
    out[data - 4..data].copy_from_slice(&(wanted as u32).to_le_bytes());
    out.extend(samples);
    fs::write(wav, out)?;
    Ok(wanted as f64 / bytes_per_s)
}

/// Returns the time of the first event, seconds since 1970.
fn first_event(path: &str) -> Result<f64> {
    let text = fs::read_to_string(path).with_context(|| path.to_owned())?;
    let event: Value = serde_json::from_str(text.lines().next().context("no event")?)?;
    event["at_s"].as_f64().context("an event has a time")
}

/// Runs a command of the program, and measures it.
fn ran(program: &Path, words: &[&str]) -> Result<Ran> {
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(words)
        .arg("--quiet")
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| program.display().to_string())?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak_mb = 0.0f64;
    loop {
        let peak = fs::read_to_string(&status).ok().and_then(|text| {
            let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
            line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()
        });
        // The kernel's kB are 1,024 bytes.
        peak_mb = peak_mb.max(peak.unwrap_or_default() * 1.024e-3);
        if let Some(ended) = child.try_wait()? {
            ensure!(ended.success(), "`{} ...` ended with {ended}", words[0]);
            return Ok(Ran { seconds: begun.elapsed().as_secs_f64(), peak_mb });
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_as_long_as_asked_at_most() {
        for characters in [SHORT, 10_000] {
            let length = text(characters).unwrap().chars().count();
            assert!(length <= characters && length + 60 > characters, "{length}");
        }
    }
}
