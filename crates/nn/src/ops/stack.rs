//! A stack of blocks as one fused operation.
//!
//! Between two attentions all operations process a few rows at a time, which stay in the cache of one core; threads
//! synchronize only at attention. Gradients of activations inside the stack don't pass through candle's graph, which
//! would first allocate zeros for each of them. Gradients of weights do: an anchor, a scalar input that depends on all
//! weights, makes `backward` reach every weight.

mod backward;
mod forward;
mod memory;
mod weights;

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp2, Device, Layout, Result, Shape, Tensor};

use super::attention::AttentionPlan;
use crate::BlockConfig;
use crate::gradient_sink::EarlyGradients;
use crate::slices::{slice_of, with_slice, with_slices};
use memory::Kept;
pub(crate) use memory::StackMemory;

/// Weights of a block, in this order; the final norm's comes after all blocks.
pub(crate) const ATTENTION_NORM: usize = 0;
pub(crate) const QKV: usize = 1;
pub(crate) const OUT: usize = 2;
pub(crate) const MLP_NORM: usize = 3;
pub(crate) const GATE_UP: usize = 4;
pub(crate) const DOWN: usize = 5;
/// Number of weights of a block.
pub(crate) const BLOCK_WEIGHTS: usize = 6;

/// Returns the number of rows that a task processes together: few enough for a core's cache, and enough to amortize the
/// packing of a matrix. Independent of the number of threads, so that results are too.
fn rows_per_task(rows: usize) -> usize {
    rows.div_ceil(4).clamp(64, 256)
}

/// `x` (rows, dim) through all blocks and the final norm -> (rows, dim). `weights` has [`BLOCK_WEIGHTS`] of each block
/// and the norm's; the plan's sequences cover all rows without gaps.
pub(crate) fn stack(
    x: &Tensor,
    plan: &AttentionPlan,
    config: &BlockConfig,
    eps: f32,
    weights: Vec<Tensor>,
    memory: &StackMemory,
    early: Option<&EarlyGradients>,
) -> Result<Tensor> {
    let gradients = Gradients::default();
    let learns = weights.iter().any(Tensor::track_op);
    let mut anchor = Tensor::zeros(1, x.dtype(), &Device::Cpu)?; // (1)
    for (at, weight) in weights.iter().enumerate().filter(|_| learns) {
        anchor = anchor.apply_op2(weight, Leave { at, gradients: gradients.clone() })?;
    }
    if let Some(early) = early.filter(|_| learns) {
        early.forward_recorded();
    }
    let op = StackOp {
        plan: plan.clone(),
        config: config.clone(),
        eps,
        keeps: learns || x.track_op(),
        weights,
        memory: memory.clone(),
        kept: Mutex::default(),
        gradients,
        early: early.cloned(),
    };
    x.contiguous()?.apply_op2(&anchor, op)
}

/// Whether [`stack`] can process this plan: the sequences must cover all rows without gaps.
pub(crate) fn is_packed(plan: &AttentionPlan, rows: usize) -> bool {
    let end = plan.spans().iter().try_fold(0, |at, s| (s.start == at).then_some(at + s.len));
    end == Some(rows)
}

/// Gradients of the weights between the fused operation and candle's graph.
type Gradients = Arc<Mutex<Vec<Vec<f32>>>>;

struct StackOp {
    plan: AttentionPlan,
    config: BlockConfig,
    eps: f32,
    /// Whether a backward pass may follow.
    keeps: bool,
    weights: Vec<Tensor>,
    memory: StackMemory,
    kept: Mutex<Option<Kept>>,
    gradients: Gradients,
    early: Option<EarlyGradients>,
}

impl CustomOp2 for StackOp {
    fn name(&self) -> &'static str {
        "fused-stack"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        xl: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (rows, dim) = xl.shape().dims2()?;
        if dim != self.config.dim || !is_packed(&self.plan, rows) {
            candle_core::bail!("stack: {rows} x {dim} values don't fit its plan");
        }
        let x = slice_of(x, xl)?;
        let mut kept = self.memory.kept.take();
        let y = with_slices(&self.weights, |weights| {
            Ok(rayon::scope(|_| self.forward(x, weights, &mut kept)))
        })?;
        match self.keeps {
            true => *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept),
            false => self.memory.kept.put(kept),
        }
        Ok((CpuStorage::F32(y), (rows, dim).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        anchor: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut kept) = kept else {
            candle_core::bail!("stack: its backward pass runs once");
        };
        let (dx, gradients) = with_slices(&self.weights, |weights| {
            with_slice(dy, |dy| Ok(self.backward(dy, weights, &mut kept)))
        })?;
        self.memory.kept.put(kept);
        *self.gradients.lock().unwrap_or_else(PoisonError::into_inner) = gradients;
        let dx = Tensor::from_vec(dx, x.dims(), x.device())?;
        Ok((Some(dx), Some(anchor.zeros_like()?)))
    }
}

/// Operation that passes the gradient of a weight to candle's graph once the stack has computed it.
struct Leave {
    at: usize,
    gradients: Gradients,
}

impl CustomOp2 for Leave {
    fn name(&self) -> &'static str {
        "fused-stack-weight"
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F32(vec![0.0]), 1.into()))
    }

    fn bwd(
        &self,
        anchor: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        _: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let mut all = self.gradients.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(values) = all.get_mut(self.at) else {
            candle_core::bail!("stack: the gradient of a weight was asked for too early");
        };
        let gradient = Tensor::from_vec(std::mem::take(values), weight.dims(), weight.device())?;
        Ok((Some(anchor.zeros_like()?), Some(gradient)))
    }
}
