//! Short-time Fourier transform.

use std::f32::consts::PI;
use std::fmt;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use syrinx_types::{ConfigIssue, Requirement};

use crate::AudioError;

/// Magnitudes of centred, Hann-windowed frames.
///
/// Frame `t` is centred at sample `t * hop`; outside the recording there is silence. A recording of `n` samples has
/// `ceil(n / hop)` frames. If the length of a recording is a multiple of `hop`, concatenation with another recording
/// concatenates their frames.
#[derive(Clone)]
pub struct Stft {
    n_fft: usize,
    hop: usize,
    window: Vec<f32>,
    fft: Arc<dyn RealToComplex<f32>>,
}

impl fmt::Debug for Stft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stft").field("n_fft", &self.n_fft).field("hop", &self.hop).finish()
    }
}

impl Stft {
    /// Builds a transform of `n_fft` samples every `hop` samples.
    ///
    /// # Errors
    /// [`AudioError::Config`] if `n_fft` is odd or below 2, or `hop` is 0.
    pub fn new(n_fft: usize, hop: usize) -> Result<Self, AudioError> {
        if n_fft < 2 || !n_fft.is_multiple_of(2) {
            return Err(AudioError::setting(
                "n_fft",
                Requirement::MultipleOf { value: n_fft, of: 2 },
            ));
        }
        ConfigIssue::above_zero(&[("hop", hop)])?;
        // Periodic Hann.
        let window =
            (0..n_fft).map(|i| 0.5 - 0.5 * (2.0 * PI * i as f32 / n_fft as f32).cos()).collect();
        let fft = RealFftPlanner::new().plan_fft_forward(n_fft);
        Ok(Self { n_fft, hop, window, fft })
    }

    /// Returns the number of frequencies of a frame: `n_fft / 2 + 1`.
    pub fn bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    /// Returns the number of frames of a recording: `ceil(samples / hop)`.
    pub fn frame_count(&self, samples: usize) -> usize {
        samples.div_ceil(self.hop)
    }

    /// Returns the magnitudes, (frames, bins), row-major.
    pub fn magnitudes(&self, samples: &[f32]) -> Vec<f32> {
        let mut out = Vec::with_capacity(self.frame_count(samples.len()) * self.bins());
        self.for_each(samples, |magnitudes| out.extend_from_slice(magnitudes));
        out
    }

    /// Calls `frame` with the magnitudes of each frame, in order.
    pub fn for_each(&self, samples: &[f32], mut frame: impl FnMut(&[f32])) {
        let mut input = self.fft.make_input_vec();
        let mut spectrum = self.fft.make_output_vec();
        let mut scratch = self.fft.make_scratch_vec();
        let mut magnitudes = vec![0.0; self.bins()];
        for t in 0..self.frame_count(samples.len()) {
            self.fill(samples, t, &mut input);
            self.fft
                .process_with_scratch(&mut input, &mut spectrum, &mut scratch)
                .expect("the buffers were made for this transform");
            for (m, c) in magnitudes.iter_mut().zip(&spectrum) {
                *m = magnitude(c);
            }
            frame(&magnitudes);
        }
    }

    /// Fills `input` with the windowed samples of frame `t`.
    fn fill(&self, samples: &[f32], t: usize, input: &mut [f32]) {
        let start = (t * self.hop) as isize - (self.n_fft / 2) as isize;
        let first = start.max(0) as usize;
        let last = ((start + self.n_fft as isize).max(0) as usize).min(samples.len()).max(first);
        let offset = (first as isize - start) as usize;
        input.fill(0.0);
        let there = &samples[first.min(last)..last];
        for ((x, s), w) in input[offset..].iter_mut().zip(there).zip(&self.window[offset..]) {
            *x = s * w;
        }
    }
}

fn magnitude(c: &Complex<f32>) -> f32 {
    (c.re * c.re + c.im * c.im).sqrt()
}
