//! Simulated input: reverberant utterances.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use syrinx_task::{SimulationMaterial, TaskError};
use syrinx_types::Audio;

/// Shortest and longest reverberation time (RT60), seconds.
const RT60_S: (f64, f64) = (0.2, 0.8);
/// Delays of the echoes, seconds. Each decays by the reverberation time.
const DELAYS_S: [f64; 6] = [0.013, 0.029, 0.041, 0.067, 0.097, 0.139];

/// Renders an utterance with echoes that decay with a random reverberation time. The result is as long as the
/// utterance.
///
/// # Errors
/// None.
pub fn reverberant(material: &SimulationMaterial<'_>) -> Result<Option<Audio>, TaskError> {
    let mut rng = ChaCha8Rng::seed_from_u64(material.seed);
    let rt60_s = rng.random_range(RT60_S.0..=RT60_S.1);
    let rate_hz = f64::from(material.speech.sample_rate_hz);
    let mut samples = material.speech.samples.clone();
    for delay_s in DELAYS_S {
        // The amplitude decays to a thousandth within the reverberation time.
        let gain = 10f64.powf(-3.0 * delay_s / rt60_s) * if rng.random() { 1.0 } else { -1.0 };
        let delay = (delay_s * rate_hz).round() as usize;
        for at in delay..samples.len() {
            samples[at] += gain as f32 * material.speech.samples[at - delay];
        }
    }
    Ok(Some(Audio { samples, sample_rate_hz: material.speech.sample_rate_hz }))
}
