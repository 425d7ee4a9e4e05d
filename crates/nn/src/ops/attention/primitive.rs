//! Attention in primitive operations, over a padded batch. Any device, any float type; the softmax is computed in f32.

use candle_core::{D, DType, Device, Result, Tensor};

use super::AttentionPlan;

/// A plan as tensors.
#[derive(Debug, Clone)]
pub(super) struct Padded {
    /// Row of each padded position, `rows` for padding: (batch * time).
    pick: Tensor,
    /// Padded position of each row: (rows).
    back: Tensor,
    /// Attention mask, 0 where attention is allowed, else the smallest f32: (batch, 1, time, time).
    mask: Tensor,
    /// Angles: (batch, 1, time, head_dim / 2).
    cos: Tensor,
    sin: Tensor,
    /// Number of sequences, and positions of each.
    batch: usize,
    longest: usize,
}

impl Padded {
    fn new(plan: &AttentionPlan, rows: usize, device: &Device, dtype: DType) -> Result<Self> {
        let batch = plan.spans.len();
        let longest = plan.spans.iter().map(|s| s.len).max().unwrap_or(0);
        let mut pick = vec![rows as u32; batch * longest];
        let mut mask = vec![f32::MIN; batch * longest * longest];
        let mut back = vec![0u32; rows];
        for (b, span) in plan.spans.iter().enumerate() {
            for i in 0..longest {
                let (from, to) =
                    if i < span.len { plan.visible(span.prefix.min(span.len), i) } else { (0, 1) };
                mask[(b * longest + i) * longest..][from..to].fill(0.0);
                if i < span.len {
                    pick[b * longest + i] = (span.start + i) as u32;
                    back[span.start + i] = (b * longest + i) as u32;
                }
            }
        }
        let pick = Tensor::from_vec(pick, batch * longest, device)?;
        let angles = |table: &[f32]| -> Result<Tensor> {
            let table = Tensor::from_slice(table, (rows, plan.half), device)?;
            let zeros = Tensor::zeros((1, plan.half), DType::F32, device)?;
            let padded = Tensor::cat(&[&table, &zeros], 0)?.index_select(&pick, 0)?;
            padded.reshape((batch, 1, longest, plan.half))?.to_dtype(dtype)
        };
        Ok(Self {
            back: Tensor::from_vec(back, rows, device)?,
            mask: Tensor::from_vec(mask, (batch, 1, longest, longest), device)?,
            cos: angles(&plan.cos)?,
            sin: angles(&plan.sin)?,
            pick,
            batch,
            longest,
        })
    }

    /// Returns the padded batch of the plan, which the first layer of a pass computes for all layers.
    fn of(plan: &AttentionPlan, qkv: &Tensor) -> Result<Self> {
        let (device, dtype) = (qkv.device(), qkv.dtype());
        let fits = |p: &&Self| p.cos.dtype() == dtype && p.cos.device().same_device(device);
        if let Some(padded) = plan.padded.get().filter(fits) {
            return Ok(padded.clone());
        }
        let made = Self::new(plan, qkv.dim(0)?, device, dtype)?;
        // Another thread may have set the same value first.
        let _ = plan.padded.set(made.clone());
        Ok(made)
    }

    /// Rotates the halves of every head of `x` (batch, heads, time, head_dim).
    fn turn(&self, x: &Tensor) -> Result<Tensor> {
        let half = self.cos.dim(D::Minus1)?;
        let (a, b) = (x.narrow(D::Minus1, 0, half)?, x.narrow(D::Minus1, half, half)?);
        let first = (a.broadcast_mul(&self.cos)? - b.broadcast_mul(&self.sin)?)?;
        let second = (a.broadcast_mul(&self.sin)? + b.broadcast_mul(&self.cos)?)?;
        Tensor::cat(&[first, second], D::Minus1)
    }
}

/// `qkv` (rows, 3 * dim) -> (rows, dim).
pub(super) fn attention(qkv: &Tensor, plan: &AttentionPlan) -> Result<Tensor> {
    let (heads, hd) = (plan.heads, plan.head_dim());
    let dim = heads * hd;
    let padded = Padded::of(plan, qkv)?;
    let (batch, longest) = (padded.batch, padded.longest);
    // Padding is a row of zeros.
    let zeros = Tensor::zeros((1, 3 * dim), qkv.dtype(), qkv.device())?;
    let rows = Tensor::cat(&[qkv, &zeros], 0)?.index_select(&padded.pick, 0)?; // (batch * time, 3 * dim)
    let split = rows.reshape((batch, longest, 3, heads, hd))?.permute((2, 0, 3, 1, 4))?; // (3, batch, heads, time, head_dim)
    let q = padded.turn(&split.get(0)?.contiguous()?)?; // (batch, heads, time, head_dim)
    let k = padded.turn(&split.get(1)?.contiguous()?)?;
    let v = split.get(2)?.contiguous()?;
    let scores = (q.matmul(&k.transpose(2, 3)?.contiguous()?)? / (hd as f64).sqrt())?; // (batch, heads, time, time)
    let scores = scores.to_dtype(DType::F32)?.broadcast_add(&padded.mask)?;
    let weights = candle_nn::ops::softmax(&scores, D::Minus1)?.to_dtype(v.dtype())?;
    let out = weights.matmul(&v)?.transpose(1, 2)?.reshape((batch * longest, dim))?; // (batch * time, dim)
    out.index_select(&padded.back, 0)
}
