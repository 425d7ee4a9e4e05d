//! Backgrounds of speech.

use rand::Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::Audio;

use crate::{Colour, SceneError, babble, clicks, coloured, hum, melody};

/// Type of background.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Background {
    /// Noise of a colour.
    Noise(Colour),
    /// Hum of the mains, at 50 or 60 Hz, over a little noise.
    Hum(u32),
    /// Clicks over faint noise; the value is their number per second.
    Clicks(u32),
    /// Babble of several voices.
    Babble,
    /// Synthetic music.
    Music,
}

/// Gain of the noise under hum and clicks.
const UNDER: f32 = 0.05;

impl Background {
    /// Draws a background; babble only where there are voices.
    pub fn draw(voices: bool, rng: &mut impl Rng) -> Self {
        let colours = [Colour::White, Colour::Pink, Colour::Brown];
        match rng.random_range(0..if voices { 8 } else { 6 }) {
            0..=2 => Self::Noise(colours[rng.random_range(0..colours.len())]),
            3 => Self::Hum(if rng.random_bool(0.5) { 50 } else { 60 }),
            4 => Self::Clicks(rng.random_range(2..12)),
            5 => Self::Music,
            _ => Self::Babble,
        }
    }
}

/// Renders a background of `samples` samples. `voices` are those of the babble.
///
/// # Errors
/// [`SceneError::NoVoices`] and [`SceneError::Rate`] for babble.
pub fn background(
    kind: Background,
    samples: usize,
    sample_rate_hz: u32,
    voices: &[Audio],
    rng: &mut impl Rng,
) -> Result<Audio, SceneError> {
    let samples = match kind {
        Background::Noise(colour) => coloured(colour, samples, rng),
        Background::Hum(mains_hz) => {
            let tones = hum(f64::from(mains_hz), samples, sample_rate_hz, rng);
            over_noise(tones, rng)
        }
        Background::Clicks(per_s) => {
            let clicks = clicks(f64::from(per_s), samples, sample_rate_hz, rng);
            over_noise(clicks, rng)
        }
        Background::Babble => {
            if let Some(other) = voices.iter().find(|v| v.sample_rate_hz != sample_rate_hz) {
                let found = other.sample_rate_hz;
                return Err(SceneError::Rate { found, wanted: sample_rate_hz });
            }
            babble(voices, samples, rng)?
        }
        Background::Music => melody(samples, sample_rate_hz, rng),
    };
    Ok(Audio { samples, sample_rate_hz })
}

fn over_noise(mut sound: Vec<f32>, rng: &mut impl Rng) -> Vec<f32> {
    let noise = coloured(Colour::Pink, sound.len(), rng);
    sound.iter_mut().zip(noise).for_each(|(x, n)| *x += UNDER * n);
    sound
}
