//! The last layer of the vocoder, from rows of the network to spectra to samples, with its own backward pass.
//!
//! A row contains log-magnitudes and phases of a free branch, if there is one. With an excitation it also contains, for
//! each mel band, a log-gain and a phase offset of the harmonic source and a log-gain of the noise. Bands are
//! interpolated to frequencies; the branches are added in the domain of the short-time Fourier transform.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use multiversion::multiversion;
use rayon::prelude::*;
use realfft::num_complex::Complex;
use syrinx_nn::elementary::{MOST_RADIANS, exp, sin_cos};
use syrinx_nn::with_slice;

use crate::istft::{Istft, IstftStream, LOG_MAGNITUDE_MAX, Scratch, polar};

/// Mel bands of each frequency with their shares.
pub(crate) type BandShares = Vec<Vec<(usize, f32)>>;

/// Synthesis of samples from rows of the network.
#[derive(Clone)]
pub(crate) struct Synthesis {
    istft: Istft,
    /// Whether rows begin with a free branch.
    free: bool,
    /// Number of mel bands and their shares by frequency; `None` without an excitation.
    bands: Option<(usize, Arc<BandShares>)>,
}

/// Interpolated controls of the excitation at one frequency.
#[derive(Default)]
struct Controls {
    harmonic_gain: f32,
    harmonic_phase: f32,
    noise_gain: f32,
}

/// Controls of the excitation at all frequencies.
#[derive(Default)]
struct Curves {
    harmonic_gain: Vec<f32>,
    harmonic_phase: Vec<f32>,
    noise_gain: Vec<f32>,
}

impl Curves {
    fn clear(&mut self) {
        self.harmonic_gain.clear();
        self.harmonic_phase.clear();
        self.noise_gain.clear();
    }

    fn push(&mut self, controls: &Controls) {
        self.harmonic_gain.push(controls.harmonic_gain);
        self.harmonic_phase.push(controls.harmonic_phase);
        self.noise_gain.push(controls.noise_gain);
    }

    /// Adds the shaped excitation, (2 * bins), to a spectrum, (bins).
    fn shape(&self, excitation: &[Complex<f32>], out: &mut [Complex<f32>]) {
        let (source, noise) = excitation.split_at(out.len());
        if self.harmonic_phase.iter().all(|phase| phase.abs() <= MOST_RADIANS) {
            shape_source(&self.harmonic_gain, &self.harmonic_phase, source, out);
        } else {
            let controls = self.harmonic_gain.iter().zip(&self.harmonic_phase);
            for ((out, (&gain, &phase)), source) in out.iter_mut().zip(controls).zip(source) {
                *out += polar(gain, phase) * source;
            }
        }
        shape_noise(&self.noise_gain, noise, out);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn shape_source(gains: &[f32], phases: &[f32], source: &[Complex<f32>], out: &mut [Complex<f32>]) {
    for (((out, gain), &phase), source) in out.iter_mut().zip(gains).zip(phases).zip(source) {
        let (sin, cos) = sin_cos(phase);
        let magnitude = exp(gain.min(LOG_MAGNITUDE_MAX));
        let (re, im) = (magnitude * cos, magnitude * sin);
        out.re += re * source.re - im * source.im;
        out.im += re * source.im + im * source.re;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn shape_noise(gains: &[f32], noise: &[Complex<f32>], out: &mut [Complex<f32>]) {
    for ((out, gain), noise) in out.iter_mut().zip(gains).zip(noise) {
        let magnitude = exp(gain.min(LOG_MAGNITUDE_MAX));
        out.re += noise.re * magnitude;
        out.im += noise.im * magnitude;
    }
}

impl Synthesis {
    /// Returns a synthesis of a free branch alone.
    pub(crate) fn free(istft: Istft) -> Self {
        Self { istft, free: true, bands: None }
    }

    /// Returns a synthesis of an excitation with `count` mel bands, and of a free branch too if wanted.
    pub(crate) fn with_source(istft: Istft, free: bool, count: usize, shares: BandShares) -> Self {
        Self { istft, free, bands: Some((count, Arc::new(shares))) }
    }

    pub(crate) fn istft(&self) -> &Istft {
        &self.istft
    }

    /// Returns the number of values of a row.
    pub(crate) fn width(&self) -> usize {
        self.free_width() + self.bands.as_ref().map_or(0, |(count, _)| 3 * count)
    }

    /// Returns the number of values of the free branch.
    fn free_width(&self) -> usize {
        if self.free { 2 * self.istft.bins() } else { 0 }
    }

    /// Returns the spectra of the excitation that a row takes: those of the source (bins), then those of the noise
    /// (bins).
    fn excitation_len(&self) -> usize {
        if self.bands.is_some() { 2 * self.istft.bins() } else { 0 }
    }

    fn controls(&self, row: &[f32], k: usize) -> Controls {
        let mut c = Controls::default();
        if let Some((count, shares)) = &self.bands {
            let row = &row[self.free_width()..];
            for &(band, share) in &shares[k] {
                c.harmonic_gain += share * row[band];
                c.harmonic_phase += share * row[count + band];
                c.noise_gain += share * row[2 * count + band];
            }
        }
        c
    }

    /// The spectrum of one row and its excitation, into `out` (bins).
    fn spectrum(
        &self,
        row: &[f32],
        excitation: &[Complex<f32>],
        curves: &mut Curves,
        out: &mut [Complex<f32>],
    ) {
        let bins = self.istft.bins();
        out.fill(Complex::default());
        if self.free {
            for (k, s) in out.iter_mut().enumerate() {
                *s = polar(row[k], row[bins + k]);
            }
        }
        if self.bands.is_some() {
            curves.clear();
            for k in 0..bins {
                curves.push(&self.controls(row, k));
            }
            curves.shape(excitation, out);
        }
    }

    /// Gradient of one row, from that of its spectrum.
    fn row_gradient(
        &self,
        row: &[f32],
        excitation: &[Complex<f32>],
        spectrum: &[Complex<f32>],
        grad: &mut [f32],
    ) {
        let bins = self.istft.bins();
        for (k, g) in spectrum.iter().enumerate() {
            if self.free {
                (grad[k], grad[bins + k]) = partial(polar(row[k], row[bins + k]), *g, row[k]);
            }
            let Some((count, shares)) = &self.bands else { continue };
            let c = self.controls(row, k);
            let source = polar(c.harmonic_gain, c.harmonic_phase) * excitation[k];
            let noise = excitation[bins + k] * c.noise_gain.min(LOG_MAGNITUDE_MAX).exp();
            let (gain, phase) = partial(source, *g, c.harmonic_gain);
            let (noise_gain, _) = partial(noise, *g, c.noise_gain);
            let grad = &mut grad[self.free_width()..];
            for &(band, share) in &shares[k] {
                grad[band] += share * gain;
                grad[count + band] += share * phase;
                grad[2 * count + band] += share * noise_gain;
            }
        }
    }

    /// Samples (frames * hop) of rows (frames, width) and their excitation (frames, 2 * bins).
    fn synthesise(&self, rows: &[f32], excitation: &[Complex<f32>]) -> Vec<f32> {
        let (frames, each) = (rows.len() / self.width(), self.excitation_len());
        let mut out = vec![0.0; frames * self.istft.hop];
        let (mut scratch, mut curves) = (self.istft.scratch(), Curves::default());
        for (t, row) in rows.chunks_exact(self.width()).enumerate() {
            let excitation = &excitation[t * each..][..each];
            self.spectrum(row, excitation, &mut curves, &mut scratch.spectrum);
            self.istft.frame_of_spectrum(&mut scratch);
            self.istft.overlap(t, &mut out, |o, i| *o += scratch.samples[i]);
        }
        for (o, e) in out.iter_mut().zip(self.istft.envelope(frames)) {
            *o /= e;
        }
        out
    }

    /// Gradient of rows from the gradient of samples.
    fn backward(&self, rows: &[f32], excitation: &[Complex<f32>], grad: &[f32]) -> Vec<f32> {
        let (width, each) = (self.width(), self.excitation_len());
        let frames = rows.len() / width;
        let mut scaled: Vec<f32> =
            grad.iter().zip(self.istft.envelope(frames)).map(|(g, e)| g / e).collect();
        let mut out = vec![0.0; rows.len()];
        let mut scratch = self.istft.scratch();
        for (t, (row, out)) in rows.chunks_exact(width).zip(out.chunks_exact_mut(width)).enumerate()
        {
            self.gather(t, &mut scaled, &mut scratch);
            self.istft.spectrum_gradient(&mut scratch);
            self.row_gradient(row, &excitation[t * each..][..each], &scratch.spectrum, out);
        }
        out
    }

    /// Gradients of the samples that frame `t` covers, under the window, into `scratch.samples`.
    fn gather(&self, t: usize, grad: &mut [f32], scratch: &mut Scratch) {
        scratch.samples.fill(0.0);
        let samples = &mut scratch.samples;
        self.istft.overlap(t, grad, |g, i| samples[i] = *g * self.istft.window[i]);
    }

    /// Differentiable synthesis of sequences of `frames` rows each: (sequences * frames, width), with an excitation of
    /// (sequences * frames, 2 * bins) where there is one -> (sequences * frames * hop).
    pub(crate) fn forward(
        &self,
        rows: &Tensor,
        excitation: Vec<Complex<f32>>,
        frames: usize,
    ) -> Result<Tensor> {
        let op = SynthesisOp { synthesis: self.clone(), excitation, frames };
        rows.contiguous()?.apply_op1(op)
    }

    /// Returns a streaming synthesis: the samples do not depend on the division into calls.
    pub(crate) fn stream(&self) -> SynthesisStream {
        let (synthesis, istft) = (self.clone(), self.istft.stream());
        SynthesisStream { synthesis, istft, curves: Curves::default() }
    }
}

/// Derivatives by log-magnitude and phase of a part of a spectrum, from the gradient of its real and imaginary part.
fn partial(part: Complex<f32>, grad: Complex<f32>, log_magnitude: f32) -> (f32, f32) {
    let inside = if log_magnitude < LOG_MAGNITUDE_MAX { 1.0 } else { 0.0 };
    let magnitude = inside * (grad.re * part.re + grad.im * part.im);
    (magnitude, grad.im * part.re - grad.re * part.im)
}

/// Streaming synthesis.
pub(crate) struct SynthesisStream {
    synthesis: Synthesis,
    istft: IstftStream,
    curves: Curves,
}

impl SynthesisStream {
    /// Appends rows (n, width) with their excitation; returns the samples that no later row changes.
    pub(crate) fn push(&mut self, rows: &[f32], excitation: &[Complex<f32>]) -> Vec<f32> {
        let Self { synthesis, istft, curves } = self;
        let each = synthesis.excitation_len();
        for (t, row) in rows.chunks_exact(synthesis.width()).enumerate() {
            let excitation = &excitation[t * each..][..each];
            istft.push(|spectrum| synthesis.spectrum(row, excitation, curves, spectrum));
        }
        istft.ready()
    }

    /// Returns the samples that are left.
    pub(crate) fn finish(&mut self) -> Vec<f32> {
        self.istft.finish()
    }
}

struct SynthesisOp {
    synthesis: Synthesis,
    excitation: Vec<Complex<f32>>,
    frames: usize,
}

impl SynthesisOp {
    fn excitation(&self, sequence: usize) -> &[Complex<f32>] {
        let each = self.frames * self.synthesis.excitation_len();
        &self.excitation[sequence * each..][..each]
    }
}

impl CustomOp1 for SynthesisOp {
    fn name(&self) -> &'static str {
        "synthesis"
    }

    fn cpu_fwd(&self, rows: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (count, width) = layout.shape().dims2()?;
        let synthesis = &self.synthesis;
        let whole = self.frames > 0 && count % self.frames == 0;
        if width != synthesis.width() || !whole {
            candle_core::bail!(
                "synthesis: ({count}, {width}) rows aren't sequences of {} frames of {}",
                self.frames,
                synthesis.width()
            );
        }
        if self.excitation.len() != count * synthesis.excitation_len() {
            candle_core::bail!("synthesis: the excitation doesn't have {count} frames");
        }
        let Some((start, end)) = layout.contiguous_offsets() else {
            candle_core::bail!("synthesis needs contiguous rows")
        };
        let rows = &rows.as_slice::<f32>()?[start..end];
        let out: Vec<f32> = rows
            .par_chunks(self.frames * width)
            .enumerate()
            .flat_map_iter(|(i, rows)| synthesis.synthesise(rows, self.excitation(i)))
            .collect();
        let samples = out.len();
        Ok((CpuStorage::F32(out), samples.into()))
    }

    fn bwd(&self, rows: &Tensor, _out: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let synthesis = &self.synthesis;
        let (rows_len, grad_len) =
            (self.frames * synthesis.width(), self.frames * synthesis.istft.hop);
        let out: Vec<f32> = with_slice(rows, |rows| {
            with_slice(grad, |grad| {
                Ok(rows
                    .par_chunks(rows_len)
                    .zip(grad.par_chunks(grad_len))
                    .enumerate()
                    .flat_map_iter(|(i, (rows, grad))| {
                        synthesis.backward(rows, self.excitation(i), grad)
                    })
                    .collect())
            })
        })?;
        Ok(Some(Tensor::from_vec(out, rows.shape(), rows.device())?))
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

    fn excitation(n: usize) -> Vec<Complex<f32>> {
        draw(2 * n, 9).chunks(2).map(|v| Complex::new(v[0], v[1])).collect()
    }

    /// Two bands; the middle frequencies lie in both.
    fn with_source(n_fft: usize, hop: usize, free: bool) -> Synthesis {
        let istft = Istft::new(n_fft, hop);
        let last = istft.bins() - 1;
        let share = |k: usize| k as f32 / last as f32;
        let shares = (0..=last).map(|k| vec![(0, 1.0 - share(k)), (1, share(k))]).collect();
        Synthesis::with_source(istft, free, 2, shares)
    }

    /// Synthesis with each combination of branches.
    fn kinds(n_fft: usize, hop: usize) -> [Synthesis; 3] {
        let free = Synthesis::free(Istft::new(n_fft, hop));
        [free, with_source(n_fft, hop, true), with_source(n_fft, hop, false)]
    }

    #[test]
    fn a_stream_gives_the_samples_of_the_whole() {
        for synthesis in kinds(16, 4) {
            let (width, each) = (synthesis.width(), synthesis.excitation_len());
            let (rows, excitation) = (draw(11 * width, 5), excitation(11 * each));
            let whole = synthesis.synthesise(&rows, &excitation);
            for cut in [1, 2, 3, 11] {
                let mut stream = synthesis.stream();
                let mut out = Vec::new();
                for (i, rows) in rows.chunks(cut * width).enumerate() {
                    let begin = i * cut * each;
                    let end = (begin + cut * each).min(excitation.len());
                    out.extend(stream.push(rows, &excitation[begin..end]));
                }
                out.extend(stream.finish());
                assert_eq!(out, whole, "pieces of {cut}");
            }
            assert!(synthesis.stream().finish().is_empty());
        }
    }

    #[test]
    fn gradient_agrees_with_differences() {
        for synthesis in kinds(8, 2) {
            let (width, each) = (synthesis.width(), 5 * synthesis.excitation_len());
            let (values, weights) = (draw(2 * 5 * width, 1), draw(2 * 5 * 2, 2));
            let excitation = excitation(2 * each);
            let value = |v: &[f32]| -> f64 {
                v.chunks(5 * width)
                    .enumerate()
                    .flat_map(|(i, s)| synthesis.synthesise(s, &excitation[i * each..][..each]))
                    .zip(&weights)
                    .map(|(a, b)| f64::from(a) * f64::from(*b))
                    .sum()
            };
            let x = Var::from_vec(values.clone(), (10, width), &Device::Cpu).unwrap();
            let y = synthesis.forward(&x, excitation.clone(), 5).unwrap();
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
                assert!((slope - f64::from(grad[i])).abs() < 4e-3, "{i}: {slope} and {}", grad[i]);
            }
        }
    }
}
