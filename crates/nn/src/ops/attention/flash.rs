//! Flash attention (Dao 2023) by candle's CUDA kernels, over packed rows, without a gradient.

use candle_core::{Result, Tensor};

use super::{AttentionPlan, primitive};

/// `qkv` (rows, 3 * dim) -> (rows, dim). Sequences with a prefix or a window, and mixtures of causal and bidirectional
/// ones, use primitive operations, since the kernels support neither.
pub(super) fn attention(qkv: &Tensor, plan: &AttentionPlan) -> Result<Tensor> {
    match direction(plan) {
        Some(causal) => packed(qkv, plan, causal),
        None => primitive::attention(qkv, plan),
    }
}

/// Whether all sequences are causal (`true`) or bidirectional (`false`); `None` for others.
fn direction(plan: &AttentionPlan) -> Option<bool> {
    if plan.window != usize::MAX {
        return None;
    }
    let spans = plan.spans();
    if spans.iter().all(|s| s.prefix <= 1) {
        return Some(true);
    }
    spans.iter().all(|s| s.prefix >= s.len).then_some(false)
}

#[cfg(not(feature = "flash-attn"))]
fn packed(_: &Tensor, _: &AttentionPlan, _: bool) -> Result<Tensor> {
    candle_core::bail!("this program was built without flash attention (feature `flash-attn`)")
}

#[cfg(feature = "flash-attn")]
fn packed(qkv: &Tensor, plan: &AttentionPlan, causal: bool) -> Result<Tensor> {
    use candle_core::D;

    let (rows, device) = (qkv.dim(0)?, qkv.device());
    let (heads, hd) = (plan.heads, plan.head_dim());
    let split = qkv.reshape((rows, 3, heads, hd))?;
    let part = |i: usize| split.narrow(1, i, 1)?.squeeze(1)?.contiguous(); // (rows, heads, head_dim)
    let angles = |table: &[f32]| -> Result<Tensor> {
        Tensor::from_slice(table, (rows, 1, plan.half), device)?.to_dtype(qkv.dtype())
    };
    let (cos, sin) = (angles(&plan.cos)?, angles(&plan.sin)?);
    let turn = |x: Tensor| -> Result<Tensor> {
        let (a, b) =
            (x.narrow(D::Minus1, 0, plan.half)?, x.narrow(D::Minus1, plan.half, plan.half)?);
        let first = (a.broadcast_mul(&cos)? - b.broadcast_mul(&sin)?)?;
        let second = (a.broadcast_mul(&sin)? + b.broadcast_mul(&cos)?)?;
        Tensor::cat(&[first, second], D::Minus1)
    };
    // Start of each sequence, and the end of the last.
    let starts = plan.spans().iter().map(|s| s.start as u32).chain([rows as u32]);
    let starts: Vec<u32> = starts.collect();
    let longest = plan.spans().iter().map(|s| s.len).max().unwrap_or(0);
    let count = starts.len();
    let starts = Tensor::from_vec(starts, count, device)?;
    let scale = 1.0 / (hd as f32).sqrt();
    let out = candle_flash_attn::flash_attn_varlen(
        &turn(part(0)?)?,
        &turn(part(1)?)?,
        &part(2)?,
        &starts,
        &starts,
        longest,
        longest,
        scale,
        causal,
    )?; // (rows, heads, head_dim)
    out.reshape((rows, heads * hd))
}
