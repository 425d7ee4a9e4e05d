//! Multi-resolution spectral loss of the vocoder, with its own backward pass.

use std::sync::{Arc, Mutex};

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;
use realfft::RealFftPlanner;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_audio::{MelConfig, mel_filterbank};

use crate::CodecError;
use crate::stft::{Stft, magnitude};

/// Settings of the spectral loss.
///
/// Spectral convergence and log-magnitudes are those of Parallel WaveGAN (Yamamoto et al. 2019, 1910.11480, section
/// 2.2), the log-mel distance at several resolutions that of the Descript codec (Kumar et al. 2023, 2306.06546).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SpectralLossConfig {
    /// Window lengths of the transforms, samples; the hop is a quarter of the window.
    pub n_fft: Vec<usize>,
    /// Mel bands at each of them.
    pub mel_bins: Vec<usize>,
    /// Weight of the L1 distance of log-mel values.
    pub mel_weight: f64,
    /// Weight of the L1 distance of log-magnitudes.
    pub magnitude_weight: f64,
    /// Weight of spectral convergence: the norm of the difference of magnitudes over the norm of the target's.
    pub convergence_weight: f64,
    /// Smallest magnitude (of a transform with unit window) before the logarithm.
    pub magnitude_floor: f64,
    /// Smallest mel value before the logarithm.
    pub mel_floor: f64,
    /// Weight of the distance between two outputs for one clip that differ in their noise, which is subtracted; 0 for a
    /// single output.
    ///
    /// With 1 the loss is the spectral energy distance (Gritsenko et al. 2020, 2008.01160), whose optimum has the
    /// distribution of recordings; a distance alone has its optimum at the median.
    pub repulsion_weight: f64,
}

impl Default for SpectralLossConfig {
    fn default() -> Self {
        Self {
            n_fft: vec![512, 1024, 2048],
            mel_bins: vec![40, 80, 120],
            mel_weight: 1.0,
            magnitude_weight: 0.3,
            convergence_weight: 1.0,
            magnitude_floor: 3e-3,
            mel_floor: 1e-4,
            repulsion_weight: 0.0,
        }
    }
}

/// One band of a filterbank.
struct Band {
    first: usize,
    weights: Vec<f32>,
}

/// One resolution.
struct Resolution {
    stft: Stft,
    bands: Vec<Band>,
}

/// Losses of one clip at one resolution.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct SpectralLosses {
    pub(crate) total: f64,
    pub(crate) mel: f64,
    pub(crate) magnitude: f64,
    pub(crate) convergence: f64,
    /// Half the distance between the two outputs; 0 for a single output.
    pub(crate) repulsion: f64,
}

impl SpectralLosses {
    fn add_scaled(&mut self, other: Self, scale: f64) {
        self.total += other.total * scale;
        self.mel += other.mel * scale;
        self.magnitude += other.magnitude * scale;
        self.convergence += other.convergence * scale;
        self.repulsion += other.repulsion * scale;
    }
}

/// The loss with its transforms and filterbanks.
#[derive(Clone)]
pub(crate) struct SpectralLoss {
    resolutions: Arc<Vec<Resolution>>,
    config: SpectralLossConfig,
}

impl SpectralLoss {
    pub(crate) fn new(
        config: &SpectralLossConfig,
        sample_rate_hz: u32,
    ) -> std::result::Result<Self, CodecError> {
        let fail = |reason: &'static str| Err(CodecError::setting("loss", reason));
        if config.n_fft.is_empty() || config.n_fft.len() != config.mel_bins.len() {
            return fail("n_fft and mel_bins must be lists of the same length, not empty");
        }
        if config.n_fft.iter().any(|n| *n < 8 || n % 4 != 0) || config.mel_bins.contains(&0) {
            return fail("every n_fft must be a multiple of 4 from 8 up, every mel_bins above 0");
        }
        let mut planner = RealFftPlanner::new();
        let pairs = config.n_fft.iter().zip(&config.mel_bins);
        let resolutions = pairs.map(|(&n, &b)| Resolution::new(n, b, sample_rate_hz, &mut planner));
        Ok(Self { resolutions: Arc::new(resolutions.collect()), config: config.clone() })
    }

    /// Returns the number of samples that the longest transform needs.
    pub(crate) fn least_samples(&self) -> usize {
        self.config.n_fft.iter().copied().max().unwrap_or(0)
    }

    /// Returns the number of outputs for a clip that the loss compares.
    pub(crate) fn drawings(&self) -> usize {
        if self.config.repulsion_weight > 0.0 { 2 } else { 1 }
    }

    /// Returns the mean losses of one or two outputs for clips of `clip` samples each (outputs * clips * clip) against
    /// the target (clips * clip), and the gradient of the total with respect to `predicted`.
    pub(crate) fn compute(
        &self,
        predicted: &[f32],
        target: &[f32],
        clip: usize,
    ) -> (SpectralLosses, Vec<f32>) {
        let clips = target.len() / clip;
        let tasks: Vec<(usize, usize)> =
            (0..clips).flat_map(|c| (0..self.resolutions.len()).map(move |r| (c, r))).collect();
        let share = 1.0 / tasks.len() as f64;
        let parts: Vec<(SpectralLosses, Vec<Vec<f32>>)> = tasks
            .par_iter()
            .map(|&(c, r)| {
                let at = c * clip..(c + 1) * clip;
                let drawings: Vec<&[f32]> = predicted
                    .chunks_exact(target.len())
                    .map(|drawing| &drawing[at.clone()])
                    .collect();
                self.resolutions[r].compute(&drawings, &target[at], &self.config)
            })
            .collect();
        let (mut losses, mut grad) = (SpectralLosses::default(), vec![0.0; predicted.len()]);
        for (&(c, _), (part, grads)) in tasks.iter().zip(&parts) {
            losses.add_scaled(*part, share);
            for (grad, part) in grad.chunks_exact_mut(target.len()).zip(grads) {
                let grad = &mut grad[c * clip..(c + 1) * clip];
                grad.iter_mut().zip(part).for_each(|(g, p)| *g += p * share as f32);
            }
        }
        (losses, grad)
    }

    /// Returns the differentiable loss of `predicted` (outputs * clips * clip), and its parts.
    pub(crate) fn forward(
        &self,
        predicted: &Tensor,
        target: Vec<f32>,
        clip: usize,
    ) -> Result<(Tensor, SpectralLosses)> {
        let found = Arc::new(Mutex::new((SpectralLosses::default(), Vec::new())));
        let op = LossOp { loss: self.clone(), target, clip, found: found.clone() };
        let total = predicted.contiguous()?.apply_op1(op)?;
        let losses = lock(&found).0;
        Ok((total, losses))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Resolution {
    fn new(
        n_fft: usize,
        mel_bins: usize,
        sample_rate_hz: u32,
        planner: &mut RealFftPlanner<f32>,
    ) -> Self {
        let mel = MelConfig {
            sample_rate_hz,
            n_fft,
            bins: mel_bins,
            fmax_hz: f64::from(sample_rate_hz) / 2.0,
            ..MelConfig::default()
        };
        let bands = mel_filterbank(&mel)
            .chunks_exact(n_fft / 2 + 1)
            .filter_map(|row| {
                // Narrow bands of short transforms may lie between two frequencies; they are skipped.
                let first = row.iter().position(|&w| w > 0.0)?;
                let end = row.iter().rposition(|&w| w > 0.0)? + 1;
                Some(Band { first, weights: row[first..end].to_vec() })
            })
            .collect();
        Self { stft: Stft::new(n_fft, planner), bands }
    }

    /// Returns the losses of one or two outputs for a clip, and the gradients with respect to their samples.
    fn compute(
        &self,
        drawings: &[&[f32]],
        target: &[f32],
        config: &SpectralLossConfig,
    ) -> (SpectralLosses, Vec<Vec<f32>>) {
        let spectra: Vec<_> = drawings.iter().map(|samples| self.stft.spectra(samples)).collect();
        let magnitudes: Vec<Vec<f32>> =
            spectra.iter().map(|s| s.iter().map(magnitude).collect()).collect();
        let y: Vec<f32> = self.stft.spectra(target).iter().map(magnitude).collect();
        let norm: f64 = y.iter().map(|b| f64::from(b * b)).sum();
        // The floor keeps the error of a silent target finite.
        let norm = norm.max(f64::from(config.magnitude_floor as f32).powi(2) * y.len() as f64);
        let share = 1.0 / drawings.len() as f64;
        let (mut losses, mut grads) = (SpectralLosses::default(), Vec::new());
        for (i, (mut spectra, x)) in spectra.into_iter().zip(&magnitudes).enumerate() {
            let mut slope = vec![0.0f32; x.len()]; // by the magnitudes, (frames, bins)
            let from_target = self.distance(x, &y, norm, share, config, &mut slope);
            losses.add_scaled(from_target, share);
            for (_, other) in magnitudes.iter().enumerate().filter(|(j, _)| *j != i) {
                let push = -config.repulsion_weight * share;
                let apart = self.distance(x, other, norm, push, config, &mut slope);
                // Each pair is counted twice.
                losses.repulsion += 0.5 * share * apart.total;
                losses.total -= 0.5 * share * config.repulsion_weight * apart.total;
            }
            for ((c, s), m) in spectra.iter_mut().zip(&slope).zip(x) {
                *c *= s / m;
            }
            grads.push(self.stft.adjoint(spectra, target.len()));
        }
        (losses, grads)
    }

    /// Returns the distances of magnitudes `x` from `y` (frames, bins); adds `scale` times their gradient with respect
    /// to `x`.
    fn distance(
        &self,
        x: &[f32],
        y: &[f32],
        norm: f64,
        scale: f64,
        config: &SpectralLossConfig,
        slope: &mut [f32],
    ) -> SpectralLosses {
        let off: f64 = x.iter().zip(y).map(|(a, b)| f64::from((a - b) * (a - b))).sum();
        let mut losses =
            SpectralLosses { convergence: (off / norm).sqrt(), ..SpectralLosses::default() };
        let factor = (scale * config.convergence_weight / (off * norm).sqrt().max(1e-12)) as f32;
        for ((s, a), b) in slope.iter_mut().zip(x).zip(y) {
            *s += factor * (a - b);
        }
        losses.magnitude = magnitude_distance(x, y, scale, config, slope);
        losses.mel = self.mel_distance(x, y, scale, config, slope);
        losses.total = config.convergence_weight * losses.convergence
            + config.magnitude_weight * losses.magnitude
            + config.mel_weight * losses.mel;
        losses
    }

    fn mel_distance(
        &self,
        x: &[f32],
        y: &[f32],
        scale: f64,
        config: &SpectralLossConfig,
        slope: &mut [f32],
    ) -> f64 {
        let bins = self.stft.bins();
        let floor = config.mel_floor as f32;
        let count = (x.len() / bins * self.bands.len()) as f64;
        let step = (scale * config.mel_weight / count) as f32;
        let mut sum = 0.0f64;
        for ((x, y), slope) in
            x.chunks_exact(bins).zip(y.chunks_exact(bins)).zip(slope.chunks_exact_mut(bins))
        {
            for Band { first, weights } in &self.bands {
                let value = |m: &[f32]| -> f32 {
                    weights.iter().zip(&m[*first..]).map(|(w, m)| w * m).sum()
                };
                let (a, b) = (value(x), value(y));
                let (distance, pull) = log_distance(a, b, floor, step);
                sum += f64::from(distance);
                if pull != 0.0 {
                    slope[*first..].iter_mut().zip(weights).for_each(|(s, w)| *s += pull * w);
                }
            }
        }
        sum / count
    }
}

/// Returns the distance of the logarithms of two values, clamped at `floor`, and `step` times its derivative by the
/// first.
fn log_distance(a: f32, b: f32, floor: f32, step: f32) -> (f32, f32) {
    let difference = a.max(floor).ln() - b.max(floor).ln();
    let moves = a > floor && difference != 0.0;
    (difference.abs(), if moves { step * difference.signum() / a } else { 0.0 })
}

/// Returns the mean L1 distance of log-magnitudes; adds `scale` times its gradient with respect to `x`.
fn magnitude_distance(
    x: &[f32],
    y: &[f32],
    scale: f64,
    config: &SpectralLossConfig,
    slope: &mut [f32],
) -> f64 {
    let floor = config.magnitude_floor as f32;
    let step = (scale * config.magnitude_weight / x.len() as f64) as f32;
    let mut sum = 0.0f64;
    for ((a, b), s) in x.iter().zip(y).zip(slope) {
        let (distance, pull) = log_distance(*a, *b, floor, step);
        sum += f64::from(distance);
        *s += pull;
    }
    sum / x.len() as f64
}

struct LossOp {
    loss: SpectralLoss,
    target: Vec<f32>,
    clip: usize,
    /// Loss and gradient, which are computed together; the gradient is kept for the backward pass.
    found: Arc<Mutex<(SpectralLosses, Vec<f32>)>>,
}

impl CustomOp1 for LossOp {
    fn name(&self) -> &'static str {
        "spectral-loss"
    }

    fn cpu_fwd(&self, predicted: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let Some((start, end)) = layout.contiguous_offsets() else {
            candle_core::bail!("the spectral loss needs contiguous samples")
        };
        let predicted = &predicted.as_slice::<f32>()?[start..end];
        let fits =
            self.clip >= self.loss.least_samples() && self.target.len().is_multiple_of(self.clip);
        let wanted = self.loss.drawings() * self.target.len();
        if !fits || predicted.is_empty() || predicted.len() != wanted {
            candle_core::bail!(
                "spectral loss: {} samples against {} in clips of {}",
                predicted.len(),
                self.target.len(),
                self.clip
            );
        }
        let found = self.loss.compute(predicted, &self.target, self.clip);
        let total = found.0.total as f32;
        *lock(&self.found) = found;
        Ok((CpuStorage::F32(vec![total]), Shape::from(())))
    }

    fn bwd(&self, predicted: &Tensor, _loss: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let values = std::mem::take(&mut lock(&self.found).1);
        if values.len() != predicted.elem_count() {
            candle_core::bail!("the spectral loss can go backward once only");
        }
        let own = Tensor::from_vec(values, predicted.shape(), predicted.device())?;
        Ok(Some(own.broadcast_mul(grad)?))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests;
