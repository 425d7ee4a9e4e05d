//! The excitation of the vocoder: a band-limited pulse train at the pitch, and white noise.
//!
//! Source-filter synthesis after the neural source-filter model (Wang, Takaki & Yamagishi 2019, 1904.12088), here with
//! filters in the domain of the short-time Fourier transform.

use std::f64::consts::PI;

use multiversion::multiversion;
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
    /// Time of each sample after its frame, seconds, (hop).
    seconds: Vec<f64>,
    /// Factor of windowed samples that gives unit power in every bin on average.
    scale: f32,
    /// Phases in cycles and pulses under the window, (n_fft).
    cycles: Vec<f64>,
    pulses: Vec<f32>,
}

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
            seconds: (0..istft.hop).map(|i| i as f64 / f64::from(sample_rate_hz)).collect(),
            scale: 1.0 / istft.window.iter().map(|w| w * w).sum::<f32>().sqrt(),
            cycles: vec![0.0; istft.n_fft],
            pulses: vec![0.0; istft.n_fft],
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
        let (centre_hz, _) = self.at(t);
        let harmonics = (0.5 * self.rate_hz / centre_hz).floor().max(1.0);
        let mut cycles = std::mem::take(&mut self.cycles);
        for (segment, cycles) in (t - half / hop..).zip(cycles.chunks_exact_mut(self.istft.hop)) {
            self.phases(t, segment, cycles);
        }
        pulses(&cycles, harmonics, &mut self.pulses);
        self.cycles = cycles;
        let samples = self.pulses.iter().copied();
        self.istft.windowed_spectrum(samples, self.scale, source, &mut self.scratch);
        // Consecutive windows overlap in all but a hop.
        self.noise.drain(..self.istft.hop.min(self.noise.len()));
        let known = self.noise.len();
        self.noise.resize(self.istft.n_fft, 0.0);
        white(self.seed, t * hop - half + known as i64, &mut self.noise[known..]);
        let samples = self.noise.iter().copied();
        self.istft.windowed_spectrum(samples, self.scale, noise, &mut self.scratch);
    }

    /// Returns frequency and phase of a frame, extrapolated beyond the ends.
    fn at(&self, frame: i64) -> (f64, f64) {
        let last = self.first + self.known.len() - 1;
        let near = frame.clamp(self.first as i64, last as i64);
        let (hz, phase) = self.known[near as usize - self.first];
        let beyond_s = (frame - near) as f64 * self.istft.hop as f64 / self.rate_hz;
        (hz, phase + beyond_s * hz)
    }

    /// Writes the phases of the samples between a frame and the next, (hop), for the window of frame `t`, in cycles: the
    /// frequency is linear between frames and constant from frame `t + 1` on.
    fn phases(&self, t: i64, segment: i64, cycles: &mut [f64]) {
        let hop = self.istft.hop as f64;
        let (hz, phase) = self.at(segment.min(t + 1));
        if segment > t {
            let whole_s = (segment - t - 1) as f64 * hop / self.rate_hz;
            for (cycles, seconds) in cycles.iter_mut().zip(&self.seconds) {
                *cycles = phase + (whole_s + seconds) * hz;
            }
            return;
        }
        let (next_hz, _) = self.at(segment + 1);
        let slope = (next_hz - hz) * self.rate_hz / hop;
        for (cycles, seconds) in cycles.iter_mut().zip(&self.seconds) {
            *cycles = phase + seconds * (hz + 0.5 * slope * seconds);
        }
    }
}

/// Sine in the denominator of the Dirichlet kernel below which it counts as zero.
const SMALL_SINE: f64 = 1e-6;

/// 1.5 * 2^52: adding it rounds to the nearest integer, which is then in the lowest bits.
const ROUNDING: f64 = 6_755_399_441_055_744.0;

/// Returns sin(pi * half_cycles), by a series that loops can compute in vectors. Error below 1e-13.
#[inline(always)]
fn sine(half_cycles: f64) -> f64 {
    // Coefficients of pi^n / n! with alternating signs, for odd n.
    const SERIES: [f64; 9] = [
        PI,
        -5.167_712_780_049_97,
        2.550_164_039_877_345,
        -0.599_264_529_320_792_1,
        0.082_145_886_611_128_23,
        -7.370_430_945_714_351e-3,
        4.663_028_057_676_126e-4,
        -2.191_535_344_783_020_5e-5,
        7.952_054_001_475_512e-7,
    ];
    let shifted = half_cycles + ROUNDING;
    let x = half_cycles - (shifted - ROUNDING); // within a half of 0
    let square = x * x;
    let mut sum = SERIES[8];
    for i in (0..8).rev() {
        sum = sum * square + SERIES[i];
    }
    // An odd number of half cycles inverts the sign.
    f64::from_bits((x * sum).to_bits() ^ (shifted.to_bits() << 63))
}

/// Writes a pulse train of unit power: the sums of `harmonics` cosines at the multiples of the phases (cycles), by the
/// closed form of the Dirichlet kernel.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn pulses(cycles: &[f64], harmonics: f64, out: &mut [f32]) {
    let (multiple, scale) = (2.0 * harmonics + 1.0, (2.0 / harmonics).sqrt());
    for (out, &cycles) in out.iter_mut().zip(cycles) {
        // Both sines change their sign with a whole cycle.
        let cycles = cycles - ((cycles + ROUNDING) - ROUNDING);
        let below = sine(cycles);
        let quotient = 0.5 * sine(multiple * cycles) / below - 0.5;
        let sum = if below.abs() < SMALL_SINE { harmonics } else { quotient };
        *out = (sum * scale) as f32;
    }
}

/// Writes uniform white noise of unit power from a sample on; equal for equal seed and sample.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn white(seed: u64, first: i64, out: &mut [f32]) {
    let width = 12f32.sqrt();
    for (i, out) in out.iter_mut().enumerate() {
        // The finaliser of splitmix64 (Steele, Lea & Flood 2014).
        let sample = (first as u64).wrapping_add(i as u64);
        let mut x = seed.wrapping_add(sample.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^= x >> 31;
        let unit = (x >> 40) as u32 as f32 / (1u64 << 24) as f32;
        *out = (unit - 0.5) * width;
    }
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
    fn sines_are_those_of_the_library() {
        for i in -40_000..40_000 {
            let half_cycles = f64::from(i) * 0.0123;
            let wanted = (PI * half_cycles.rem_euclid(2.0)).sin();
            let found = sine(half_cycles);
            assert!((found - wanted).abs() < 1e-12, "{half_cycles}: {found} {wanted}");
        }
    }

    #[test]
    fn the_pulse_train_is_its_harmonics() {
        let pulse = |cycles: f64, harmonics: f64| {
            let mut out = [0.0];
            pulses(&[cycles], harmonics, &mut out);
            out[0]
        };
        for cycles in [0.0, 0.1, 0.37, 0.5, 0.999_999_9, 7.25, -0.3] {
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
