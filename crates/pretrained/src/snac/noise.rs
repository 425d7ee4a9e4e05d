//! Noise in SNAC's decoder.

use candle_core::{Device, Result, Tensor};
use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Noise of the decoder, which is multiplied by a projection of the activations.
#[derive(Debug, Clone, Copy)]
pub enum Noise<'a> {
    /// No noise.
    Off,
    /// Samples of N(0, 1) that depend on stage and step only: chunks of a signal get the same noise as the complete
    /// signal.
    Seeded {
        /// Seed of the random numbers.
        seed: u64,
        /// First latent step of the signal.
        first: usize,
    },
    /// Given noise. // (stages)(steps)
    Given(&'a [Vec<f32>]),
}

impl Noise<'_> {
    /// Draws noise for `steps` steps of a stage that has `rate` steps per latent step: (1, 1, steps).
    pub(super) fn draw(&self, stage: usize, rate: usize, steps: usize) -> Result<Option<Tensor>> {
        let values = match self {
            Noise::Off => return Ok(None),
            Noise::Given(lists) => lists.get(stage).cloned().unwrap_or_default(),
            Noise::Seeded { seed, first } => {
                let mut rng = ChaCha8Rng::seed_from_u64(*seed);
                rng.set_stream(stage as u64);
                rng.set_word_pos(2 * (first * rate) as u128);
                (0..steps).map(|_| normal(rng.next_u32(), rng.next_u32())).collect()
            }
        };
        Tensor::from_vec(values, (1, 1, steps), &Device::Cpu).map(Some)
    }
}

/// Converts two random words to a sample of N(0, 1) (Box & Muller 1958).
fn normal(a: u32, b: u32) -> f32 {
    let share = |n: u32| (f64::from(n) + 0.5) / 4_294_967_296.0;
    ((-2.0 * share(a).ln()).sqrt() * (std::f64::consts::TAU * share(b)).cos()) as f32
}
