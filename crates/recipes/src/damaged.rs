//! Truncated recordings for tests of decoder warnings.

use std::path::{Path, PathBuf};

use syrinx_audio::{WavFormat, write_wav};
use syrinx_data::Utterance;
use syrinx_types::{Audio, Event, RecordingSink};

/// Returns a rising tone of `seconds` seconds.
pub(crate) fn tone(seconds: f64, sample_rate_hz: u32) -> Audio {
    let wave = |i: usize| {
        let at_s = i as f32 / sample_rate_hz as f32;
        0.3 * (at_s * 200.0 * (1.0 + at_s) * std::f32::consts::TAU).sin()
    };
    let samples = (seconds * f64::from(sample_rate_hz)) as usize;
    Audio { samples: (0..samples).map(wave).collect(), sample_rate_hz }
}

/// Writes a recording that is truncated: its header states twice the number of samples in the file.
pub(crate) fn truncated(folder: &Path, name: &str, audio: &Audio) -> PathBuf {
    const HEADER_BYTES: usize = 44;
    let path = folder.join(name);
    let twice = Audio { samples: audio.samples.repeat(2), ..*audio };
    write_wav(&path, &twice, WavFormat::Int16).expect("it is written");
    let bytes = std::fs::read(&path).expect("it is read");
    let kept = HEADER_BYTES + 2 * audio.samples.len();
    assert_eq!(bytes.len(), kept + 2 * audio.samples.len(), "a header of another length");
    std::fs::write(&path, &bytes[..kept]).expect("it is truncated");
    path
}

/// Returns an utterance of a recording.
pub(crate) fn utterance(id: &str, speaker: &str, audio: &Path) -> Utterance {
    Utterance {
        id: id.to_owned(),
        speaker: speaker.to_owned(),
        audio: audio.to_owned(),
        ..Utterance::default()
    }
}

/// Checks that every truncated file has exactly one warning, which names the file.
#[track_caller]
pub(crate) fn check_warnings(sink: &RecordingSink, paths: &[&Path]) {
    let message = |event: Event| match event {
        Event::Warning { message } => Some(message),
        _ => None,
    };
    let mut warnings: Vec<String> = sink.events().into_iter().filter_map(message).collect();
    warnings.sort_unstable();
    let starts = paths.iter().map(|path| format!("{}: the data is cut short", path.display()));
    let mut starts: Vec<String> = starts.collect();
    starts.sort_unstable();
    assert_eq!(warnings.len(), starts.len(), "{warnings:?}");
    for (warning, start) in warnings.iter().zip(&starts) {
        assert!(warning.starts_with(start), "{warning} instead of {start}");
    }
}
