//! Refinement of the pitch by the harmonics of the spectrum.
//!
//! A pitch tracker compares a waveform with itself a period later. Its error of 15 cents is 20 Hz at 2 kHz, and a
//! vocoder that is trained on such a pitch learns to omit higher harmonics. The sum of the spectrum at the multiples of
//! a frequency (subharmonic summation: Hermes 1988) has a narrower peak.

use std::f64::consts::PI;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// Largest shift of the pitch, and distance of the candidates, cents (hundredths of a semitone).
const REACH_CENTS: i32 = 40;
const STEP_CENTS: i32 = 5;

/// Highest harmonic used, Hz; noise masks those above.
const HIGHEST_HZ: f64 = 3500.0;

/// Periods under the window, and its shortest and longest length in seconds.
const WINDOW_PERIODS: f64 = 4.5;
const WINDOW_S: (f64, f64) = (0.03, 0.065);

/// Moves the pitch of recordings at one sample rate.
pub(crate) struct HarmonicFit {
    rate_hz: f64,
    transform: std::sync::Arc<dyn RealToComplex<f32>>,
    samples: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// Square roots of magnitudes, so that no harmonic dominates.
    levels: Vec<f64>,
}

impl HarmonicFit {
    pub(crate) fn new(sample_rate_hz: u32) -> Self {
        let rate_hz = f64::from(sample_rate_hz);
        let size = ((WINDOW_S.1 * rate_hz).ceil() as usize).next_power_of_two().max(16);
        let transform = RealFftPlanner::new().plan_fft_forward(size);
        Self {
            rate_hz,
            samples: transform.make_input_vec(),
            spectrum: transform.make_output_vec(),
            scratch: transform.make_scratch_vec(),
            levels: Vec::new(),
            transform,
        }
    }

    /// Returns the frequency near `hz` whose multiples have the largest sum of the spectrum around sample `centre`.
    pub(crate) fn fit(&mut self, samples: &[f32], centre: usize, hz: f64) -> f64 {
        self.analyse(samples, centre, hz);
        let at = |cents: i32| hz * (f64::from(cents) / 1200.0).exp2();
        let sums: Vec<f64> = (-REACH_CENTS..=REACH_CENTS)
            .step_by(STEP_CENTS as usize)
            .map(|c| self.sum(at(c)))
            .collect();
        let best = (0..sums.len()).max_by(|&a, &b| sums[a].total_cmp(&sums[b])).unwrap_or(0);
        // A maximum at an end of the range is not a peak.
        if best == 0 || best + 1 == sums.len() {
            return hz;
        }
        let (before, peak, after) = (sums[best - 1], sums[best], sums[best + 1]);
        let curvature = before - 2.0 * peak + after;
        let offset = if curvature < 0.0 { 0.5 * (before - after) / curvature } else { 0.0 };
        let cents =
            f64::from(best as i32 * STEP_CENTS - REACH_CENTS) + offset * f64::from(STEP_CENTS);
        hz * (cents / 1200.0).exp2()
    }

    /// Computes the square roots of the magnitudes around `centre` under a Hann window of some periods.
    fn analyse(&mut self, samples: &[f32], centre: usize, hz: f64) {
        let seconds = (WINDOW_PERIODS / hz).clamp(WINDOW_S.0, WINDOW_S.1);
        let half = ((0.5 * seconds * self.rate_hz) as usize).min(self.samples.len() / 2);
        self.samples.fill(0.0);
        for i in 0..2 * half {
            let Some(&x) = (centre + i).checked_sub(half).and_then(|at| samples.get(at)) else {
                continue;
            };
            let window = 0.5 - 0.5 * (PI * (i as f64 + 0.5) / half as f64).cos();
            self.samples[i] = x * window as f32;
        }
        self.transform
            .process_with_scratch(&mut self.samples, &mut self.spectrum, &mut self.scratch)
            .expect("the buffers were made for this transform");
        self.levels.clear();
        self.levels.extend(self.spectrum.iter().map(|c| f64::from(c.norm()).sqrt()));
    }

    /// Returns the mean level at the multiples of a frequency.
    fn sum(&self, hz: f64) -> f64 {
        let bins_per_hz = self.samples.len() as f64 / self.rate_hz;
        let highest = HIGHEST_HZ.min(0.45 * self.rate_hz);
        let harmonics = ((highest / hz) as usize).max(1);
        let level = |k: usize| {
            let bin = k as f64 * hz * bins_per_hz;
            let (low, share) = (bin as usize, bin.fract());
            self.levels[low] * (1.0 - share) + self.levels[low + 1] * share
        };
        (1..=harmonics).map(level).sum::<f64>() / harmonics as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmonics_correct_the_pitch() {
        for (hz, harmonics) in [(83.0, 30), (140.0, 20), (231.0, 12)] {
            let sample = |n: usize| -> f32 {
                let t = n as f64 / 24_000.0;
                (1..=harmonics)
                    .map(|k| (2.0 * PI * hz * f64::from(k) * t + f64::from(k * k)).cos())
                    .sum::<f64>() as f32
            };
            let samples: Vec<f32> = (0..9600).map(sample).collect();
            let mut fit = HarmonicFit::new(24_000);
            for cents in [-23.0, -8.0, 0.0, 17.0] {
                let found = fit.fit(&samples, 4800, hz * f64::exp2(cents / 1200.0));
                let error = 1200.0 * (found / hz).log2();
                assert!(error.abs() < 8.0, "{hz} Hz, {cents} cents off: {error}");
            }
        }
    }

    #[test]
    fn silence_and_ends_keep_the_pitch() {
        let mut fit = HarmonicFit::new(24_000);
        assert_eq!(fit.fit(&[0.0; 100], 0, 150.0), 150.0);
        assert_eq!(fit.fit(&[], 5000, 150.0), 150.0);
    }
}
