//! Embeddings of latents and durations, in models that predict them.

use candle_core::{Result, Tensor};
use syrinx_nn::ops::{self, NONE};
use syrinx_nn::{Init, Kernels, Linear, Scope};
use syrinx_task::{Alignment, DURATION_ROWS, Latent, WeightedFrame};

use crate::codes::Codebooks;
use crate::compute::Compute;
use crate::positions::RowPosition;
use crate::{LmConfig, ModelError};

/// History of an AR stage, other than codes.
pub(crate) struct HistoryInput {
    latents: Option<Linear>,
    durations: Option<Tensor>, // (duration rows, dim)
}

impl HistoryInput {
    pub(crate) fn new(
        scope: &Scope,
        config: &LmConfig,
        books: &Codebooks,
        kernels: Kernels,
    ) -> std::result::Result<Self, ModelError> {
        let (dim, latent_dim) = (config.trunk.dim, books.latent_dim);
        let latents = config.switches.codes.head().predicts_latents().then(|| {
            // Scaled latents have a spread of one in each dimension.
            let deviation = 1.0 / (latent_dim as f64).sqrt();
            Linear::new(&scope.pp("latents"), latent_dim, dim, deviation, kernels)
        });
        let durations = (config.switches.alignment == Alignment::Durations)
            .then(|| scope.get("durations", &[DURATION_ROWS, dim], Init::Normal(0.3)));
        Ok(Self { latents: latents.transpose()?, durations: durations.transpose()? })
    }

    /// Returns the embeddings at each position: (positions, dim), or `None` without any.
    pub(crate) fn forward(
        &self,
        positions: &[RowPosition<'_>],
        books: &Codebooks,
        compute: Compute<'_>,
    ) -> Result<Option<Tensor>> {
        let durations: Vec<u32> = positions.iter().map(|row| row.position.duration).collect();
        if durations.iter().any(|&d| d != NONE) {
            let Some(table) = &self.durations else {
                candle_core::bail!("durations in a model without a table of them")
            };
            return Ok(Some(ops::embed(table, &durations, 1, compute.kernels)?)); // (positions, dim)
        }
        let latents = positions.iter().map(|row| match row.position.latent.as_ref()? {
            Latent::Values(values) => Some(values.clone()),
            Latent::Codes(frames) => Some(books.blend(frames)),
        });
        let latents: Vec<Option<Vec<f32>>> = latents.collect();
        if latents.iter().all(Option::is_none) {
            return Ok(None);
        }
        let Some(linear) = &self.latents else {
            candle_core::bail!("latents in a model that doesn't read them")
        };
        embed_latents(linear, latents, books, compute)
    }
}

/// Returns the embedding of latents in the codec's scale: (positions, dim), or `None` without any.
pub(crate) fn embed_latents(
    linear: &Linear,
    latents: impl IntoIterator<Item = Option<Vec<f32>>>,
    books: &Codebooks,
    compute: Compute<'_>,
) -> Result<Option<Tensor>> {
    let Compute { device, dtype, kernels } = compute;
    let (mut scaled, mut place) = (Vec::new(), Vec::new());
    for latent in latents {
        let Some(mut latent) = latent else {
            place.push(NONE);
            continue;
        };
        place.push((scaled.len() / books.latent_dim) as u32);
        books.scale(&mut latent);
        scaled.extend(latent);
    }
    if scaled.is_empty() {
        return Ok(None);
    }
    let rows = scaled.len() / books.latent_dim;
    let scaled = Tensor::from_vec(scaled, (rows, books.latent_dim), device)?;
    let embedded = linear.forward(&scaled.to_dtype(dtype)?)?; // (rows with latents, dim)
    Ok(Some(ops::embed(&embedded, &place, 1, kernels)?)) // (positions, dim)
}

impl Codebooks {
    /// Returns the weighted sum of the entries of frames: (latent_dim).
    pub(crate) fn blend(&self, frames: &[WeightedFrame]) -> Vec<f32> {
        let mut sum = vec![0.0; self.latent_dim];
        for WeightedFrame { weight, codes } in frames {
            for (level, &code) in codes.iter().enumerate() {
                let entry = self.entry(level, usize::from(code));
                sum.iter_mut().zip(entry).for_each(|(s, e)| *s += weight * e);
            }
        }
        sum
    }

    /// Converts a latent from the codec's scale to mean 0 and spread 1.
    pub(crate) fn scale(&self, latent: &mut [f32]) {
        for (x, c) in latent.iter_mut().zip(&self.centre) {
            *x = (*x - c) / self.spread;
        }
    }
}
