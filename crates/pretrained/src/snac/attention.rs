//! Local attention within windows.

use candle_core::{Result, Tensor};

use super::SnacConfig;
use crate::checkpoint::Weights;
use crate::error::PretrainedError;
use crate::ops::{LayerNorm, Linear, attend, rotate};

type Loaded<T> = std::result::Result<T, PretrainedError>;

/// Dimension of a head.
const HEAD_DIM: usize = 64;

/// Attention within consecutive windows.
pub(super) struct LocalAttention {
    norm: LayerNorm,
    qkv: Linear,
    out: Linear,
    window: usize,
    heads: usize,
}

impl LocalAttention {
    fn load(weights: &Weights<'_>, dim: usize, window: usize) -> Loaded<Self> {
        Ok(Self {
            norm: LayerNorm::load(&weights.pp("norm"), dim, 1e-5)?,
            qkv: Linear::load(&weights.pp("to_qkv"), dim, 3 * dim, false)?,
            out: Linear::load(&weights.pp("to_out"), dim, dim, false)?,
            window,
            heads: (dim / HEAD_DIM).max(1),
        })
    }

    /// Transforms (1, dim, steps) to the same shape; `steps` is a multiple of the window.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (_, dim, steps) = x.dims3()?;
        let (windows, head_dim) = (steps / self.window, dim / self.heads);
        let rows = self.norm.forward(&x.transpose(1, 2)?.contiguous()?)?; // (1, steps, dim)
        let qkv = self.qkv.forward(&rows)?; // (1, steps, 3 dim)
        let split = |i: usize| -> Result<Tensor> {
            let part = qkv.narrow(2, i * dim, dim)?.contiguous()?; // (1, steps, dim)
            // (windows, heads, window, head_dim)
            let part =
                part.reshape((windows, self.window, self.heads, head_dim))?.transpose(1, 2)?;
            // (windows * heads, window, head_dim)
            part.contiguous()?.reshape((windows * self.heads, self.window, head_dim))
        };
        let (q, k) = (rotate(&split(0)?, 0, 10_000.0)?, rotate(&split(1)?, 0, 10_000.0)?);
        let mixed = attend(&q, &k, &split(2)?, None)?; // (windows * heads, window, head_dim)
        // (windows, window, heads, head_dim)
        let mixed = mixed.reshape((windows, self.heads, self.window, head_dim))?.transpose(1, 2)?;
        let mixed = self.out.forward(&mixed.contiguous()?.reshape((1, steps, dim))?)?; // (1, steps, dim)
        mixed.transpose(1, 2)? + x
    }
}

/// Reads the attention at index `at` of the layers and increments the index; `None` if the configuration has no
/// attention.
pub(super) fn attention(
    weights: &Weights<'_>,
    c: &SnacConfig,
    dim: usize,
    at: &mut usize,
) -> Loaded<Option<LocalAttention>> {
    let Some(window) = c.attn_window_size else { return Ok(None) };
    let loaded = LocalAttention::load(&weights.pp(*at), dim, window)?;
    *at += 1;
    Ok(Some(loaded))
}
