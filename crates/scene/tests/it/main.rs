//! Backgrounds are what they are called, levels are what they are set to, and seeds are kept.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod augment;
mod background;
mod level;
mod scene;

use syrinx_types::Audio;

const RATE_HZ: u32 = 16_000;

fn audio(samples: Vec<f32>) -> Audio {
    Audio { samples, sample_rate_hz: RATE_HZ }
}

/// Bursts of a tone with pauses between them, as speech has them.
fn speech(pitch_hz: f32, seconds: f32) -> Audio {
    let at = |i: usize| {
        let s = i as f32 / RATE_HZ as f32;
        if s % 1.0 < 0.7 { 0.3 * (std::f32::consts::TAU * pitch_hz * s).sin() } else { 0.0 }
    };
    audio((0..(seconds * RATE_HZ as f32) as usize).map(at).collect())
}
