//! Recordings beside a response, as they are: no code of a codec that was fitted to clean speech says what noise is.

use candle_core::{DType, Device, Result, Tensor};
use syrinx_nn::{Kernels, Linear, Scope};
use syrinx_task::{Position, Sequence};

use crate::ModelError;
use crate::codes::Codebooks;
use crate::written::embed_latents;

/// What is heard beside a frame of the response, and by how much the response differs from it.
pub(crate) struct Heard {
    input: Linear,
    change: Linear,
}

impl Heard {
    pub(crate) fn new(
        scope: &Scope,
        (dim, latent_dim): (usize, usize),
        kernels: Kernels,
    ) -> std::result::Result<Self, ModelError> {
        // Scaled latents have a spread of one in each dimension.
        let deviation = 0.3 / (latent_dim as f64).sqrt();
        Ok(Self {
            input: Linear::new(&scope.pp("input"), latent_dim, dim, deviation, kernels)?,
            change: Linear::with_bias(&scope.pp("change"), dim, latent_dim, 0.002, kernels)?,
        })
    }

    /// The embedding of what is heard at each position: (positions, dim), or `None` if nothing is anywhere.
    pub(crate) fn forward(
        &self,
        positions: &[(usize, &Position)],
        books: &Codebooks,
        how: (&Device, DType, Kernels),
    ) -> Result<Option<Tensor>> {
        embed_latents(&self.input, positions.iter().map(|(_, p)| p.heard.clone()), books, how)
    }

    /// The latents of the responses, in the codec's scale: what is heard beside them, changed as `h` (frames, dim) says.
    /// (frames, latent_dim)
    pub(crate) fn latents(
        &self,
        h: &Tensor,
        sequences: &[Sequence],
        books: &Codebooks,
    ) -> Result<Tensor> {
        let mut heard = Vec::new(); // (frames, latent_dim)
        for s in sequences {
            for p in &s.positions[s.response_start..] {
                let Some(latent) = &p.heard else {
                    candle_core::bail!(
                        "the model hears recordings as latents, and there are codes only: encode with `--latents`"
                    )
                };
                heard.extend_from_slice(latent);
            }
        }
        let rows = heard.len() / books.latent_dim;
        let heard = Tensor::from_vec(heard, (rows, books.latent_dim), h.device())?;
        let change = self.change.forward(h)?.to_dtype(DType::F32)?; // (frames, latent_dim)
        heard + (change * f64::from(books.spread))?
    }
}
