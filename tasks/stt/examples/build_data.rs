//! Makes the data files of this crate and of `syrinx-speech` from the training split of a corpus:
//!
//! ```sh
//! cargo xtask corpus --sentences sentences.txt
//! cargo run --example build_data -- manifest.jsonl tasks/stt/data crates/speech/data sentences.txt
//! ```
//!
//! `bigrams.deflate`: which words follow which ([`BigramCounts::to_lines`], raw deflate), in the texts of the split and
//! in more sentences, a line each, but for all that is said in the corpus's test split. `phone_parts.txt`: how many parts
//! of 20 ms each phone sounds. `spectrum.txt`: the mean long-term spectrum of recordings of the split
//! ([`SpectralProfile`]). With `--spectrum MANIFEST FOLDER` only the last one is made.

use std::collections::BTreeSet;

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{Compression, write::DeflateEncoder};
use serde_json::Value;

use syrinx_speech::Units;
use syrinx_task_stt::{BigramCounts, SpectralProfile, phone_labels};
use syrinx_text::{normalize, normalize_for_scoring};
use syrinx_types::TimedPhone;

/// Parts a second.
const RATE_HZ: f64 = 50.0;

fn timed(line: &Value) -> Option<(Vec<TimedPhone>, f64, f64)> {
    let phones = line.get("phones")?.as_str()?.split_whitespace();
    let durations = line.get("durations_s")?.as_array()?.iter().filter_map(Value::as_f64);
    let timed = phones
        .zip(durations)
        .map(|(phone, duration_s)| TimedPhone { phone: phone.into(), duration_s });
    Some((timed.collect(), line.get("lead_s")?.as_f64()?, line.get("seconds")?.as_f64()?))
}

/// Returns the words of a text, however it is written.
fn words(text: &str) -> String {
    normalize_for_scoring(&normalize(text)).join(" ")
}

/// Bands of the long-term spectrum, and recordings that it is measured on.
const BANDS: usize = 32;
const RECORDINGS: usize = 200;

/// Writes the mean long-term spectrum of recordings of the training split, evenly spread.
fn write_spectrum(manifest: &Path, folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut paths = Vec::new();
    for line in std::fs::read_to_string(manifest)?.lines() {
        let line: Value = serde_json::from_str(line)?;
        if let (Some("train"), Some(audio)) = (line["split"].as_str(), line["audio"].as_str()) {
            paths.push(manifest.with_file_name(audio));
        }
    }
    let mut profiles = Vec::new();
    for path in paths.iter().step_by(paths.len().div_ceil(RECORDINGS).max(1)) {
        let audio = syrinx_audio::load(path, 24_000)?;
        profiles.extend(SpectralProfile::of(&audio, BANDS)?);
    }
    let mean = SpectralProfile::mean(&profiles).ok_or("no recordings")?;
    let levels: Vec<String> = mean.levels().iter().map(|level| format!("{level:.3}")).collect();
    Ok(std::fs::write(folder.join("spectrum.txt"), levels.join(" ") + "\n")?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from).peekable();
    if arguments.next_if(|first| first.as_os_str() == "--spectrum").is_some() {
        let (Some(manifest), Some(folder)) = (arguments.next(), arguments.next()) else {
            return Err("usage: build_data --spectrum MANIFEST FOLDER".into());
        };
        return write_spectrum(&manifest, &folder);
    }
    let mut argument = || arguments.next();
    let (Some(manifest), Some(folder), Some(of_speech)) = (argument(), argument(), argument())
    else {
        return Err("usage: build_data MANIFEST FOLDER FOLDER_OF_SPEECH [SENTENCES]".into());
    };
    write_spectrum(&manifest, &folder)?;
    // Several speakers read the same text: it counts once.
    let mut texts = BTreeSet::new();
    let mut tested = BTreeSet::new();
    let mut labels = Vec::new();
    for line in std::fs::read_to_string(&manifest)?.lines() {
        let line: Value = serde_json::from_str(line)?;
        let text = line["text"].as_str().map(words);
        if line["split"] == "test" {
            tested.extend(text);
            continue;
        }
        if line["split"] != "train" {
            continue;
        }
        texts.extend(text);
        if let Some((phones, lead_s, seconds)) = timed(&line) {
            let parts = (seconds * RATE_HZ).round() as usize;
            labels.extend(phone_labels(&phones, lead_s, parts, 1, RATE_HZ).unwrap_or_default());
        }
    }
    if let Some(sentences) = argument() {
        texts.extend(std::fs::read_to_string(sentences)?.lines().map(words));
    }
    texts.retain(|text| !tested.contains(text));
    let counts = BigramCounts::of_texts(texts.iter().map(String::as_str));
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::best());
    deflated.write_all(counts.to_lines().as_bytes())?;
    std::fs::write(folder.join("bigrams.deflate"), deflated.finish()?)?;
    std::fs::write(of_speech.join("phone_parts.txt"), Units::count_labels(labels))?;
    println!("{} texts", texts.len());
    Ok(())
}
