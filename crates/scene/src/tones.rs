//! Backgrounds with pitch and rhythm: babble and music-like tones.

use std::f64::consts::TAU;

use rand::Rng;
use syrinx_types::Audio;

use crate::SceneError;

/// Renders babble: several voices at equal level, each from a random position of its recording on, repeated cyclically.
///
/// # Errors
/// [`SceneError::NoVoices`] without a voice that sounds, [`SceneError::Rate`] for voices of several rates.
pub fn babble(
    voices: &[Audio],
    samples: usize,
    rng: &mut impl Rng,
) -> Result<Vec<f32>, SceneError> {
    let sounding: Vec<&Audio> = voices.iter().filter(|v| v.rms() > 0.0).collect();
    let Some(first) = sounding.first() else { return Err(SceneError::NoVoices) };
    let mut out = vec![0.0f32; samples];
    for voice in &sounding {
        if voice.sample_rate_hz != first.sample_rate_hz {
            let (found, wanted) = (voice.sample_rate_hz, first.sample_rate_hz);
            return Err(SceneError::Rate { found, wanted });
        }
        let start = rng.random_range(0..voice.samples.len());
        let gain = 1.0 / voice.rms();
        let around = voice.samples.iter().cycle().skip(start);
        out.iter_mut().zip(around).for_each(|(o, x)| *o += gain * x);
    }
    Ok(out)
}

/// Semitones of the notes of a melody: a pentatonic scale over two octaves.
const SCALE: [i32; 10] = [0, 2, 4, 7, 9, 12, 14, 16, 19, 21];

/// Renders synthetic music: plucked notes of a scale over a sustained fifth.
pub fn melody(samples: usize, sample_rate_hz: u32, rng: &mut impl Rng) -> Vec<f32> {
    let rate_hz = f64::from(sample_rate_hz);
    let base_hz = 110.0 * 2f64.powf(rng.random_range(0.0..1.0));
    let beat = ((rate_hz * rng.random_range(0.18..0.5)) as usize).max(1);
    let mut out = vec![0.0f32; samples];
    for start in (0..samples).step_by(beat) {
        let semitones = SCALE[rng.random_range(0..SCALE.len())];
        let pitch_hz = base_hz * 2f64.powf(f64::from(semitones) / 12.0);
        let decay_s = rng.random_range(0.2..0.8);
        for (i, x) in out[start..].iter_mut().take((4.0 * decay_s * rate_hz) as usize).enumerate() {
            let s = i as f64 / rate_hz;
            *x += ((-s / decay_s).exp() * overtones(pitch_hz, s, rate_hz)) as f32;
        }
    }
    for (i, x) in out.iter_mut().enumerate() {
        let s = i as f64 / rate_hz;
        *x += 0.15 * ((TAU * base_hz * s).sin() + (TAU * 1.5 * base_hz * s).sin()) as f32;
    }
    out
}

/// Returns a tone with its overtones below the Nyquist frequency.
fn overtones(pitch_hz: f64, at_s: f64, rate_hz: f64) -> f64 {
    let below = (1..=5).map(f64::from).take_while(|n| n * pitch_hz < rate_hz / 2.0);
    below.map(|n| (TAU * n * pitch_hz * at_s).sin() / n).sum()
}
