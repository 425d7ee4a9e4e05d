//! Noise of the decoder.

use candle_core::{Device, Result, Tensor};
use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Noise that the decoder adds, times its activation.
#[derive(Debug, Clone, Copy)]
pub enum Noise<'a> {
    /// Zero.
    Off,
    /// Drawn from N(0, 1) by place: the same for a step of a stage, however the signal is cut.
    Seeded {
        /// Seed of the draws.
        seed: u64,
        /// Step of the latents that the signal begins with.
        first: usize,
    },
    /// Given, one list a stage.
    Given(&'a [Vec<f32>]),
}

impl Noise<'_> {
    /// Draws the noise of `steps` steps of a stage that has `rate` steps for each step of the latents: (1, 1, steps).
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

/// Returns a number of N(0, 1) from two random words (Box and Muller 1958).
fn normal(a: u32, b: u32) -> f32 {
    let share = |n: u32| (f64::from(n) + 0.5) / 4_294_967_296.0;
    ((-2.0 * share(a).ln()).sqrt() * (std::f64::consts::TAU * share(b)).cos()) as f32
}
