//! Noise: coloured noise, mains hum, clicks.

use std::f64::consts::TAU;

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Colour of noise: the slope of its power spectrum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// Flat.
    White,
    /// Falls by 3 dB an octave.
    Pink,
    /// Falls by 6 dB an octave.
    Brown,
}

/// Poles and gains of the filter that makes white noise pink within 0.05 dB above 10 Hz at 44.1 kHz (Paul Kellet's).
const PINK: [(f64, f64); 6] = [
    (0.99886, 0.0555179),
    (0.99332, 0.0750759),
    (0.96900, 0.1538520),
    (0.86650, 0.3104856),
    (0.55000, 0.5329522),
    (-0.7616, -0.0168980),
];
/// Leak of the brown noise integrator: its corner lies near 20 Hz.
const BROWN_KEEPS: f64 = 0.995;

/// Generates samples of colored noise; [`crate::mixed`] sets the level.
pub fn coloured(colour: Colour, samples: usize, rng: &mut impl Rng) -> Vec<f32> {
    let white = std::iter::repeat_with(|| -> f64 { StandardNormal.sample(rng) }).take(samples);
    match colour {
        Colour::White => white.map(|x| x as f32).collect(),
        Colour::Pink => {
            let mut state = [0.0; 6];
            white
                .map(|x| {
                    for (s, (pole, gain)) in state.iter_mut().zip(PINK) {
                        *s = pole * *s + gain * x;
                    }
                    (state.iter().sum::<f64>() + 0.5362 * x) as f32
                })
                .collect()
        }
        Colour::Brown => {
            let mut state = 0.0;
            white
                .map(|x| {
                    state = BROWN_KEEPS * state + x;
                    state as f32
                })
                .collect()
        }
    }
}

/// Renders mains hum: the fundamental and decaying harmonics with random phases.
pub fn hum(mains_hz: f64, samples: usize, sample_rate_hz: u32, rng: &mut impl Rng) -> Vec<f32> {
    let nyquist_hz = f64::from(sample_rate_hz) / 2.0;
    let harmonics: Vec<(f64, f64, f64)> = (1..=12)
        .map(f64::from)
        .map(|n| (n * mains_hz, rng.random_range(0.3..1.0) / n, rng.random_range(0.0..TAU)))
        .filter(|&(hz, ..)| hz < nyquist_hz)
        .collect();
    let at = |i: usize| {
        let s = i as f64 / f64::from(sample_rate_hz);
        harmonics.iter().map(|(hz, peak, phase)| peak * (TAU * hz * s + phase).sin()).sum::<f64>()
    };
    (0..samples).map(|i| at(i) as f32).collect()
}

/// Renders clicks, `per_s` a second on average: short bursts that decay within some milliseconds.
pub fn clicks(per_s: f64, samples: usize, sample_rate_hz: u32, rng: &mut impl Rng) -> Vec<f32> {
    let rate_hz = f64::from(sample_rate_hz);
    let mut out = vec![0.0f32; samples];
    let wanted = (per_s * samples as f64 / rate_hz).round().max(1.0) as usize;
    for _ in 0..wanted.min(samples) {
        let start = rng.random_range(0..samples);
        let (peak, pitch_hz) = (rng.random_range(0.2..1.0), rng.random_range(800.0..6_000.0));
        let decay_s = rng.random_range(0.0005..0.004);
        let len = (8.0 * decay_s * rate_hz) as usize;
        for (i, x) in out[start..].iter_mut().take(len).enumerate() {
            let s = i as f64 / rate_hz;
            *x += (peak * (-s / decay_s).exp() * (TAU * pitch_hz * s).cos()) as f32;
        }
    }
    out
}
