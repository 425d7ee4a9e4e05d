//! The crate from outside: files made here, and a few tones in formats that can't be made here.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod channels;
mod damaged;
mod files;
mod headers;
mod mel;
mod read;
mod resample;
mod silence;
mod speech;
mod write;

use std::f64::consts::TAU;
use std::path::PathBuf;

use syrinx_audio::Audio;

/// A sine of the given frequency, amplitude and length.
fn tone(hz: f64, amplitude: f64, samples: usize, sample_rate_hz: u32) -> Audio {
    let step = TAU * hz / f64::from(sample_rate_hz);
    let samples = (0..samples).map(|i| (amplitude * (step * i as f64).sin()) as f32).collect();
    Audio { samples, sample_rate_hz }
}

/// A file of `tests/data`: 0.3 s of a 440 Hz sine of amplitude 0.25 at 24 kHz, made by
/// `ffmpeg -f lavfi -i sine=frequency=440:duration=0.3:sample_rate=24000 -af volume=2 OUT`.
fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Largest difference of two recordings of the same length.
fn max_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}
