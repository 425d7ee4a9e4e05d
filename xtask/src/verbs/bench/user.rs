//! `bench user`: the program as its users meet it, each command a process that loads the embedded model.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::Value;

use super::record;
use crate::project::{build_program, root, shell};
use crate::trials::record::TrialRecord;
use crate::trials::weak::{machine, median};

#[derive(Debug, Args)]
pub struct UserArgs {
    /// Rounds; in each every command takes its turn, and medians count
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Characters of the long text
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    characters: usize,
    /// Minutes of the recording that is transcribed
    #[arg(long, default_value_t = 10, value_name = "N")]
    minutes: usize,
    /// Program to measure instead of a new build
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Write the output to evals/reports/speed/user.txt too
    #[arg(long)]
    record: bool,
}

/// Characters of the short text.
const SHORT: usize = 100;

/// Figures with their unit, over all rounds.
#[derive(Default)]
struct Figures(Vec<(&'static str, &'static str, Vec<f64>)>);

impl Figures {
    fn add(&mut self, name: &'static str, unit: &'static str, value: f64) {
        match self.0.iter_mut().find(|(known, ..)| *known == name) {
            Some((.., values)) => values.push(value),
            None => self.0.push((name, unit, vec![value])),
        }
    }

    /// Returns a line for each: median, smallest and largest.
    fn table(&self) -> String {
        let mut lines = vec![["", "median", "least", "most", ""].map(str::to_owned).to_vec()];
        for (name, unit, values) in &self.0 {
            let mut values = values.clone();
            let middle = median(&mut values);
            let ends = [values.first(), values.last()].map(|v| v.copied().unwrap_or(f64::NAN));
            let [middle, least, most] = [middle, ends[0], ends[1]].map(|v| format!("{v:.3}"));
            lines.push(vec![(*name).to_owned(), middle, least, most, (*unit).to_owned()]);
        }
        crate::table::table(&lines)
    }
}

/// Duration and peak memory of a process that ended well.
struct Ran {
    seconds: f64,
    peak_mib: f64,
}

pub fn run(args: &UserArgs) -> Result<()> {
    let program = match &args.program {
        Some(program) => program.clone(),
        None => build_program(&shell()?)?,
    };
    let folder = root().join("target/bench-user");
    fs::create_dir_all(&folder)?;
    let path = |name: &str| folder.join(name).display().to_string();
    let texts = [text(SHORT)?, text(args.characters)?];
    let mut figures = Figures::default();
    for round in 0..args.rounds.max(1) {
        let events = path("events.jsonl");
        // Files of an earlier round would be read again.
        let _ = fs::remove_file(&events);
        let begun = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
        let word = ran(&program, &["say", "Yes.", "-o", &path("word.wav"), "--events", &events])?;
        figures.add("say, one word: start to the first step", "s", first_event(&events)? - begun);
        figures.add("say, one word: start to the end", "s", word.seconds);
        figures.add("say, one word: peak memory", "MiB", word.peak_mib);
        let speed = Command::new(&program)
            .args(["bench", "speed", "--times", "1", "--json"])
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(speed.status.success(), "`bench speed` ended with {}", speed.status);
        let speed: Value = serde_json::from_slice(&speed.stdout)?;
        let figure = |name: &str| speed[name].as_f64().with_context(|| name.to_owned());
        figures.add("say, one sentence, with loading", "x its length", figure("say_rtf")?);
        figures.add("transcribe, five sentences", "x their length", figure("transcribe_rtf")?);
        figures.add(
            "codec there and back, one core",
            "x real time",
            figure("codec_times_real_time")?,
        );
        // Long requests cost minutes: three rounds of them are enough.
        if round < 3 {
            long(&program, &texts, &path("long.wav"), args.minutes, &mut figures)?;
        }
    }
    let limits = Command::new(&program).args(["bench", "machine"]).output()?;
    let mut out = TrialRecord::new("cargo xtask bench user");
    out.say(machine());
    out.say(String::from_utf8_lossy(&limits.stdout).trim());
    out.say("The machine is shared with other work; every round runs all commands in turn.");
    out.say(figures.table());
    match args.record {
        true => record(&out, "user"),
        false => Ok(()),
    }
}

/// Speaks a short and a long text, and recognizes the long recording.
fn long(
    program: &Path,
    [short, long]: &[String; 2],
    wav: &str,
    minutes: usize,
    figures: &mut Figures,
) -> Result<()> {
    let mut per_character = Vec::new();
    for text in [short, long] {
        let spoken = ran(program, &["say", text, "-o", wav])?;
        per_character.push(spoken.seconds / text.chars().count() as f64);
    }
    let [short_s, long_s] = [per_character[0], per_character[1]];
    figures.add("say, 100 characters: time per character", "ms", 1e3 * short_s);
    figures.add("say, long text: time per character", "ms", 1e3 * long_s);
    figures.add("say, long text over 100 characters", "x", long_s / short_s);
    let seconds = repeated(wav, minutes)?;
    let recognition = ran(program, &["transcribe", wav, "--json"])?;
    figures.add("transcribe, long recording", "x its length", recognition.seconds / seconds);
    figures.add("transcribe, long recording: peak memory", "MiB", recognition.peak_mib);
    Ok(())
}

/// Returns sentences of the Harvard lists of at least `characters` characters together.
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

/// Runs a command of the program to its end.
fn ran(program: &Path, words: &[&str]) -> Result<Ran> {
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(words)
        .arg("--quiet")
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| program.display().to_string())?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak_mib = 0.0f64;
    loop {
        let peak = fs::read_to_string(&status).ok().and_then(|text| {
            let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
            line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()
        });
        peak_mib = peak_mib.max(peak.unwrap_or_default() / 1024.0);
        if let Some(ended) = child.try_wait()? {
            ensure!(ended.success(), "`{} ...` ended with {ended}", words[0]);
            return Ok(Ran { seconds: begun.elapsed().as_secs_f64(), peak_mib });
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_come_with_their_range() {
        let mut figures = Figures::default();
        for value in [3.0, 1.0, 2.0] {
            figures.add("say", "s", value);
        }
        let table = figures.table();
        let line = table.lines().find(|l| l.starts_with("say")).unwrap();
        assert_eq!(
            line.split_whitespace().collect::<Vec<_>>(),
            ["say", "2.000", "1.000", "3.000", "s"]
        );
    }

    #[test]
    fn texts_are_as_long_as_asked_at_most() {
        for characters in [SHORT, 10_000] {
            let length = text(characters).unwrap().chars().count();
            assert!(length <= characters && length + 60 > characters, "{length}");
        }
    }
}
