//! Sums of table rows: the embedding of a position is the sum of a few rows.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::ROWS_PER_TASK;
use crate::Kernels;
use crate::slices::{slice_of, with_slice};

/// A slot that adds nothing.
pub const NONE: u32 = u32::MAX;

/// Returns for each position the sum of `slots` rows of `table` (rows, dim): (positions, dim). `indices` is (positions,
/// slots), row-major, with [`NONE`] for an empty slot.
pub fn embed(table: &Tensor, indices: &[u32], slots: usize, kernels: Kernels) -> Result<Tensor> {
    let (rows, dim) = table.dims2()?;
    if slots == 0 || !indices.len().is_multiple_of(slots) {
        candle_core::bail!("embed: {} indices don't fill rows of {slots}", indices.len());
    }
    if let Some(i) = indices.iter().find(|&&i| i != NONE && i as usize >= rows) {
        candle_core::bail!("embed: row {i} is outside a table of {rows}");
    }
    match kernels {
        Kernels::Fused => table.contiguous()?.apply_op1(EmbedOp { indices: indices.into(), slots }),
        Kernels::Primitive | Kernels::Flash => {
            // An empty slot is a row of zeros.
            let device = table.device();
            let padded =
                Tensor::cat(&[table, &Tensor::zeros((1, dim), table.dtype(), device)?], 0)?;
            let safe: Vec<u32> =
                indices.iter().map(|&i| if i == NONE { rows as u32 } else { i }).collect();
            let count = safe.len();
            let picked = padded.index_select(&Tensor::from_vec(safe, count, device)?, 0)?; // (positions * slots, dim)
            picked.reshape((count / slots, slots, dim))?.sum(1)
        }
    }
}

struct EmbedOp {
    indices: Arc<[u32]>,
    slots: usize,
}

/// Adds value by value.
pub(super) fn add(into: &mut [f32], from: &[f32]) {
    for (a, b) in into.iter_mut().zip(from) {
        *a += b;
    }
}

impl CustomOp1 for EmbedOp {
    fn name(&self) -> &'static str {
        "fused-embed"
    }

    fn cpu_fwd(&self, table: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (_, dim) = layout.shape().dims2()?;
        let table = slice_of(table, layout)?;
        let positions = self.indices.len() / self.slots;
        let mut out = vec![0.0; positions * dim];
        out.par_chunks_mut(dim * ROWS_PER_TASK)
            .zip(self.indices.par_chunks(self.slots * ROWS_PER_TASK))
            .for_each(|(out, indices)| {
                for (out, slots) in out.chunks_exact_mut(dim).zip(indices.chunks_exact(self.slots))
                {
                    for &i in slots.iter().filter(|&&i| i != NONE) {
                        add(out, &table[i as usize * dim..][..dim]);
                    }
                }
            });
        Ok((CpuStorage::F32(out), (positions, dim).into()))
    }

    fn bwd(&self, table: &Tensor, _out: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let (rows, dim) = table.dims2()?;
        with_slice(dy, |dy| {
            let mut grad = vec![0.0; rows * dim];
            // Each thread owns a band of columns, so that no two write the same value and the order of additions is
            // fixed.
            let band = dim.div_ceil(4).max(16);
            let bands: Vec<(usize, Vec<f32>)> = (0..dim.div_ceil(band))
                .into_par_iter()
                .map(|b| {
                    let (from, to) = (b * band, ((b + 1) * band).min(dim));
                    let width = to - from;
                    let mut part = vec![0.0; rows * width];
                    for (p, slots) in self.indices.chunks_exact(self.slots).enumerate() {
                        let source = &dy[p * dim + from..p * dim + to];
                        for &i in slots.iter().filter(|&&i| i != NONE) {
                            add(&mut part[i as usize * width..][..width], source);
                        }
                    }
                    (from, part)
                })
                .collect();
            for (from, part) in bands {
                let width = part.len() / rows;
                for (row, source) in grad.chunks_exact_mut(dim).zip(part.chunks_exact(width)) {
                    row[from..from + width].copy_from_slice(source);
                }
            }
            Ok(Some(Tensor::from_vec(grad, (rows, dim), table.device())?))
        })
    }
}
