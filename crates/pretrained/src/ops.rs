//! Operations that several published models use.

use candle_core::{D, Result, Tensor};

use crate::checkpoint::Weights;
use crate::error::PretrainedError;

/// Snake activation x + sin²(αx) / α, with a learned α per channel (Ziyin et al., arXiv 2006.08195).
#[derive(Debug, Clone)]
pub struct Snake {
    alpha: Tensor,   // (1, channels, 1)
    inverse: Tensor, // (1, channels, 1)
}

impl Snake {
    /// Reads the activation for `channels` channels.
    ///
    /// # Errors
    /// The errors of [`crate::Checkpoint::get`].
    pub fn load(
        weights: &Weights<'_>,
        channels: usize,
    ) -> std::result::Result<Self, PretrainedError> {
        let alpha = weights.get("alpha", &[1, channels, 1])?;
        let inverse = (&alpha + 1e-9).and_then(|a| a.recip());
        let inverse = inverse.map_err(PretrainedError::compute("reading an activation"))?;
        Ok(Self { alpha, inverse })
    }

    /// Applies the activation to (1, channels, steps).
    ///
    /// # Errors
    /// Errors of candle.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x + x.broadcast_mul(&self.alpha)?.sin()?.sqr()?.broadcast_mul(&self.inverse)?
    }
}

/// Normalizes the last axis to mean 0 and variance 1.
///
/// # Errors
/// Errors of candle.
pub fn normalise(x: &Tensor, epsilon: f64) -> Result<Tensor> {
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    centred.broadcast_div(&(variance + epsilon)?.sqrt()?)
}

/// Layer norm with scale and shift.
#[derive(Debug, Clone)]
pub struct LayerNorm {
    weight: Tensor, // (dim)
    bias: Tensor,   // (dim)
    epsilon: f64,
}

impl LayerNorm {
    /// Reads the layer norm for a last axis of `dim`.
    ///
    /// # Errors
    /// The errors of [`crate::Checkpoint::get`].
    pub fn load(
        weights: &Weights<'_>,
        dim: usize,
        epsilon: f64,
    ) -> std::result::Result<Self, PretrainedError> {
        let (weight, bias) = (weights.get("weight", &[dim])?, weights.get("bias", &[dim])?);
        Ok(Self { weight, bias, epsilon })
    }

    /// Normalizes the last axis.
    ///
    /// # Errors
    /// Errors of candle.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        normalise(x, self.epsilon)?.broadcast_mul(&self.weight)?.broadcast_add(&self.bias)
    }
}

/// Linear layer on the last axis.
#[derive(Debug, Clone)]
pub struct Linear {
    transposed: Tensor,   // (in, out)
    bias: Option<Tensor>, // (out)
}

impl Linear {
    /// Reads a linear layer, with a bias if `bias`.
    ///
    /// # Errors
    /// The errors of [`crate::Checkpoint::get`].
    pub fn load(
        weights: &Weights<'_>,
        input: usize,
        output: usize,
        bias: bool,
    ) -> std::result::Result<Self, PretrainedError> {
        let weight = weights.get("weight", &[output, input])?;
        let transposed = weight.t().and_then(|t| t.contiguous());
        let transposed = transposed.map_err(PretrainedError::compute("reading a linear map"))?;
        let bias = bias.then(|| weights.get("bias", &[output])).transpose()?;
        Ok(Self { transposed, bias })
    }

    /// Transforms (..., steps, in) to (..., steps, out).
    ///
    /// # Errors
    /// Errors of candle.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = x.broadcast_matmul(&self.transposed)?;
        self.bias.as_ref().map_or(Ok(y.clone()), |b| y.broadcast_add(b))
    }
}

/// Maps the halves (a, b) of the last axis to (-b, a).
fn rotate_half(x: &Tensor) -> Result<Tensor> {
    let half = x.dim(D::Minus1)? / 2;
    let (a, b) = (x.narrow(D::Minus1, 0, half)?, x.narrow(D::Minus1, half, half)?);
    Tensor::cat(&[b.neg()?, a], D::Minus1)
}

/// Applies rotary position embeddings to (..., steps, dim). Positions begin at `first`; the halves of the last axis
/// form the rotated pairs.
///
/// # Errors
/// Errors of candle.
pub fn rotate(x: &Tensor, first: usize, theta: f32) -> Result<Tensor> {
    let (steps, dim) = (x.dim(D::Minus2)?, x.dim(D::Minus1)?);
    if dim < 2 || !dim.is_multiple_of(2) {
        candle_core::bail!("rotary embeddings need an even head dimension, not {dim}")
    }
    let angle = |t: usize, i: usize| (first + t) as f32 / theta.powf((2 * i) as f32 / dim as f32);
    let angles: Vec<f32> =
        (0..steps).flat_map(|t| (0..dim).map(move |i| angle(t, i % (dim / 2)))).collect();
    let angles = Tensor::from_vec(angles, (steps, dim), x.device())?; // (steps, dim)
    x.broadcast_mul(&angles.cos()?)? + rotate_half(x)?.broadcast_mul(&angles.sin()?)?
}

/// Returns the attention of queries (heads, queries, dim) on keys and values (heads, keys, dim): (heads, queries, dim).
/// `mask` (queries, keys) is added to the scores.
///
/// # Errors
/// Errors of candle.
pub fn attend(q: &Tensor, k: &Tensor, v: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
    let scale = (q.dim(D::Minus1)? as f64).sqrt().recip();
    let mut scores = (q.contiguous()?.matmul(&k.transpose(1, 2)?.contiguous()?)? * scale)?; // (heads, queries, keys)
    if let Some(mask) = mask {
        scores = scores.broadcast_add(mask)?;
    }
    candle_nn::ops::softmax(&scores, D::Minus1)?.matmul(&v.contiguous()?)
}
