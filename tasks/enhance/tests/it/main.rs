//! Tests of the three tasks.

mod denoise;
mod extract;
mod remove;

use syrinx_task::Clip;
use syrinx_types::Audio;

/// A tone in memory.
fn tone(seconds: f64, peak: f32) -> Clip {
    let samples = (0..(seconds * 24_000.0) as usize).map(|i| peak * (i as f32 * 0.05).sin());
    Clip::from(Audio { samples: samples.collect(), sample_rate_hz: 24_000 })
}
