//! Rooms: impulse responses of sparse early reflections and a decaying tail.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use realfft::RealFftPlanner;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::Audio;

/// A room.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Room {
    /// Time in which the tail falls by 60 dB, seconds.
    pub decay_s: f64,
    /// Level of the direct sound above everything that follows it, dB.
    pub direct_db: f64,
}

/// Start of the tail, seconds after the direct sound.
const EARLY_S: f64 = 0.04;
/// Number of early reflections.
const EARLY: usize = 6;

/// Returns the response to a click at sample 0, which arrives with gain 1: reflections, then a tail of noise whose
/// power falls exponentially (Polack's model of late reverberation).
pub fn impulse_response(room: Room, sample_rate_hz: u32, rng: &mut impl Rng) -> Vec<f32> {
    let rate_hz = f64::from(sample_rate_hz);
    let len = (room.decay_s.max(EARLY_S) * rate_hz).ceil() as usize;
    let early = ((EARLY_S * rate_hz) as usize).clamp(2, len.max(2));
    // A fall by 60 dB is a factor of 1000 in amplitude.
    let fall = |i: usize| 1000f64.powf(-(i as f64) / (room.decay_s.max(1e-3) * rate_hz));
    let mut after: Vec<f64> = (0..len)
        .map(|i| {
            let x: f64 = StandardNormal.sample(rng);
            if i < early { 0.0 } else { x * fall(i) }
        })
        .collect();
    for _ in 0..EARLY {
        let at = rng.random_range(early / 8..early).min(len.saturating_sub(1));
        let sign = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
        after[at.max(1)] += sign * 4.0 * rng.random_range(0.5..1.0) * fall(at);
    }
    let power: f64 = after.iter().map(|x| x * x).sum();
    let gain = (10f64.powf(-room.direct_db / 10.0) / power.max(1e-12)).sqrt();
    let mut response: Vec<f32> = after.iter().map(|x| (gain * x) as f32).collect();
    if let Some(first) = response.first_mut() {
        *first = 1.0;
    }
    response
}

/// Convolves a recording with a room impulse response. Length and position of the direct sound stay the same.
pub fn in_room(audio: &Audio, response: &[f32]) -> Audio {
    let n = audio.samples.len();
    if n == 0 || response.is_empty() {
        return audio.clone();
    }
    let len = (n + response.len()).next_power_of_two();
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, back) = (planner.plan_fft_forward(len), planner.plan_fft_inverse(len));
    let spectrum = |samples: &[f32]| {
        let mut padded = samples.to_vec();
        padded.resize(len, 0.0);
        let mut out = forward.make_output_vec();
        forward.process(&mut padded, &mut out).map(|()| out)
    };
    let (Ok(mut product), Ok(filter)) = (spectrum(&audio.samples), spectrum(response)) else {
        return audio.clone();
    };
    product.iter_mut().zip(&filter).for_each(|(x, h)| *x *= h);
    let mut samples = back.make_output_vec();
    if back.process(&mut product, &mut samples).is_err() {
        return audio.clone();
    }
    samples.truncate(n);
    samples.iter_mut().for_each(|x| *x /= len as f32);
    Audio { samples, sample_rate_hz: audio.sample_rate_hz }
}
