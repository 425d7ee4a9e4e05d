//! Levels after those of the residual quantiser: a product quantiser of its residual.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::{Allowed, ConfigIssue};

use crate::CodecError;
use crate::fault::WeightsMismatch;
use crate::kmeans::KMeans;
use crate::nearest::{Codebook, MAX_ENTRIES};

/// Shape of the refinement, and how it is fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RefinementConfig {
    /// Groups of neighbouring latent values, each with a level of its own.
    pub groups: usize,
    /// Entries of a group's codebook.
    pub entries: usize,
    /// Iterations of k-means.
    pub iterations: usize,
}

impl Default for RefinementConfig {
    fn default() -> Self {
        Self { groups: 16, entries: 1024, iterations: 8 }
    }
}

impl RefinementConfig {
    /// # Errors
    /// [`CodecError::Config`] naming the setting that can't work with latents of this length.
    pub fn check(&self, latent_dim: usize) -> Result<(), CodecError> {
        if self.groups == 0 || !latent_dim.is_multiple_of(self.groups) {
            let reason = format!("must divide the length of latents, {latent_dim}");
            return Err(CodecError::setting("groups", reason));
        }
        Allowed::Within(1.0, MAX_ENTRIES).check("entries", self.entries as f64)?;
        Ok(ConfigIssue::above_zero(&[("iterations", self.iterations)])?)
    }
}

/// A product quantiser (Jégou, Douze & Schmid 2011) of the residuals of a residual quantiser: group by group, largest
/// principal components first. Codes may omit any number of groups at the end.
#[derive(Debug, Clone)]
pub struct Refinement {
    config: RefinementConfig,
    width: usize,
    books: Vec<Codebook>,
}

impl Refinement {
    /// Builds a refinement of `entries` (groups, entries, latent_dim / groups).
    ///
    /// # Errors
    /// [`CodecError::Config`], or [`CodecError::Mismatch`] for another number of values or one that isn't finite.
    pub fn new(
        config: RefinementConfig,
        latent_dim: usize,
        entries: &[f32],
    ) -> Result<Self, CodecError> {
        config.check(latent_dim)?;
        let expected = config.entries * latent_dim;
        if entries.len() != expected || entries.iter().any(|v| !v.is_finite()) {
            let (table, found) = ("refinement", entries.len());
            return Err(WeightsMismatch::TableValues { table, found, expected }.into());
        }
        let width = latent_dim / config.groups;
        let books = entries.chunks_exact(config.entries * width);
        let books = books.map(|book| Codebook::new(book.to_vec(), width)).collect();
        Ok(Self { config, width, books })
    }

    /// Fits a refinement on residuals (n, latent_dim).
    ///
    /// # Errors
    /// [`CodecError::Config`] or [`CodecError::TooLittleData`].
    pub fn fit(
        config: &RefinementConfig,
        latent_dim: usize,
        residuals: &[f32],
        seed: u64,
    ) -> Result<Self, CodecError> {
        config.check(latent_dim)?;
        let found = residuals.len() / latent_dim;
        if found < config.entries {
            return Err(CodecError::TooLittleData {
                operation: "fit refinement",
                found,
                needed: config.entries,
                unit: "codec frames",
            });
        }
        let width = latent_dim / config.groups;
        let books = (0..config.groups).map(|group| {
            let part = columns(residuals, latent_dim, group * width, width);
            let seed = seed.wrapping_add(100 + group as u64);
            let mut means = KMeans::new(&part, width, config.entries, seed);
            for round in 0..config.iterations {
                means.step(&part, round, config.iterations);
            }
            means.finish()
        });
        Ok(Self { books: books.collect(), config: config.clone(), width })
    }

    /// Shape and settings.
    pub fn config(&self) -> &RefinementConfig {
        &self.config
    }

    /// Returns the values of the codebooks, (groups, entries, latent_dim / groups).
    pub fn entries(&self) -> Vec<f32> {
        self.books.iter().flat_map(|book| book.entries()).copied().collect()
    }

    /// Returns the codes of residuals (n, latent_dim), a list over time for each group.
    pub fn encode(&self, residuals: &[f32]) -> Vec<Vec<u16>> {
        let latent_dim = self.width * self.books.len();
        let one = |(group, book): (usize, &Codebook)| {
            book.nearest(&columns(residuals, latent_dim, group * self.width, self.width))
        };
        self.books.iter().enumerate().map(one).collect()
    }

    /// Adds the entries of codes, one for each of the first groups, to the latent of a frame.
    pub(crate) fn add(&self, latent: &mut [f32], codes: &[u16]) {
        for ((part, book), &code) in latent.chunks_mut(self.width).zip(&self.books).zip(codes) {
            part.iter_mut().zip(book.entry(code)).for_each(|(l, e)| *l += e);
        }
    }
}

/// Columns `first..first + width` of rows of `dim` values.
fn columns(values: &[f32], dim: usize, first: usize, width: usize) -> Vec<f32> {
    values.chunks_exact(dim).flat_map(|row| &row[first..first + width]).copied().collect()
}
