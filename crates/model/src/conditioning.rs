//! Latents of frame-aligned recordings: codes of a codec that was fitted to clean speech do not represent noise.

use candle_core::{DType, Result, Tensor};
use syrinx_nn::{Kernels, Linear, Scope};
use syrinx_task::Sequence;

use crate::ModelError;
use crate::codes::Codebooks;
use crate::compute::Compute;
use crate::history::embed_latents;
use crate::positions::RowPosition;

/// Latents of the frame-aligned conditioning, and the response's difference from them.
pub(crate) struct LatentConditioning {
    input: Linear,
    change: Linear,
}

impl LatentConditioning {
    pub(crate) fn new(
        scope: &Scope,
        dim: usize,
        latent_dim: usize,
        kernels: Kernels,
    ) -> std::result::Result<Self, ModelError> {
        // Scaled latents have a spread of one in each dimension.
        let deviation = 0.3 / (latent_dim as f64).sqrt();
        Ok(Self {
            input: Linear::new(&scope.pp("input"), latent_dim, dim, deviation, kernels)?,
            change: Linear::with_bias(&scope.pp("change"), dim, latent_dim, 0.002, kernels)?,
        })
    }

    /// Returns the embedding of the conditioning latents at each position: (positions, dim), or `None` without any.
    pub(crate) fn forward(
        &self,
        positions: &[RowPosition<'_>],
        books: &Codebooks,
        compute: Compute<'_>,
    ) -> Result<Option<Tensor>> {
        embed_latents(
            &self.input,
            positions.iter().map(|row| row.position.conditioning.clone()),
            books,
            compute,
        )
    }

    /// Returns the latents of the responses in the codec's scale, (frames, latent_dim): the conditioning plus the
    /// difference predicted from `h` (frames, dim).
    pub(crate) fn latents(
        &self,
        h: &Tensor,
        sequences: &[Sequence],
        books: &Codebooks,
    ) -> Result<Tensor> {
        let mut conditioning = Vec::new(); // (frames, latent_dim)
        for s in sequences {
            for p in &s.positions[s.response_start..] {
                let Some(latent) = &p.conditioning else {
                    candle_core::bail!(
                        "latent conditioning needs latents, and the recording has codes only"
                    )
                };
                conditioning.extend_from_slice(latent);
            }
        }
        let rows = conditioning.len() / books.latent_dim;
        let conditioning = Tensor::from_vec(conditioning, (rows, books.latent_dim), h.device())?;
        let change = self.change.forward(h)?.to_dtype(DType::F32)?; // (frames, latent_dim)
        conditioning + (change * f64::from(books.spread))?
    }
}
