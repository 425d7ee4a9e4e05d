//! A decoding step of a stack on slices: rows that continue cached sequences, without intermediate tensors.

use candle_core::{Result, Tensor};

use super::attention::{AttentionPlan, cached_rows};
use super::{gated, norm};
use crate::BlockConfig;
use crate::cache::StackCache;
use crate::matvec::{MOST_ROWS, WeightMatrix, product_rows};
use crate::slices::with_slice;

/// Weights of a block in the form for a step.
pub(crate) struct StepWeights<'a> {
    pub(crate) attention_norm: &'a [f32],
    pub(crate) qkv: WeightMatrix<'a>,
    pub(crate) out: WeightMatrix<'a>,
    pub(crate) mlp_norm: &'a [f32],
    pub(crate) gate_up: WeightMatrix<'a>,
    pub(crate) down: WeightMatrix<'a>,
}

/// Whether [`step`] is faster than general products for this number of rows.
pub(crate) fn is_short(rows: usize) -> bool {
    (1..=MOST_ROWS).contains(&rows)
}

/// `x` (rows, dim) through all blocks and the final norm -> (rows, dim); keys and values go to the caches, one a span.
pub(crate) fn step(
    x: &Tensor,
    plan: &AttentionPlan,
    config: &BlockConfig,
    eps: f32,
    blocks: &[StepWeights<'_>],
    norm_weight: &[f32],
    caches: &mut [&mut StackCache],
) -> Result<Tensor> {
    let (dim, rows) = (config.dim, x.dim(0)?);
    let x_rows = with_slice(x, |x| Ok(x.to_vec()))?; // (rows, dim)
    // Outside the thread pool, every product would wake a thread and wait for it.
    let normed = rayon::scope(|_| {
        let hidden = config.hidden;
        let mut x_rows = x_rows;
        let mut normed = vec![0.0; rows * dim];
        let mut qkv = vec![0.0; rows * 3 * dim];
        let mut seen = vec![0.0; rows * dim];
        let mut gate_up = vec![0.0; rows * 2 * hidden];
        let mut gates = vec![0.0; rows * hidden];
        for (i, block) in blocks.iter().enumerate() {
            norm::forward_rows(&x_rows, block.attention_norm, &mut normed, eps);
            product_rows(&mut qkv, &normed, block.qkv, dim, false);
            let mut layer: Vec<_> = caches.iter_mut().map(|c| c.layer(i)).collect();
            cached_rows(&qkv, plan, &mut layer, &mut seen);
            product_rows(&mut x_rows, &seen, block.out, dim, true);
            norm::forward_rows(&x_rows, block.mlp_norm, &mut normed, eps);
            product_rows(&mut gate_up, &normed, block.gate_up, dim, false);
            gated::forward_shared(&gate_up, &mut gates, hidden);
            product_rows(&mut x_rows, &gates, block.down, hidden, true);
        }
        norm::forward_rows(&x_rows, norm_weight, &mut normed, eps);
        normed
    });
    Tensor::from_vec(normed, (rows, dim), x.device())
}
