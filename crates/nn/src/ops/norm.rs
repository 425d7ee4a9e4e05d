//! Root-mean-square normalisation (Zhang & Sennrich 2019): y = x / rms(x) * w.

use candle_core::{CpuStorage, CustomOp2, D, DType, Layout, Result, Shape, Tensor};
use multiversion::multiversion;
use rayon::prelude::*;

use super::ROWS_PER_TASK;
use crate::Kernels;
use crate::slices::{slice_of, with_slice};

/// `x` (n, dim), `weight` (dim) -> (n, dim).
pub fn rms_norm(x: &Tensor, weight: &Tensor, eps: f64, kernels: Kernels) -> Result<Tensor> {
    match kernels {
        Kernels::Fused => x.contiguous()?.apply_op2(weight, RmsNormOp { eps: eps as f32 }),
        Kernels::Primitive | Kernels::Flash => {
            // Half precision is not enough for a mean of squares.
            let wide = x.to_dtype(DType::F32)?;
            let mean_square = wide.sqr()?.mean_keepdim(D::Minus1)?; // (n, 1)
            let normed = wide.broadcast_div(&(mean_square + eps)?.sqrt()?)?;
            normed.broadcast_mul(&weight.to_dtype(DType::F32)?)?.to_dtype(x.dtype())
        }
    }
}

struct RmsNormOp {
    eps: f32,
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn forward_rows(x: &[f32], w: &[f32], y: &mut [f32], eps: f32) {
    let dim = w.len();
    for (x, y) in x.chunks_exact(dim).zip(y.chunks_exact_mut(dim)) {
        let scale = inverse_rms(x, eps);
        for ((y, x), w) in y.iter_mut().zip(x).zip(w) {
            *y = x * scale * w;
        }
    }
}

/// Returns the dot product, summed in 16 lanes so that the compiler can vectorize.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let (ca, cb) = (a.chunks_exact(16), b.chunks_exact(16));
    let tail: f32 = ca.remainder().iter().zip(cb.remainder()).map(|(x, y)| x * y).sum();
    for (a, b) in ca.zip(cb) {
        for i in 0..16 {
            lanes[i] += a[i] * b[i];
        }
    }
    lanes.iter().sum::<f32>() + tail
}

#[inline(always)]
fn inverse_rms(x: &[f32], eps: f32) -> f32 {
    1.0 / (dot(x, x) / x.len() as f32 + eps).sqrt()
}

/// Gradient of the input for some rows; adds the rows' share of the weight's gradient to `dw`.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn backward_rows(
    x: &[f32],
    w: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    dw: &mut [f32],
    eps: f32,
) {
    let dim = w.len();
    let mut weighted = vec![0.0f32; dim];
    for ((x, dy), dx) in x.chunks_exact(dim).zip(dy.chunks_exact(dim)).zip(dx.chunks_exact_mut(dim))
    {
        let scale = inverse_rms(x, eps);
        for i in 0..dim {
            weighted[i] = dy[i] * w[i];
            dw[i] += dy[i] * x[i] * scale;
        }
        let pull = dot(&weighted, x) * scale * scale * scale / dim as f32;
        for i in 0..dim {
            dx[i] = weighted[i] * scale - x[i] * pull;
        }
    }
}

impl CustomOp2 for RmsNormOp {
    fn name(&self) -> &'static str {
        "fused-rms-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        xl: &Layout,
        w: &CpuStorage,
        wl: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, w) = (slice_of(x, xl)?, slice_of(w, wl)?);
        let mut y = vec![0.0; x.len()];
        let step = ROWS_PER_TASK * w.len();
        y.par_chunks_mut(step)
            .zip(x.par_chunks(step))
            .for_each(|(y, x)| forward_rows(x, w, y, self.eps));
        Ok((CpuStorage::F32(y), xl.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let dim = w.dim(0)?;
        with_slice(x, |xs| {
            with_slice(w, |ws| {
                with_slice(dy, |dys| {
                    let mut dx = vec![0.0; xs.len()];
                    let step = ROWS_PER_TASK * dim;
                    let parts: Vec<f32> = dx
                        .par_chunks_mut(step)
                        .zip(xs.par_chunks(step).zip(dys.par_chunks(step)))
                        .flat_map_iter(|(dx, (x, dy))| {
                            let mut dw = vec![0.0; dim];
                            backward_rows(x, ws, dy, dx, &mut dw, self.eps);
                            dw
                        })
                        .collect();
                    let dw = super::linear::column_sums(&parts, dim);
                    Ok((
                        Some(Tensor::from_vec(dx, x.shape(), x.device())?),
                        Some(Tensor::from_vec(dw, dim, w.device())?),
                    ))
                })
            })
        })
    }
}
