//! How latents and durations enter the trunk, in models that write them.

use candle_core::{DType, Device, Result, Tensor};
use syrinx_nn::ops::{self, NONE};
use syrinx_nn::{Init, Kernels, Linear, Scope};
use syrinx_task::{Alignment, CodeOrder, DURATION_ROWS, Latent, Position};

use crate::codes::Codebooks;
use crate::{LmConfig, ModelError};

/// What an AR stage wrote before, other than codes.
pub(crate) struct WrittenInput {
    latents: Option<Linear>,
    durations: Option<Tensor>, // (duration rows, dim)
}

impl WrittenInput {
    pub(crate) fn new(
        scope: &Scope,
        config: &LmConfig,
        books: &Codebooks,
        kernels: Kernels,
    ) -> std::result::Result<Self, ModelError> {
        let (dim, latent_dim) = (config.trunk.dim, books.latent_dim);
        let latents = (config.codes == CodeOrder::Latent).then(|| {
            // Scaled latents have a spread of one in each dimension.
            let deviation = 1.0 / (latent_dim as f64).sqrt();
            Linear::new(&scope.pp("latents"), latent_dim, dim, deviation, kernels)
        });
        let durations = (config.alignment == Alignment::Durations)
            .then(|| scope.get("durations", &[DURATION_ROWS, dim], Init::Normal(0.3)));
        Ok(Self { latents: latents.transpose()?, durations: durations.transpose()? })
    }

    /// Their embeddings at each position: (positions, dim), or `None` if no position has any.
    pub(crate) fn forward(
        &self,
        positions: &[(usize, &Position)],
        books: &Codebooks,
        (device, dtype, kernels): (&Device, DType, Kernels),
    ) -> Result<Option<Tensor>> {
        let durations: Vec<u32> = positions.iter().map(|(_, p)| p.duration).collect();
        if durations.iter().any(|&d| d != NONE) {
            let Some(table) = &self.durations else {
                candle_core::bail!("durations in a model without a table of them")
            };
            return Ok(Some(ops::embed(table, &durations, 1, kernels)?)); // (positions, dim)
        }
        let Some((latents, place)) = scaled_latents(positions, books) else { return Ok(None) };
        let Some(linear) = &self.latents else {
            candle_core::bail!("latents in a model that doesn't read them")
        };
        let rows = latents.len() / books.latent_dim;
        let latents = Tensor::from_vec(latents, (rows, books.latent_dim), device)?;
        let embedded = linear.forward(&latents.to_dtype(dtype)?)?; // (rows with latents, dim)
        Ok(Some(ops::embed(&embedded, &place, 1, kernels)?)) // (positions, dim)
    }
}

/// Latents of mean 0 and spread 1 of the positions that have one, and where each position finds its row.
fn scaled_latents(
    positions: &[(usize, &Position)],
    books: &Codebooks,
) -> Option<(Vec<f32>, Vec<u32>)> {
    let (mut latents, mut place) = (Vec::new(), Vec::with_capacity(positions.len()));
    for (_, p) in positions {
        let Some(latent) = &p.latent else {
            place.push(NONE);
            continue;
        };
        place.push((latents.len() / books.latent_dim) as u32);
        let mut sum = match latent {
            Latent::Values(values) => values.clone(),
            Latent::Codes(shares) => books.blend(shares),
        };
        books.scale(&mut sum);
        latents.extend(sum);
    }
    (!latents.is_empty()).then_some((latents, place))
}

impl Codebooks {
    /// The weighted sum of the entries of codes, all levels each: (latent_dim).
    fn blend(&self, shares: &[(f32, Vec<u16>)]) -> Vec<f32> {
        let mut sum = vec![0.0; self.latent_dim];
        for (weight, codes) in shares {
            for (level, &code) in codes.iter().enumerate() {
                let entry = self.entry(level, usize::from(code));
                sum.iter_mut().zip(entry).for_each(|(s, e)| *s += weight * e);
            }
        }
        sum
    }

    /// From the codec's scale to mean 0 and spread 1.
    pub(crate) fn scale(&self, latent: &mut [f32]) {
        for (x, c) in latent.iter_mut().zip(&self.centre) {
            *x = (*x - c) / self.spread;
        }
    }
}
