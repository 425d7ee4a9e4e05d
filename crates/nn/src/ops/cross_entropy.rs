//! Cross-entropy over rows of logits, some of which may be ignored.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, D, DType, Layout, Result, Shape, Tensor};
use multiversion::multiversion;
use rayon::prelude::*;

use super::ROWS_PER_TASK;
use super::attention::folded;
use crate::Kernels;
use crate::elementary::exp;
use crate::slices::{slice_of, with_slice};

/// Target of an ignored row.
pub const IGNORE: u32 = u32::MAX;

/// Returns the mean cross-entropy in nats of `logits` (n, classes) against `targets` (n), over rows whose target isn't
/// [`IGNORE`]: a scalar, 0 if all rows are ignored.
pub fn cross_entropy(logits: &Tensor, targets: &[u32], kernels: Kernels) -> Result<Tensor> {
    let (n, classes) = logits.dims2()?;
    if targets.len() != n {
        candle_core::bail!("cross_entropy: {} targets for {n} rows", targets.len());
    }
    if let Some(t) = targets.iter().find(|&&t| t != IGNORE && t as usize >= classes) {
        candle_core::bail!("cross_entropy: target {t} is outside {classes} classes");
    }
    match kernels {
        Kernels::Fused => {
            logits.contiguous()?.apply_op1(CrossEntropyOp { targets: targets.into() })
        }
        Kernels::Primitive | Kernels::Flash => primitive(logits, targets),
    }
}

fn primitive(logits: &Tensor, targets: &[u32]) -> Result<Tensor> {
    let device = logits.device();
    let rows: Vec<u32> =
        (0..targets.len() as u32).filter(|&i| targets[i as usize] != IGNORE).collect();
    if rows.is_empty() {
        return Tensor::zeros((), DType::F32, device);
    }
    let count = rows.len();
    let kept: Vec<u32> = rows.iter().map(|&i| targets[i as usize]).collect();
    let logits =
        logits.index_select(&Tensor::from_vec(rows, count, device)?, 0)?.to_dtype(DType::F32)?; // (count, classes)
    let log_p = candle_nn::ops::log_softmax(&logits, D::Minus1)?;
    log_p.gather(&Tensor::from_vec(kept, (count, 1), device)?, 1)?.mean_all()?.neg()
}

/// Returns the accuracy of `logits` (n, classes): the share of rows whose largest logit is that of the target, without
/// rows of target [`IGNORE`]. A scalar on the logits' device without a gradient; 0 if all rows are ignored.
pub fn accuracy(logits: &Tensor, targets: &[u32]) -> Result<Tensor> {
    let device = logits.device();
    let counted = targets.iter().filter(|&&t| t != IGNORE).count();
    if counted == 0 {
        return Tensor::zeros((), DType::F32, device);
    }
    // [`IGNORE`] is no class, so ignored rows are never correct.
    let targets = Tensor::from_slice(targets, targets.len(), device)?;
    let hits = logits.detach().argmax(D::Minus1)?.eq(&targets)?.to_dtype(DType::F32)?; // (n)
    hits.sum_all()? / counted as f64
}

struct CrossEntropyOp {
    targets: Arc<[u32]>,
}

/// log(sum(exp(row))), stable.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn log_sum_exp(row: &[f32]) -> f32 {
    let max = folded(row, f32::NEG_INFINITY, |a, b| if b > a { b } else { a });
    let mut lanes = [0.0f32; 16];
    let chunks = row.chunks_exact(16);
    let tail: f32 = chunks.remainder().iter().map(|&v| exp(v - max)).sum();
    for chunk in chunks {
        for i in 0..16 {
            lanes[i] += exp(chunk[i] - max);
        }
    }
    max + (lanes.iter().sum::<f32>() + tail).ln()
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn softmax_scaled(row: &[f32], out: &mut [f32], log_sum: f32, scale: f32) {
    for (o, v) in out.iter_mut().zip(row) {
        *o = exp(v - log_sum) * scale;
    }
}

impl CrossEntropyOp {
    fn counted(&self) -> usize {
        self.targets.iter().filter(|&&t| t != IGNORE).count()
    }
}

impl CustomOp1 for CrossEntropyOp {
    fn name(&self) -> &'static str {
        "fused-cross-entropy"
    }

    fn cpu_fwd(&self, logits: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (_, classes) = layout.shape().dims2()?;
        let logits = slice_of(logits, layout)?;
        let losses: Vec<f64> = logits
            .par_chunks(classes * ROWS_PER_TASK)
            .zip(self.targets.par_chunks(ROWS_PER_TASK))
            .map(|(rows, targets)| {
                let pairs = rows.chunks_exact(classes).zip(targets).filter(|(_, t)| **t != IGNORE);
                pairs.map(|(row, &t)| f64::from(log_sum_exp(row) - row[t as usize])).sum()
            })
            .collect();
        let mean = losses.iter().sum::<f64>() / self.counted().max(1) as f64;
        Ok((CpuStorage::F32(vec![mean as f32]), Shape::from(())))
    }

    fn bwd(&self, logits: &Tensor, _loss: &Tensor, dloss: &Tensor) -> Result<Option<Tensor>> {
        let (n, classes) = logits.dims2()?;
        let scale = dloss.to_scalar::<f32>()? / self.counted().max(1) as f32;
        with_slice(logits, |rows| {
            let mut grad = vec![0.0; n * classes];
            grad.par_chunks_mut(classes * ROWS_PER_TASK)
                .zip(
                    rows.par_chunks(classes * ROWS_PER_TASK)
                        .zip(self.targets.par_chunks(ROWS_PER_TASK)),
                )
                .for_each(|(grad, (rows, targets))| {
                    for ((g, row), &t) in
                        grad.chunks_exact_mut(classes).zip(rows.chunks_exact(classes)).zip(targets)
                    {
                        if t != IGNORE {
                            softmax_scaled(row, g, log_sum_exp(row), scale);
                            g[t as usize] -= scale;
                        }
                    }
                });
            Ok(Some(Tensor::from_vec(grad, (n, classes), logits.device())?))
        })
    }
}
