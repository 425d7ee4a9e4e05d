//! Fit of the quantiser: principal components, then k-means for each level on the residual of those before it.

use std::time::Instant;

use nalgebra::{DMatrix, SymmetricEigen};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_audio::MelConfig;
use syrinx_nn::matmul::{Mat, ProductOptions, product};
use syrinx_types::{Allowed, CancelToken, ConfigIssue, Event, EventSink};

use crate::CodecError;
use crate::kmeans::KMeans;
use crate::nearest::{MAX_ENTRIES, ROWS_PER_TASK};
use crate::rvq::{MelRvq, RvqConfig};

/// Settings of fitting a quantiser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FitConfig {
    /// The log-mel spectrogram that is coded.
    pub mel: MelConfig,
    /// Number of mel frames in a codec frame.
    pub patch_frames: usize,
    /// Number of principal components of a patch, the length of a codebook entry.
    pub latent_dim: usize,
    /// Levels of the residual quantiser.
    pub levels: usize,
    /// Entries of a level's codebook.
    pub codebook_size: usize,
    /// Iterations of k-means for each level.
    pub iterations: usize,
    /// Codec frames to fit on; of longer corpora a random sample is taken.
    pub max_frames: usize,
    /// Seed of the sample and of the entries to begin with.
    pub seed: u64,
}

impl Default for FitConfig {
    fn default() -> Self {
        Self {
            // Quieter values are noise of lossy formats and converters, inaudible but a sixth of the quantiser's error.
            mel: MelConfig { floor: 2e-4, ..MelConfig::default() },
            patch_frames: 4,
            latent_dim: 128,
            levels: 8,
            codebook_size: 1024,
            iterations: 16,
            max_frames: 480_000,
            seed: 1,
        }
    }
}

impl FitConfig {
    /// Returns the number of values of one patch.
    pub fn patch_dim(&self) -> usize {
        self.patch_frames * self.mel.bins
    }

    fn check(&self) -> Result<(), CodecError> {
        ConfigIssue::above_zero(&[("patch_frames", self.patch_frames)])?;
        let values = self.patch_dim() as f64;
        Allowed::Within(1.0, values).check("latent_dim", self.latent_dim as f64)?;
        Allowed::Within(2.0, MAX_ENTRIES).check("codebook_size", self.codebook_size as f64)?;
        let counts = [("levels", self.levels), ("iterations", self.iterations)];
        Ok(ConfigIssue::above_zero(&counts)?)
    }
}

/// A uniform random sample of patches from a corpus of unknown length (Vitter 1985, algorithm R).
pub struct PatchSample {
    values: Vec<f32>, // (kept, patch_dim)
    patch_dim: usize,
    capacity: usize,
    seen: usize,
    rng: ChaCha8Rng,
}

impl PatchSample {
    /// Keeps at most `config.max_frames` patches.
    pub fn new(config: &FitConfig) -> Self {
        Self {
            values: Vec::new(),
            patch_dim: config.patch_dim(),
            capacity: config.max_frames,
            seen: 0,
            rng: ChaCha8Rng::seed_from_u64(config.seed),
        }
    }

    /// Adds the patches of a recording to the sample, (patches, patch_dim) as from [`crate::patches`].
    pub fn add(&mut self, patches: &[f32]) {
        for patch in patches.chunks_exact(self.patch_dim) {
            self.seen += 1;
            if self.values.len() < self.capacity * self.patch_dim {
                self.values.extend_from_slice(patch);
                continue;
            }
            let at = self.rng.random_range(0..self.seen);
            if at < self.capacity {
                self.values[at * self.patch_dim..][..self.patch_dim].copy_from_slice(patch);
            }
        }
    }

    /// Returns the patches kept, (kept, patch_dim).
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

/// Fits a quantiser on log-mel patches (n, patch_dim).
///
/// Levels are fitted one after another, each on the residuals of the levels before (residual or multi-stage vector
/// quantisation: Juang & Gray 1982; as used in SoundStream, 2107.03312, section III.C, there with gradients). Rarely
/// used entries are moved to residuals with large errors. Entries are rounded to f16, the stored type, before the next
/// level is fitted.
///
/// # Errors
/// [`CodecError::Config`], [`CodecError::TooLittleData`], or [`CodecError::Cancelled`].
pub fn fit(
    patches: &[f32],
    config: &FitConfig,
    events: &dyn EventSink,
    cancel: &CancelToken,
) -> Result<MelRvq, CodecError> {
    const NAME: &str = "fit codec";
    config.check()?;
    let patch_dim = config.patch_dim();
    let count = patches.len() / patch_dim;
    let needed = config.codebook_size.max(patch_dim);
    if count < needed || patches.iter().any(|v| !v.is_finite()) {
        let unit = "finite codec frames";
        return Err(CodecError::TooLittleData { operation: NAME, found: count, needed, unit });
    }
    let rounds = (config.levels * config.iterations) as u64;
    events.emit(Event::JobStarted { name: NAME.into(), total: Some(rounds) });
    let begun = Instant::now();
    let rvq_config = |scale: f64| RvqConfig {
        mel: config.mel.clone(),
        patch_frames: config.patch_frames,
        latent_dim: config.latent_dim,
        levels: config.levels,
        codebook_size: config.codebook_size,
        scale,
    };
    let basis = principal_components(patches, patch_dim, config.latent_dim);
    let plain = MelRvq::projection(rvq_config(1.0), basis.mean.clone(), basis.axes.clone())?;
    let power = mean_square(&plain.latents(patches));
    let scale = power.sqrt().max(1e-6);
    let projector = MelRvq::projection(rvq_config(scale), basis.mean, basis.axes)?;
    let mut residual = projector.latents(patches); // (count, latent_dim)
    let mut levels = Vec::with_capacity(config.levels);
    for level in 0..config.levels {
        let seed = config.seed.wrapping_add(1 + level as u64);
        let mut means = KMeans::new(&residual, config.latent_dim, config.codebook_size, seed);
        for round in 0..config.iterations {
            if cancel.is_cancelled() {
                return Err(CodecError::Cancelled { operation: NAME });
            }
            means.step(&residual, round, config.iterations);
            let done = (level * config.iterations + round + 1) as u64;
            let note = format!("level {} of {}", level + 1, config.levels);
            events.emit(Event::JobProgress { name: NAME.into(), done, note });
        }
        let book = means.finish();
        let codes = book.nearest(&residual);
        book.subtract(&mut residual, &codes);
        let error_db = mean_square(&residual).sqrt() * scale * decibels_a_unit(config);
        let note = format!(
            "level {}: {error_db:.2} dB a mel bin, {:.0} of {} entries in use (perplexity)",
            level + 1,
            perplexity(&codes, config.codebook_size),
            config.codebook_size
        );
        let done = ((level + 1) * config.iterations) as u64;
        events.emit(Event::JobProgress { name: NAME.into(), done, note });
        levels.push(book);
    }
    let summary = format!("{count} frames in {:.0} s", begun.elapsed().as_secs_f64());
    events.emit(Event::JobFinished { name: NAME.into(), summary });
    Ok(projector.with_codebooks(levels))
}

/// Returns the RMS error in decibels per mel bin of an RMS error of 1 per latent value, without the discarded
/// components.
fn decibels_a_unit(config: &FitConfig) -> f64 {
    20.0 / std::f64::consts::LN_10 * (config.latent_dim as f64 / config.patch_dim() as f64).sqrt()
}

fn mean_square(values: &[f32]) -> f64 {
    let parts: Vec<f64> = values
        .par_chunks(1 << 16)
        .map(|c| c.iter().map(|&v| f64::from(v) * f64::from(v)).sum())
        .collect();
    parts.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Returns 2 to the power of the entropy of the codes: the effective number of entries.
fn perplexity(codes: &[u16], size: usize) -> f64 {
    let mut counts = vec![0usize; size];
    for &c in codes {
        counts[usize::from(c)] += 1;
    }
    let n = codes.len() as f64;
    let entropy: f64 =
        counts.iter().filter(|&&c| c > 0).map(|&c| c as f64 / n).map(|p| -p * p.ln()).sum();
    entropy.exp()
}

struct Basis {
    mean: Vec<f32>,
    axes: Vec<f32>, // (latent_dim, patch_dim), orthonormal rows
}

/// Returns the directions of largest variance, largest first; the first value of each that isn't tiny is positive.
fn principal_components(patches: &[f32], patch_dim: usize, latent_dim: usize) -> Basis {
    let count = patches.len() / patch_dim;
    let partial_sums: Vec<Vec<f64>> = patches
        .par_chunks(patch_dim * ROWS_PER_TASK)
        .map(|chunk| {
            let mut sum = vec![0.0; patch_dim];
            for row in chunk.chunks_exact(patch_dim) {
                sum.iter_mut().zip(row).for_each(|(s, &v)| *s += f64::from(v));
            }
            sum
        })
        .collect();
    let mut mean = vec![0.0f64; patch_dim];
    for part in partial_sums {
        mean.iter_mut().zip(part).for_each(|(m, p)| *m += p / count as f64);
    }
    let mean: Vec<f32> = mean.into_iter().map(|m| m as f32).collect();
    let products: Vec<Vec<f32>> = patches
        .par_chunks(patch_dim * ROWS_PER_TASK * 16)
        .map(|chunk| {
            let rows = chunk.len() / patch_dim;
            let centred: Vec<f32> = chunk
                .chunks_exact(patch_dim)
                .flat_map(|row| row.iter().zip(&mean).map(|(v, m)| v - m))
                .collect();
            let centred = Mat::new(&centred, rows, patch_dim);
            let mut out = vec![0.0; patch_dim * patch_dim];
            let options = ProductOptions { scale: 1.0 / count as f32, ..Default::default() };
            product(&mut out, patch_dim, centred.t(), centred, options.single());
            out
        })
        .collect();
    let mut covariance = DMatrix::<f64>::zeros(patch_dim, patch_dim);
    for part in products {
        covariance.iter_mut().zip(part).for_each(|(c, p)| *c += f64::from(p));
    }
    let eigen = SymmetricEigen::new(covariance);
    let mut order: Vec<usize> = (0..patch_dim).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]).then(a.cmp(&b)));
    let mut axes = Vec::with_capacity(latent_dim * patch_dim);
    for &i in &order[..latent_dim] {
        let axis = eigen.eigenvectors.column(i);
        let sign = axis.iter().find(|v| v.abs() > 1e-3).map_or(1.0, |v| v.signum());
        axes.extend(axis.iter().map(|v| (v * sign) as f32));
    }
    Basis { mean, axes }
}
