//! Short-time Fourier transforms of training clips, with the adjoint for gradients.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use crate::istft::hann;

/// Constant added to squared magnitudes, so that the root is differentiable everywhere.
const POWER_EPS: f32 = 1e-12;

/// Returns the magnitude of a value of a spectrum.
pub(crate) fn magnitude(value: &Complex<f32>) -> f32 {
    (value.norm_sqr() + POWER_EPS).sqrt()
}

/// One resolution: Hann windows of `n_fft` samples with a hop of a quarter. Cloning shares the transforms.
#[derive(Clone)]
pub(crate) struct Stft {
    n_fft: usize,
    hop: usize,
    window: Vec<f32>,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

impl Stft {
    pub(crate) fn new(n_fft: usize, planner: &mut RealFftPlanner<f32>) -> Self {
        Self {
            n_fft,
            hop: n_fft / 4,
            window: hann(n_fft),
            forward: planner.plan_fft_forward(n_fft),
            inverse: planner.plan_fft_inverse(n_fft),
        }
    }

    /// Returns the number of frequencies of a frame.
    pub(crate) fn bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    /// Returns the number of frames within `samples` samples.
    pub(crate) fn frames(&self, samples: usize) -> usize {
        (samples - self.n_fft) / self.hop + 1
    }

    /// Returns the spectra of the frames that are completely inside, (frames, bins).
    pub(crate) fn spectra(&self, samples: &[f32]) -> Vec<Complex<f32>> {
        let (frames, bins) = (self.frames(samples.len()), self.bins());
        let mut out = vec![Complex::default(); frames * bins];
        let mut input = self.forward.make_input_vec();
        let mut work = self.forward.make_scratch_vec();
        for (t, out) in out.chunks_exact_mut(bins).enumerate() {
            let from = &samples[t * self.hop..][..self.n_fft];
            for ((x, s), w) in input.iter_mut().zip(from).zip(&self.window) {
                *x = s * w;
            }
            self.forward
                .process_with_scratch(&mut input, out, &mut work)
                .expect("the buffers were made for this transform");
        }
        out
    }

    /// Returns the gradient of the samples from that of the spectra's real and imaginary parts.
    pub(crate) fn adjoint(&self, mut spectra: Vec<Complex<f32>>, samples: usize) -> Vec<f32> {
        let bins = self.bins();
        let mut out = vec![0.0; samples];
        let mut frame = self.inverse.make_output_vec();
        let mut work = self.inverse.make_scratch_vec();
        for (t, spectrum) in spectra.chunks_exact_mut(bins).enumerate() {
            // The library's inverse counts every frequency but the first and the last twice.
            spectrum[1..bins - 1].iter_mut().for_each(|c| *c *= 0.5);
            spectrum[0].im = 0.0;
            spectrum[bins - 1].im = 0.0;
            self.inverse
                .process_with_scratch(spectrum, &mut frame, &mut work)
                .expect("the buffers were made for this transform");
            let out = &mut out[t * self.hop..][..self.n_fft];
            for ((o, f), w) in out.iter_mut().zip(&frame).zip(&self.window) {
                *o += f * w;
            }
        }
        out
    }
}
