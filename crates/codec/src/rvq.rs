//! The quantiser: log-mel patches, their principal components, and residual codebooks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_audio::{LogMel, MelConfig};
use syrinx_nn::matmul::{Mat, ProductOptions, product};
use syrinx_types::{Codes, Fingerprint};

use crate::fault::WeightsMismatch;
use crate::nearest::Codebook;
use crate::{CodecError, LevelRange};

/// Shape of a fitted quantiser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RvqConfig {
    /// The log-mel spectrogram that is coded.
    pub mel: MelConfig,
    /// Number of mel frames in a codec frame.
    pub patch_frames: usize,
    /// Length of a codebook entry.
    pub latent_dim: usize,
    /// Levels.
    pub levels: usize,
    /// Entries of a level's codebook.
    pub codebook_size: usize,
    /// Divisor of principal components, which brings latent values to about 1.
    pub scale: f64,
}

impl Default for RvqConfig {
    fn default() -> Self {
        let mel = MelConfig::default();
        Self { mel, patch_frames: 4, latent_dim: 128, levels: 8, codebook_size: 1024, scale: 1.0 }
    }
}

impl RvqConfig {
    /// Returns the number of values of one patch.
    pub fn patch_dim(&self) -> usize {
        self.patch_frames * self.mel.bins
    }

    /// Returns the number of samples of one codec frame.
    pub fn frame_samples(&self) -> usize {
        self.patch_frames * self.mel.hop
    }

    /// Returns the number of codec frames a second.
    pub fn frame_rate_hz(&self) -> f64 {
        f64::from(self.mel.sample_rate_hz) / self.frame_samples() as f64
    }
}

/// A residual vector quantiser over log-mel patches.
///
/// A codec frame is a patch: `patch_frames` consecutive mel frames. The latent is its principal components, divided by
/// one scale; level 1 codes the latent, each further level the residual of the levels before it.
#[derive(Debug, Clone)]
pub struct MelRvq {
    config: RvqConfig,
    log_mel: LogMel,
    mean: Vec<f32>, // (patch_dim)
    axes: Vec<f32>, // (latent_dim, patch_dim), orthonormal rows
    books: Vec<Codebook>,
}

impl MelRvq {
    /// Builds a quantiser from its parts: `mean` (patch_dim), `axes` (latent_dim, patch_dim), `codebooks` (levels,
    /// codebook_size, latent_dim).
    ///
    /// # Errors
    /// [`CodecError::Mismatch`] when sizes differ from the configuration or a value isn't finite.
    pub fn new(
        config: RvqConfig,
        mean: Vec<f32>,
        axes: Vec<f32>,
        codebooks: &[f32],
    ) -> Result<Self, CodecError> {
        let level = config.codebook_size * config.latent_dim;
        let fits = level > 0 && codebooks.len() == config.levels * level;
        if !fits || config.codebook_size > usize::from(u16::MAX) + 1 {
            return Err(WeightsMismatch::CodebookValues {
                found: codebooks.len(),
                levels: config.levels,
                entries: config.codebook_size,
                latent_dim: config.latent_dim,
            }
            .into());
        }
        if codebooks.iter().any(|v| !v.is_finite()) {
            return Err(WeightsMismatch::CodebookNotFinite.into());
        }
        let dim = config.latent_dim;
        let books = codebooks.chunks_exact(level).map(|b| Codebook::new(b.to_vec(), dim)).collect();
        Ok(Self::projection(config, mean, axes)?.with_codebooks(books))
    }

    /// Returns the projection of patches to latents.
    pub(crate) fn projection(
        config: RvqConfig,
        mean: Vec<f32>,
        axes: Vec<f32>,
    ) -> Result<Self, CodecError> {
        let patch_dim = config.patch_dim();
        if mean.len() != patch_dim || axes.len() != patch_dim * config.latent_dim {
            let (mean, axes, latent_dim) = (mean.len(), axes.len(), config.latent_dim);
            let fault = WeightsMismatch::ProjectionValues { mean, axes, patch_dim, latent_dim };
            return Err(fault.into());
        }
        let sane = config.scale.is_finite() && config.scale > 0.0;
        if !sane || mean.iter().chain(&axes).any(|v| !v.is_finite()) {
            return Err(WeightsMismatch::ProjectionNotFinite.into());
        }
        let log_mel = LogMel::new(config.mel.clone())?;
        Ok(Self { config, log_mel, mean, axes, books: Vec::new() })
    }

    pub(crate) fn with_codebooks(self, books: Vec<Codebook>) -> Self {
        Self { books, ..self }
    }

    /// Shape.
    pub fn config(&self) -> &RvqConfig {
        &self.config
    }

    /// Returns the spectrogram that is coded.
    pub fn log_mel(&self) -> &LogMel {
        &self.log_mel
    }

    /// Returns the mean patch, (patch_dim).
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// Returns the principal axes, (latent_dim, patch_dim).
    pub fn axes(&self) -> &[f32] {
        &self.axes
    }

    /// Returns the entries of a level (from 0), (codebook_size, latent_dim).
    pub fn codebook(&self, level: usize) -> &[f32] {
        self.books[level].entries()
    }

    /// Returns the latents of patches: (n, patch_dim) -> (n, latent_dim).
    pub fn latents(&self, patches: &[f32]) -> Vec<f32> {
        let (patch_dim, dim) = (self.config.patch_dim(), self.config.latent_dim);
        let rows = patches.len() / patch_dim;
        let centred: Vec<f32> = patches
            .chunks_exact(patch_dim)
            .flat_map(|row| row.iter().zip(&self.mean).map(|(v, m)| v - m))
            .collect();
        let mut out = vec![0.0; rows * dim]; // (n, latent_dim)
        let options =
            ProductOptions { scale: (1.0 / self.config.scale) as f32, ..Default::default() };
        let axes = Mat::new(&self.axes, dim, patch_dim);
        product(&mut out, dim, Mat::new(&centred, rows, patch_dim), axes.t(), options);
        out
    }

    /// Returns the log-mel frames of latents: (n, latent_dim) -> (n * patch_frames, bins).
    pub fn log_mel_of(&self, latents: &[f32]) -> Vec<f32> {
        let (patch_dim, dim) = (self.config.patch_dim(), self.config.latent_dim);
        let rows = latents.len() / dim;
        let mut out: Vec<f32> = Vec::with_capacity(rows * patch_dim); // (n, patch_dim)
        for _ in 0..rows {
            out.extend_from_slice(&self.mean);
        }
        let scale = self.config.scale as f32;
        let options = ProductOptions { scale, accumulate: true, ..Default::default() };
        let axes = Mat::new(&self.axes, dim, patch_dim);
        product(&mut out, patch_dim, Mat::new(latents, rows, dim), axes, options);
        out
    }

    /// Patches of a recording at the codec's sample rate, (codec frames, patch_dim); silence fills the last.
    pub fn patches(&self, samples: &[f32]) -> Vec<f32> {
        patches(&self.log_mel, self.config.patch_frames, samples)
    }

    /// Returns the codes of patches (n, patch_dim), greedy level by level.
    pub fn encode_patches(&self, patches: &[f32]) -> Codes {
        self.round(&self.latents(patches))
    }

    /// Returns the codes of latents (n, latent_dim), greedy level by level.
    pub fn round(&self, latents: &[f32]) -> Codes {
        let levels = self.books.len();
        let mut residual = latents.to_vec(); // (n, latent_dim)
        let rows = residual.len() / self.config.latent_dim;
        let mut codes = Codes::new(levels, vec![0; rows * levels]).expect("rows are whole");
        for (level, book) in self.books.iter().enumerate() {
            let column = book.nearest(&residual);
            book.subtract(&mut residual, &column);
            for (frame, code) in column.into_iter().enumerate() {
                codes.set(frame, level, code);
            }
        }
        codes
    }

    /// Checks that codes are valid for this quantiser.
    ///
    /// # Errors
    /// [`CodecError::Levels`] for no levels or more than it has, [`CodecError::Codes`] for a code outside a codebook.
    pub fn check(&self, codes: &Codes) -> Result<(), CodecError> {
        if codes.levels() > self.books.len() || codes.levels() == 0 {
            let accepted = LevelRange { min: 1, max: self.books.len() };
            return Err(CodecError::Levels { found: codes.levels(), accepted });
        }
        Ok(codes.check(self.config.codebook_size)?)
    }

    /// Returns the latents of codes, (frames, latent_dim): the sum of the entries of all levels of the codes.
    ///
    /// # Errors
    /// The same as [`Self::check`].
    pub fn dequantise(&self, codes: &Codes) -> Result<Vec<f32>, CodecError> {
        self.check(codes)?;
        let dim = self.config.latent_dim;
        let mut out = vec![0.0; codes.frames() * dim]; // (frames, latent_dim)
        for (frame, latent) in out.chunks_exact_mut(dim).enumerate() {
            for (&code, book) in codes.frame(frame).iter().zip(&self.books) {
                latent.iter_mut().zip(book.entry(code)).for_each(|(l, e)| *l += e);
            }
        }
        Ok(out)
    }

    /// Returns the log-mel frames of codes, (frames * patch_frames, bins).
    ///
    /// # Errors
    /// The same as [`Self::dequantise`].
    pub fn decode_log_mel(&self, codes: &Codes) -> Result<Vec<f32>, CodecError> {
        Ok(self.log_mel_of(&self.dequantise(codes)?))
    }

    /// Returns the fingerprint of the quantiser, 16 hexadecimal digits. Quantisers with equal fingerprints have the
    /// same codes.
    pub fn fingerprint(&self) -> String {
        let c = &self.config;
        let sizes =
            [c.patch_frames, c.latent_dim, c.levels, c.codebook_size, c.mel.hop, c.mel.n_fft];
        let sizes = sizes.map(|n| (n as u64).to_le_bytes()).concat();
        let hash = Fingerprint::default()
            .bytes(&sizes)
            .bytes(&c.mel.sample_rate_hz.to_le_bytes())
            .bytes(&c.scale.to_le_bytes())
            .values(&self.mean)
            .values(&self.axes);
        self.books.iter().fold(hash, |hash, book| hash.values(book.entries())).hex()
    }
}

/// Patches of a recording, (ceil(samples / (hop * patch_frames)), patch_frames * bins); silence fills the last.
pub fn patches(log_mel: &LogMel, patch_frames: usize, samples: &[f32]) -> Vec<f32> {
    let frame_samples = patch_frames * log_mel.config().hop;
    let whole = samples.len().div_ceil(frame_samples) * frame_samples;
    if whole == samples.len() {
        return log_mel.compute(samples);
    }
    let mut padded = samples.to_vec();
    padded.resize(whole, 0.0);
    log_mel.compute(&padded)
}
