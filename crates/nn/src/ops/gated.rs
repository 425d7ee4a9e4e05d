//! Gated activation of a SwiGLU or GEGLU MLP (Shazeer 2020): silu(gate) * up or gelu(gate) * up; gate and up are the
//! halves of one product.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use multiversion::multiversion;
use rayon::prelude::*;

use super::ROWS_PER_TASK;
use crate::elementary::sigmoid;
use crate::slices::{slice_of, with_slice};
use crate::{Activation, Kernels};

/// `h` (n, 2 * hidden), the gate first -> (n, hidden). The exact GELU has no fused form.
pub fn gated(h: &Tensor, activation: Activation, kernels: Kernels) -> Result<Tensor> {
    if (activation, kernels) == (Activation::Silu, Kernels::Fused) {
        return h.contiguous()?.apply_op1(GatedOp);
    }
    let halves = h.chunk(2, 1)?; // 2 x (n, hidden)
    let gate = halves[0].contiguous()?;
    let gate = match activation {
        Activation::Silu => gate.silu()?,
        Activation::Gelu => gate.gelu_erf()?,
    };
    gate * halves[1].contiguous()?
}

struct GatedOp;

#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn forward_rows(h: &[f32], y: &mut [f32], hidden: usize) {
    for (h, y) in h.chunks_exact(2 * hidden).zip(y.chunks_exact_mut(hidden)) {
        let (gate, up) = h.split_at(hidden);
        for ((y, g), u) in y.iter_mut().zip(gate).zip(up) {
            *y = g * sigmoid(*g) * u;
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn backward_rows(h: &[f32], dy: &[f32], dh: &mut [f32], hidden: usize) {
    for ((h, dy), dh) in
        h.chunks_exact(2 * hidden).zip(dy.chunks_exact(hidden)).zip(dh.chunks_exact_mut(2 * hidden))
    {
        let (gate, up) = h.split_at(hidden);
        let (dgate, dup) = dh.split_at_mut(hidden);
        for i in 0..hidden {
            let s = sigmoid(gate[i]);
            dup[i] = dy[i] * gate[i] * s;
            dgate[i] = dy[i] * up[i] * s * (1.0 + gate[i] * (1.0 - s));
        }
    }
}

/// Number of values from which rows are divided among threads.
const VALUES_TO_SHARE: usize = 1 << 14;

/// Computes [`forward_rows`], on all threads if there are enough values.
pub(super) fn forward_shared(h: &[f32], y: &mut [f32], hidden: usize) {
    if y.len() < VALUES_TO_SHARE {
        forward_rows(h, y, hidden);
        return;
    }
    let rows = y.par_chunks_mut(hidden).zip(h.par_chunks(2 * hidden));
    rows.for_each(|(y, h)| forward_rows(h, y, hidden));
}

/// Computes [`backward_rows`] in place of `h`, and writes the activation, (rows, hidden), to `y`.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
pub(super) fn backward_in_place(h: &mut [f32], dy: &[f32], y: &mut [f32], hidden: usize) {
    for ((h, dy), y) in
        h.chunks_exact_mut(2 * hidden).zip(dy.chunks_exact(hidden)).zip(y.chunks_exact_mut(hidden))
    {
        let (gate, up) = h.split_at_mut(hidden);
        for i in 0..hidden {
            let s = sigmoid(gate[i]);
            let (silu, slope) = (gate[i] * s, s * (1.0 + gate[i] * (1.0 - s)));
            y[i] = silu * up[i];
            gate[i] = dy[i] * up[i] * slope;
            up[i] = dy[i] * silu;
        }
    }
}

impl CustomOp1 for GatedOp {
    fn name(&self) -> &'static str {
        "fused-gated"
    }

    fn cpu_fwd(&self, h: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, double) = layout.shape().dims2()?;
        let hidden = double / 2;
        let h = slice_of(h, layout)?;
        let mut y = vec![0.0; n * hidden];
        y.par_chunks_mut(ROWS_PER_TASK * hidden)
            .zip(h.par_chunks(ROWS_PER_TASK * double))
            .for_each(|(y, h)| forward_rows(h, y, hidden));
        Ok((CpuStorage::F32(y), (n, hidden).into()))
    }

    fn bwd(&self, h: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let (n, double) = h.dims2()?;
        let hidden = double / 2;
        with_slice(h, |hs| {
            with_slice(dy, |dys| {
                let mut dh = vec![0.0; n * double];
                dh.par_chunks_mut(ROWS_PER_TASK * double)
                    .zip(
                        hs.par_chunks(ROWS_PER_TASK * double)
                            .zip(dys.par_chunks(ROWS_PER_TASK * hidden)),
                    )
                    .for_each(|(dh, (h, dy))| backward_rows(h, dy, dh, hidden));
                Ok(Some(Tensor::from_vec(dh, (n, double), h.device())?))
            })
        })
    }
}
