//! Layers of the network.

use candle_core::{D, Result, Tensor};
use candle_nn::{LayerNorm, Module, ops::softmax_last_dim};

use super::linear::Linear;

/// Keys and values, each (1, heads, positions, head_dim).
pub(crate) type KeysValues = (Tensor, Tensor);

/// Multi-head attention. The key projection has no bias.
pub(crate) struct Attention {
    pub(crate) query: Linear,
    pub(crate) key: Linear,
    pub(crate) value: Linear,
    pub(crate) out: Linear,
    pub(crate) heads: usize,
}

impl Attention {
    /// Returns the keys and values of (1, positions, width).
    pub(crate) fn keys_values(&self, x: &Tensor) -> Result<KeysValues> {
        Ok((self.split(&self.key.forward(x)?)?, self.split(&self.value.forward(x)?)?))
    }

    fn split(&self, x: &Tensor) -> Result<Tensor> {
        let (batch, positions, width) = x.dims3()?;
        let split = x.reshape((batch, positions, self.heads, width / self.heads))?;
        split.transpose(1, 2)?.contiguous() // (batch, heads, positions, head_dim)
    }

    /// Returns the attention of `x` (1, positions, width) to keys and values, (1, positions, width), and its weights,
    /// (1, heads, positions, keys).
    pub(crate) fn attend(
        &self,
        x: &Tensor,
        keys_values: &KeysValues,
        mask: Option<&Tensor>,
    ) -> Result<(Tensor, Tensor)> {
        let (keys, values) = keys_values;
        let queries = self.split(&self.query.forward(x)?)?; // (1, heads, positions, head_dim)
        let scale = (queries.dim(D::Minus1)? as f64).powf(-0.5);
        let mut scores = (queries * scale)?.matmul(&keys.t()?)?; // (1, heads, positions, keys)
        if let Some(mask) = mask {
            scores = scores.broadcast_add(mask)?;
        }
        let weights = softmax_last_dim(&scores)?;
        let mixed = weights.matmul(values)?.transpose(1, 2)?.flatten_from(2)?; // (1, positions, width)
        Ok((self.out.forward(&mixed)?, weights))
    }
}

/// Feed-forward layers with the exact GELU, after a layer norm.
pub(crate) struct FeedForward {
    pub(crate) norm: LayerNorm,
    pub(crate) up: Linear,
    pub(crate) down: Linear,
}

impl FeedForward {
    /// Returns the input plus the output of the layers.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let inner = self.up.forward(&self.norm.forward(x)?)?.gelu_erf()?;
        x + self.down.forward(&inner)?
    }
}

/// Returns the additive mask of the last `new` of `total` positions: each attends to itself and earlier positions. //
/// (new, total)
pub(crate) fn causal_mask(new: usize, total: usize, like: &Tensor) -> Result<Tensor> {
    let before = total - new;
    let value = |i: usize, j: usize| if j > before + i { f32::NEG_INFINITY } else { 0.0 };
    let mask: Vec<f32> = (0..new).flat_map(|i| (0..total).map(move |j| value(i, j))).collect();
    Tensor::from_vec(mask, (new, total), like.device())?.to_dtype(like.dtype())
}
