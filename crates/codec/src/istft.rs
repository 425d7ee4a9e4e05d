//! The inverse short-time Fourier transform at the end of the vocoder (Vocos: Siuzdak 2023, 2306.00814, section 3.2).

use std::f32::consts::PI;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// Largest log-magnitude. A full-scale sine in 960 points stays below it: only diverging values are clamped.
pub(crate) const LOG_MAGNITUDE_MAX: f32 = 6.5;

/// Transform from log-magnitudes and phases to samples: `exp(m) (cos p + j sin p)`, inverse transform, Hann window,
/// overlap-add, divided by the overlapped squared window. Frame `t` is centred at sample `t * hop`; `n` frames make `n
/// * hop` samples.
#[derive(Clone)]
pub(crate) struct Istft {
    pub(crate) n_fft: usize,
    pub(crate) hop: usize,
    pub(crate) window: Vec<f32>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    forward: Arc<dyn RealToComplex<f32>>,
}

/// Buffers of one thread.
pub(crate) struct Scratch {
    pub(crate) spectrum: Vec<Complex<f32>>,
    pub(crate) samples: Vec<f32>,
    work: Vec<Complex<f32>>,
}

impl Istft {
    /// `n_fft` is even and a multiple of `hop`, at least twice it: the configuration is checked before.
    pub(crate) fn new(n_fft: usize, hop: usize) -> Self {
        let mut planner = RealFftPlanner::new();
        let window = hann(n_fft);
        let (inverse, forward) = (planner.plan_fft_inverse(n_fft), planner.plan_fft_forward(n_fft));
        Self { n_fft, hop, window, inverse, forward }
    }

    /// Returns the number of frequencies of a frame.
    pub(crate) fn bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    pub(crate) fn scratch(&self) -> Scratch {
        Scratch {
            spectrum: self.inverse.make_input_vec(),
            samples: self.inverse.make_output_vec(),
            work: vec![
                Complex::default();
                self.inverse.get_scratch_len().max(self.forward.get_scratch_len())
            ],
        }
    }

    /// The windowed samples of one frame, `row` being log-magnitudes then phases, into `scratch.samples`.
    fn frame(&self, row: &[f32], scratch: &mut Scratch) {
        let (magnitudes, phases) = row.split_at(self.bins());
        for ((s, &m), &p) in scratch.spectrum.iter_mut().zip(magnitudes).zip(phases) {
            *s = polar(m, p);
        }
        self.frame_of_spectrum(scratch);
    }

    /// Transforms `scratch.spectrum` into the windowed samples of one frame in `scratch.samples`.
    pub(crate) fn frame_of_spectrum(&self, scratch: &mut Scratch) {
        let bins = self.bins();
        // A real signal has no imaginary part there, which the library requires.
        scratch.spectrum[0].im = 0.0;
        scratch.spectrum[bins - 1].im = 0.0;
        self.inverse
            .process_with_scratch(&mut scratch.spectrum, &mut scratch.samples, &mut scratch.work)
            .expect("the buffers were made for this transform");
        let scale = 1.0 / self.n_fft as f32;
        for (s, w) in scratch.samples.iter_mut().zip(&self.window) {
            *s *= w * scale;
        }
    }

    /// Transforms the gradient of windowed samples times the window, in `scratch.samples`, into the gradient of real
    /// and imaginary parts in `scratch.spectrum`.
    pub(crate) fn spectrum_gradient(&self, scratch: &mut Scratch) {
        self.forward
            .process_with_scratch(&mut scratch.samples, &mut scratch.spectrum, &mut scratch.work)
            .expect("the buffers were made for this transform");
        let last = self.bins() - 1;
        for (k, s) in scratch.spectrum.iter_mut().enumerate() {
            let edge = k == 0 || k == last;
            *s *= if edge { 1.0 } else { 2.0 } / self.n_fft as f32;
            if edge {
                s.im = 0.0;
            }
        }
    }

    /// Spectrum of `n_fft` samples under the window, times `scale`, into `out` (bins).
    pub(crate) fn windowed_spectrum(
        &self,
        samples: impl Iterator<Item = f32>,
        scale: f32,
        out: &mut [Complex<f32>],
        scratch: &mut Scratch,
    ) {
        for ((x, s), w) in scratch.samples.iter_mut().zip(samples).zip(&self.window) {
            *x = s * w * scale;
        }
        self.forward
            .process_with_scratch(&mut scratch.samples, out, &mut scratch.work)
            .expect("the buffers were made for this transform");
    }

    /// Overlapped squared window of `frames` frames, (frames * hop).
    pub(crate) fn envelope(&self, frames: usize) -> Vec<f32> {
        let mut out = vec![0.0; frames * self.hop];
        for t in 0..frames {
            self.overlap(t, &mut out, |o, i| *o += self.window[i] * self.window[i]);
        }
        out
    }

    /// Calls `f` with each sample of `out` that frame `t` covers, and its place in the frame.
    pub(crate) fn overlap(&self, t: usize, out: &mut [f32], mut f: impl FnMut(&mut f32, usize)) {
        let (centre, half) = (t * self.hop, self.n_fft / 2);
        let (first, skip) = (centre.saturating_sub(half), half.saturating_sub(centre));
        let end = (centre + half).min(out.len());
        if first < end {
            for (i, o) in out[first..end].iter_mut().enumerate() {
                f(o, skip + i);
            }
        }
    }

    /// Rows (frames, 2 * bins) to samples (frames * hop).
    pub(crate) fn synthesise(&self, rows: &[f32]) -> Vec<f32> {
        let frames = rows.len() / (2 * self.bins());
        let mut out = vec![0.0; frames * self.hop];
        let mut scratch = self.scratch();
        for (t, row) in rows.chunks_exact(2 * self.bins()).enumerate() {
            self.frame(row, &mut scratch);
            self.overlap(t, &mut out, |o, i| *o += scratch.samples[i]);
        }
        for (o, e) in out.iter_mut().zip(self.envelope(frames)) {
            *o /= e;
        }
        out
    }

    /// Returns the rows of a signal's transform: samples (frames * hop) to (frames, 2 * bins).
    pub(crate) fn analyse(&self, samples: &[f32]) -> Vec<f32> {
        let mut rows = Vec::with_capacity(samples.len() / self.hop * 2 * self.bins());
        let mut scratch = self.scratch();
        let mut samples = samples.to_vec();
        for t in 0..samples.len() / self.hop {
            scratch.samples.fill(0.0);
            let frame = &mut scratch.samples;
            self.overlap(t, &mut samples, |s, i| frame[i] = *s * self.window[i]);
            self.forward
                .process_with_scratch(
                    &mut scratch.samples,
                    &mut scratch.spectrum,
                    &mut scratch.work,
                )
                .expect("the buffers were made for this transform");
            rows.extend(scratch.spectrum.iter().map(|c| c.norm().max(1e-9).ln()));
            rows.extend(scratch.spectrum.iter().map(|c| c.arg()));
        }
        rows
    }

    /// Returns a streaming synthesis.
    pub(crate) fn stream(&self) -> IstftStream {
        IstftStream {
            istft: self.clone(),
            scratch: self.scratch(),
            frames: 0,
            emitted: 0,
            samples: Vec::new(),
            envelope: Vec::new(),
        }
    }
}

/// `exp(log_magnitude) (cos phase + j sin phase)`.
pub(crate) fn polar(log_magnitude: f32, phase: f32) -> Complex<f32> {
    let (sin, cos) = phase.sin_cos();
    let magnitude = log_magnitude.min(LOG_MAGNITUDE_MAX).exp();
    Complex::new(magnitude * cos, magnitude * sin)
}

/// Returns a periodic Hann window.
pub(crate) fn hann(n: usize) -> Vec<f32> {
    (0..n).map(|i| 0.5 - 0.5 * (2.0 * PI * i as f32 / n as f32).cos()).collect()
}

/// Streaming synthesis: the samples do not depend on the division into calls.
pub(crate) struct IstftStream {
    istft: Istft,
    scratch: Scratch,
    frames: usize,
    emitted: usize,
    /// Sums and overlapped squared window from sample `emitted` on.
    samples: Vec<f32>,
    envelope: Vec<f32>,
}

impl IstftStream {
    /// Takes the spectrum of one frame, which `fill` writes (bins).
    pub(crate) fn push(&mut self, fill: impl FnOnce(&mut [Complex<f32>])) {
        fill(&mut self.scratch.spectrum);
        self.istft.frame_of_spectrum(&mut self.scratch);
        let half = self.istft.n_fft / 2;
        let centre = self.frames * self.istft.hop;
        let needed = centre + half - self.emitted;
        if self.samples.len() < needed {
            self.samples.resize(needed, 0.0);
            self.envelope.resize(needed, 0.0);
        }
        // Samples before the recording's beginning are dropped.
        let skip = (self.emitted + half).saturating_sub(centre);
        let first = (centre + skip) - half - self.emitted;
        let samples = self.samples[first..].iter_mut().zip(&self.scratch.samples[skip..]);
        samples.for_each(|(sum, sample)| *sum += sample);
        let envelope = self.envelope[first..].iter_mut().zip(&self.istft.window[skip..]);
        envelope.for_each(|(sum, w)| *sum += w * w);
        self.frames += 1;
    }

    /// Returns the samples that later frames do not change.
    pub(crate) fn ready(&mut self) -> Vec<f32> {
        let done = (self.frames * self.istft.hop).saturating_sub(self.istft.n_fft / 2);
        self.emit(done)
    }

    /// Returns the samples that are left.
    pub(crate) fn finish(&mut self) -> Vec<f32> {
        self.emit(self.frames * self.istft.hop)
    }

    fn emit(&mut self, upto: usize) -> Vec<f32> {
        let count = upto.saturating_sub(self.emitted);
        self.emitted += count;
        let samples = self.samples.drain(..count);
        samples.zip(self.envelope.drain(..count)).map(|(s, e)| s / e).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn draw(n: usize, seed: u64) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..n).map(|_| rng.random_range(-1.5..1.5)).collect()
    }

    #[test]
    fn inverts_the_transform() {
        for (n_fft, hop) in [(16, 4), (12, 6), (960, 240)] {
            let istft = Istft::new(n_fft, hop);
            let samples = draw(9 * hop, 3);
            let back = istft.synthesise(&istft.analyse(&samples));
            for (a, b) in samples.iter().zip(&back) {
                assert!((a - b).abs() < 1e-4, "{n_fft}/{hop}: {a} became {b}");
            }
        }
    }
}
