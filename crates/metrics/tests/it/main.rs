//! The crate from outside: figures computed by hand.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod bootstrap;
mod errors;
mod pitch;
mod speaker;
mod spectral;
mod timing;

use syrinx_audio::Audio;

const RATE_HZ: u32 = 24_000;

/// Something like a voice: harmonics of `hz` that fall by 6 dB an octave around a resonance.
fn voice(hz: f64, resonance_hz: f64, seconds: f64) -> Audio {
    let n = (seconds * f64::from(RATE_HZ)) as usize;
    let harmonics: Vec<(f64, f64)> = (1..)
        .map(|k| f64::from(k) * hz)
        .take_while(|&f| f < 8_000.0)
        .map(|f| (f, 0.1 * hz / f + 0.1 * (-((f - resonance_hz) / 300.0).powi(2)).exp()))
        .collect();
    let samples = (0..n)
        .map(|i| {
            let t = i as f64 / f64::from(RATE_HZ);
            harmonics.iter().map(|(f, a)| a * (std::f64::consts::TAU * f * t).sin()).sum::<f64>()
                as f32
        })
        .collect();
    Audio { samples, sample_rate_hz: RATE_HZ }
}

/// White noise between -`level` and `level`, the same for the same seed.
fn noise(level: f32, samples: usize, seed: u32) -> Audio {
    let mut state = seed;
    let samples = (0..samples)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            level * ((state >> 8) as f32 / (1u32 << 23) as f32 - 1.0)
        })
        .collect();
    Audio { samples, sample_rate_hz: RATE_HZ }
}

fn assert_close(got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance, "{got} instead of {expected}");
}
