//! The excitation of the vocoder: a band-limited pulse train at the pitch, and white noise.
//!
//! Source-filter synthesis after the neural source-filter model (Wang, Takaki & Yamagishi 2019, 1904.12088), here with
//! filters in the domain of the short-time Fourier transform.

use std::f64::consts::PI;

use realfft::num_complex::Complex;

use crate::istft::{Istft, Scratch};
use crate::pitch::PitchFrame;

/// Generator of the excitation's spectra, frame by frame. A frame depends only on its position and the pitch up to the
/// next frame, not on the division of a stream into calls.
pub(crate) struct Excitation {
    istft: Istft,
    scratch: Scratch,
    rate_hz: f64,
    seed: u64,
    /// Fundamental frequency (Hz) and phase (cycles) of the frames from `first` on.
    known: Vec<(f64, f64)>,
    first: usize,
    /// Number of generated frames.
    made: usize,
    /// White noise under the window of the last frame, (n_fft); empty before the first.
    noise: Vec<f32>,
}

/// Sine in the denominator of the Dirichlet kernel below which it counts as zero.
const SMALL_SINE: f64 = 1e-6;

impl Excitation {
    pub(crate) fn new(istft: &Istft, sample_rate_hz: u32, seed: u64) -> Self {
        Self {
            scratch: istft.scratch(),
            istft: istft.clone(),
            rate_hz: f64::from(sample_rate_hz),
            seed,
            known: Vec::new(),
            first: 0,
            made: 0,
            noise: Vec::new(),
        }
    }

    /// Appends the pitch of further frames.
    pub(crate) fn push(&mut self, pitch: &[PitchFrame]) {
        let hop_s = self.istft.hop as f64 / self.rate_hz;
        for frame in pitch {
            let hz = frame.hz();
            let phase = self
                .known
                .last()
                .map_or(0.0, |(before_hz, phase)| (phase + hop_s * 0.5 * (before_hz + hz)).fract());
            self.known.push((hz, phase));
        }
    }

    /// Returns the spectra of the next `count` frames, (count, 2 * bins): those of the source, then those of the noise,
    /// a frame.
    pub(crate) fn take(&mut self, count: usize) -> Vec<Complex<f32>> {
        let bins = self.istft.bins();
        let mut out = vec![Complex::default(); count * 2 * bins];
        for row in out.chunks_exact_mut(2 * bins) {
            let (source, noise) = row.split_at_mut(bins);
            self.frame(source, noise);
            self.made += 1;
        }
        // A window begins half its length before its frame.
        let reach = self.istft.n_fft / 2 / self.istft.hop;
        let keep = self.made.saturating_sub(reach).clamp(self.first, self.first + self.known.len());
        self.known.drain(..keep - self.first);
        self.first = keep;
        out
    }

    fn frame(&mut self, source: &mut [Complex<f32>], noise: &mut [Complex<f32>]) {
        let (t, hop, half) = (self.made as i64, self.istft.hop as i64, self.istft.n_fft as i64 / 2);
        // Unit power in every bin on average.
        let scale = 1.0 / self.istft.window.iter().map(|w| w * w).sum::<f32>().sqrt();
        let (centre_hz, _) = self.at(t);
        let harmonics = (0.5 * self.rate_hz / centre_hz).floor().max(1.0);
        let samples: Vec<f32> =
            (-half..half).map(|n| pulse(self.phase(t, t * hop + n), harmonics)).collect();
        self.istft.windowed_spectrum(samples.into_iter(), scale, source, &mut self.scratch);
        // Consecutive windows overlap in all but a hop.
        self.noise.drain(..self.istft.hop.min(self.noise.len()));
        let from = t * hop - half + self.noise.len() as i64;
        let seed = self.seed;
        self.noise.extend((from..t * hop + half).map(|n| white(seed, n)));
        let samples = self.noise.iter().copied();
        self.istft.windowed_spectrum(samples, scale, noise, &mut self.scratch);
    }

    /// Returns frequency and phase of a frame, extrapolated beyond the ends.
    fn at(&self, frame: i64) -> (f64, f64) {
        let last = self.first + self.known.len() - 1;
        let near = frame.clamp(self.first as i64, last as i64);
        let (hz, phase) = self.known[near as usize - self.first];
        let beyond_s = (frame - near) as f64 * self.istft.hop as f64 / self.rate_hz;
        (hz, phase + beyond_s * hz)
    }

    /// Returns the phase at a sample for the window of frame `t`, in cycles: the frequency is linear between frames and
    /// constant from frame `t + 1` on.
    fn phase(&self, t: i64, sample: i64) -> f64 {
        let hop = self.istft.hop as i64;
        let segment = sample.div_euclid(hop);
        let seconds = (sample.rem_euclid(hop)) as f64 / self.rate_hz;
        let (hz, phase) = self.at(segment.min(t + 1));
        if segment > t {
            let whole_s = (segment - t - 1) as f64 * hop as f64 / self.rate_hz;
            return phase + (whole_s + seconds) * hz;
        }
        let (next_hz, _) = self.at(segment + 1);
        let slope = (next_hz - hz) * self.rate_hz / hop as f64;
        phase + seconds * (hz + 0.5 * slope * seconds)
    }
}

/// Returns a pulse train of unit power: the sum of `harmonics` cosines at the multiples of a phase (cycles), by the
/// closed form of the Dirichlet kernel.
fn pulse(cycles: f64, harmonics: f64) -> f32 {
    let half_angle = PI * cycles.fract();
    let sine = half_angle.sin();
    let sum = if sine.abs() < SMALL_SINE {
        harmonics
    } else {
        0.5 * ((2.0 * harmonics + 1.0) * half_angle).sin() / sine - 0.5
    };
    (sum * (2.0 / harmonics).sqrt()) as f32
}

/// Returns uniform white noise of unit power at a sample; equal for equal seed and sample.
fn white(seed: u64, sample: i64) -> f32 {
    // The finaliser of splitmix64 (Steele, Lea & Flood 2014).
    let mut x = seed.wrapping_add((sample as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^= x >> 31;
    let unit = (x >> 40) as f32 / (1u64 << 24) as f32;
    (unit - 0.5) * 12f32.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: u32 = 8000;

    fn frames(count: usize) -> Vec<PitchFrame> {
        let hz = |i: usize| 100.0 + 40.0 * (i as f32 * 0.3).sin();
        (0..count).map(|i| PitchFrame { log2_hz: hz(i).log2(), voicing: 1.0 }).collect()
    }

    fn excitation() -> Excitation {
        Excitation::new(&Istft::new(320, 80), RATE_HZ, 3)
    }

    #[test]
    fn the_pulse_train_is_its_harmonics() {
        for cycles in [0.0, 0.1, 0.37, 0.5, 0.999_999_9, 7.25] {
            for harmonics in [1, 7, 40] {
                let sum: f64 = (1..=harmonics).map(|k| (2.0 * PI * k as f64 * cycles).cos()).sum();
                let wanted = sum * (2.0 / harmonics as f64).sqrt();
                let found = f64::from(pulse(cycles, harmonics as f64));
                assert!((found - wanted).abs() < 1e-3, "{cycles} {harmonics}: {found} {wanted}");
            }
        }
    }

    #[test]
    fn power_is_one_a_bin() {
        let mut excitation = excitation();
        excitation.push(&frames(60));
        let spectra = excitation.take(50);
        let bins = 161;
        let power = |from: usize| -> f32 {
            let parts = spectra.chunks_exact(2 * bins).map(|row| &row[from..from + bins]);
            parts.flatten().map(|c| c.norm_sqr()).sum::<f32>() / (50 * bins) as f32
        };
        assert!((0.7..1.3).contains(&power(0)), "source {}", power(0));
        assert!((0.9..1.1).contains(&power(bins)), "noise {}", power(bins));
    }

    #[test]
    fn pieces_are_the_whole_where_the_next_frame_is_known() {
        let pitch = frames(40);
        let mut whole = excitation();
        whole.push(&pitch);
        let whole = whole.take(39);
        for cut in [1, 3, 8] {
            let mut stream = excitation();
            let mut out = Vec::new();
            stream.push(&pitch[..1]);
            for piece in pitch[1..].chunks(cut) {
                stream.push(piece);
                out.extend(stream.take(piece.len()));
            }
            assert!(out == whole, "pieces of {cut}");
        }
    }
}
