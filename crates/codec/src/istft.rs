//! The inverse short-time Fourier transform that ends the vocoder (Vocos: Siuzdak 2023, 2306.00814, section 3.2), with
//! its own backward.

use std::f32::consts::PI;
use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use syrinx_nn::with_slice;

/// Largest log-magnitude: above what a full-scale sine reaches in 960 points, so only runaway values meet it.
const LOG_MAGNITUDE_MAX: f32 = 6.5;

/// Log-magnitudes and phases to samples: `exp(m) (cos p + j sin p)`, inverse transform, Hann window, overlap-add, divided
/// by the overlapped squared window. Frame `t` is centred at sample `t * hop`; `n` frames make `n * hop` samples.
#[derive(Clone)]
pub(crate) struct Istft {
    n_fft: usize,
    hop: usize,
    window: Vec<f32>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    forward: Arc<dyn RealToComplex<f32>>,
}

/// Buffers of one thread.
struct Scratch {
    spectrum: Vec<Complex<f32>>,
    samples: Vec<f32>,
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

    /// Frequencies of a frame.
    pub(crate) fn bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    fn scratch(&self) -> Scratch {
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
        let bins = self.bins();
        let (magnitudes, phases) = row.split_at(bins);
        for ((s, m), p) in scratch.spectrum.iter_mut().zip(magnitudes).zip(phases) {
            let (sin, cos) = p.sin_cos();
            let magnitude = m.min(LOG_MAGNITUDE_MAX).exp();
            *s = Complex::new(magnitude * cos, magnitude * sin);
        }
        // The inverse of a real signal has no imaginary part there, and the library insists.
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

    /// The gradient of one row from the gradient of its windowed samples, which lies in `scratch.samples` times the window.
    fn frame_backward(&self, row: &[f32], grad: &mut [f32], scratch: &mut Scratch) {
        let bins = self.bins();
        self.forward
            .process_with_scratch(&mut scratch.samples, &mut scratch.spectrum, &mut scratch.work)
            .expect("the buffers were made for this transform");
        let (magnitudes, phases) = row.split_at(bins);
        let (grad_m, grad_p) = grad.split_at_mut(bins);
        for k in 0..bins {
            let edge = k == 0 || k == bins - 1;
            let scale = if edge { 1.0 } else { 2.0 } / self.n_fft as f32;
            let real = scratch.spectrum[k].re * scale;
            let imaginary = if edge { 0.0 } else { scratch.spectrum[k].im * scale };
            let (sin, cos) = phases[k].sin_cos();
            let magnitude = magnitudes[k].min(LOG_MAGNITUDE_MAX).exp();
            let inside = if magnitudes[k] < LOG_MAGNITUDE_MAX { 1.0 } else { 0.0 };
            grad_m[k] = inside * magnitude * (real * cos + imaginary * sin);
            grad_p[k] = magnitude * (imaginary * cos - real * sin);
        }
    }

    /// Overlapped squared window of `frames` frames, (frames * hop).
    fn envelope(&self, frames: usize) -> Vec<f32> {
        let mut out = vec![0.0; frames * self.hop];
        for t in 0..frames {
            self.overlap(t, &mut out, |o, i| *o += self.window[i] * self.window[i]);
        }
        out
    }

    /// Calls `f` with each sample of `out` that frame `t` covers, and its place in the frame.
    fn overlap(&self, t: usize, out: &mut [f32], mut f: impl FnMut(&mut f32, usize)) {
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

    /// Rows of a signal's own transform: samples (frames * hop) to (frames, 2 * bins).
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

    /// Gradient of rows from the gradient of samples.
    fn synthesise_backward(&self, rows: &[f32], grad: &[f32]) -> Vec<f32> {
        let width = 2 * self.bins();
        let frames = rows.len() / width;
        let mut scaled: Vec<f32> =
            grad.iter().zip(self.envelope(frames)).map(|(g, e)| g / e).collect();
        let mut out = vec![0.0; rows.len()];
        let mut scratch = self.scratch();
        for (t, (row, out)) in rows.chunks_exact(width).zip(out.chunks_exact_mut(width)).enumerate()
        {
            scratch.samples.fill(0.0);
            let samples = &mut scratch.samples;
            self.overlap(t, &mut scaled, |g, i| samples[i] = *g * self.window[i]);
            self.frame_backward(row, out, &mut scratch);
        }
        out
    }

    /// Differentiable synthesis of sequences of `frames` rows each: (sequences * frames, 2 * bins) -> (sequences *
    /// frames * hop).
    pub(crate) fn forward(&self, rows: &Tensor, frames: usize) -> Result<Tensor> {
        rows.contiguous()?.apply_op1(IstftOp { istft: self.clone(), frames })
    }

    /// Synthesis piece by piece.
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

/// A periodic Hann window.
pub(crate) fn hann(n: usize) -> Vec<f32> {
    (0..n).map(|i| 0.5 - 0.5 * (2.0 * PI * i as f32 / n as f32).cos()).collect()
}

struct IstftOp {
    istft: Istft,
    frames: usize,
}

impl CustomOp1 for IstftOp {
    fn name(&self) -> &'static str {
        "istft"
    }

    fn cpu_fwd(&self, rows: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (count, width) = layout.shape().dims2()?;
        let istft = &self.istft;
        if width != 2 * istft.bins() || self.frames == 0 || count % self.frames != 0 {
            candle_core::bail!(
                "istft: ({count}, {width}) rows aren't sequences of {} frames",
                self.frames
            );
        }
        let Some((start, end)) = layout.contiguous_offsets() else {
            candle_core::bail!("istft needs contiguous rows")
        };
        let rows = &rows.as_slice::<f32>()?[start..end];
        let out: Vec<f32> = rows
            .par_chunks(self.frames * width)
            .flat_map_iter(|sequence| istft.synthesise(sequence))
            .collect();
        let samples = out.len();
        Ok((CpuStorage::F32(out), samples.into()))
    }

    fn bwd(&self, rows: &Tensor, _out: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let istft = &self.istft;
        let width = 2 * istft.bins();
        let out: Vec<f32> = with_slice(rows, |rows| {
            with_slice(grad, |grad| {
                Ok(rows
                    .par_chunks(self.frames * width)
                    .zip(grad.par_chunks(self.frames * istft.hop))
                    .flat_map_iter(|(rows, grad)| istft.synthesise_backward(rows, grad))
                    .collect())
            })
        })?;
        Ok(Some(Tensor::from_vec(out, rows.shape(), rows.device())?))
    }
}

/// Synthesis piece by piece: the samples are those of the whole, however rows are cut.
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
    /// Takes rows (n, 2 * bins), gives the samples that no later row changes.
    pub(crate) fn push(&mut self, rows: &[f32]) -> Vec<f32> {
        let half = self.istft.n_fft / 2;
        for row in rows.chunks_exact(2 * self.istft.bins()) {
            self.istft.frame(row, &mut self.scratch);
            let centre = self.frames * self.istft.hop;
            let needed = centre + half - self.emitted;
            if self.samples.len() < needed {
                self.samples.resize(needed, 0.0);
                self.envelope.resize(needed, 0.0);
            }
            // Before the recording's beginning there is nothing to add to.
            let skip = (self.emitted + half).saturating_sub(centre);
            let first = (centre + skip) - half - self.emitted;
            for i in skip..self.istft.n_fft {
                let w = self.istft.window[i];
                self.samples[first + i - skip] += self.scratch.samples[i];
                self.envelope[first + i - skip] += w * w;
            }
            self.frames += 1;
        }
        let done = (self.frames * self.istft.hop).saturating_sub(half);
        self.emit(done)
    }

    /// The samples that are left.
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
    use candle_core::{Device, Var};
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

    #[test]
    fn a_stream_gives_the_samples_of_the_whole() {
        let istft = Istft::new(16, 4);
        let rows = draw(11 * 18, 5);
        let whole = istft.synthesise(&rows);
        for cut in [1, 2, 3, 11] {
            let mut stream = istft.stream();
            let mut out: Vec<f32> = rows.chunks(cut * 18).flat_map(|r| stream.push(r)).collect();
            out.extend(stream.finish());
            assert_eq!(out, whole, "pieces of {cut}");
        }
        assert!(istft.stream().finish().is_empty());
    }

    #[test]
    fn gradient_agrees_with_differences() {
        let istft = Istft::new(8, 2);
        let (values, weights) = (draw(2 * 5 * 10, 1), draw(2 * 5 * 2, 2));
        let value = |v: &[f32]| -> f64 {
            v.chunks(50)
                .flat_map(|s| istft.synthesise(s))
                .zip(&weights)
                .map(|(a, b)| f64::from(a) * f64::from(*b))
                .sum()
        };
        let x = Var::from_vec(values.clone(), (10, 10), &Device::Cpu).unwrap();
        let y = istft.forward(&x, 5).unwrap();
        let w = Tensor::from_slice(&weights, weights.len(), &Device::Cpu).unwrap();
        let grads = (y * w).unwrap().sum_all().unwrap().backward().unwrap();
        let grad = syrinx_nn::to_vec_f32(grads.get(&x).unwrap()).unwrap();
        for i in 0..values.len() {
            let at = |d: f32| {
                let mut moved = values.clone();
                moved[i] += d;
                value(&moved)
            };
            let slope = (at(5e-3) - at(-5e-3)) / 1e-2;
            assert!((slope - f64::from(grad[i])).abs() < 2e-3, "{i}: {slope} and {}", grad[i]);
        }
    }
}
