//! Files with known contents, one row each in `files.jsonl`: rate, frames, peak and main tone, or the error.

use std::f64::consts::TAU;
use std::fs;

use serde::Deserialize;
use syrinx_audio::{Audio, AudioWarning, ReadLimits, read_from, read_from_warned};

use crate::data;

const ROWS: &str = include_str!("files.jsonl");

/// One file and its right values.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    file: String,
    #[serde(default)]
    rate_hz: u32,
    #[serde(default)]
    frames: usize,
    #[serde(default)]
    frames_tol: usize,
    #[serde(default)]
    peak: f32,
    #[serde(default = "default_peak_tol")]
    peak_tol: f32,
    hz: Option<f64>,
    warning: Option<String>,
    error: Option<String>,
}

fn default_peak_tol() -> f32 {
    0.02
}

/// Share of a recording's power that a sine of the given frequency explains.
fn share_of_tone(audio: &Audio, hz: f64) -> f64 {
    let step = TAU * hz / f64::from(audio.sample_rate_hz);
    let mean =
        audio.samples.iter().map(|&x| f64::from(x)).sum::<f64>() / audio.samples.len() as f64;
    let (mut re, mut im, mut power) = (0.0, 0.0, 0.0);
    for (i, &x) in audio.samples.iter().enumerate() {
        let x = f64::from(x) - mean;
        let angle = step * i as f64;
        re += x * angle.cos();
        im += x * angle.sin();
        power += x * x;
    }
    2.0 * (re * re + im * im) / (audio.samples.len() as f64 * power)
}

fn check(row: &Row, bytes: &[u8], warnings: &[AudioWarning], audio: &Audio) {
    let file = &row.file;
    assert_eq!(row.error, None, "{file} was read");
    assert_eq!(audio.sample_rate_hz, row.rate_hz, "{file}");
    let off = audio.samples.len().abs_diff(row.frames);
    assert!(off <= row.frames_tol, "{file}: {} frames", audio.samples.len());
    let peak = audio.samples.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
    assert!((peak - row.peak).abs() <= row.peak_tol, "{file}: a peak of {peak}");
    if let Some(hz) = row.hz.filter(|&hz| hz < 4000.0) {
        let share = share_of_tone(audio, hz);
        assert!(share > 0.5, "{file}: {share} of the power at {hz} Hz");
    }
    let said: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    match &row.warning {
        Some(part) => assert!(said.iter().any(|s| s.contains(part)), "{file}: {said:?}"),
        None => assert!(said.is_empty(), "{file}: {said:?}"),
    }
    assert_eq!(&read_from(bytes, file, &ReadLimits::default()).unwrap(), audio, "{file}");
}

#[test]
fn files_are_read_as_they_were_made() {
    for line in ROWS.lines() {
        let row: Row = serde_json::from_str(line).unwrap();
        let bytes = fs::read(data("cases").join(&row.file)).unwrap();
        let mut warnings = Vec::new();
        let read =
            read_from_warned(&bytes[..], &row.file, &ReadLimits::default(), &mut |warning| {
                warnings.push(warning);
            });
        match read {
            Ok(audio) => check(&row, &bytes, &warnings, &audio),
            Err(error) => {
                let expected = row.error.as_deref().unwrap_or("no error");
                assert!(error.to_string().contains(expected), "{}: {error}", row.file);
                assert!(error.hint().is_some(), "{error}");
            }
        }
    }
}
