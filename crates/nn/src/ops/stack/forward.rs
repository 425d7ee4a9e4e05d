//! Forward pass, layer by layer.

use rayon::prelude::*;

use super::memory::{Kept, LayerRows, sized};
use super::weights::{LayerPanels, Side, product_in_panels};
use super::{ATTENTION_NORM, BLOCK_WEIGHTS, MLP_NORM, StackOp, rows_per_task};
use crate::ops::attention::AttentionPlan;
use crate::ops::{gated, norm};

impl StackOp {
    /// `x` (rows, dim) -> (rows, dim).
    pub(super) fn forward(&self, x: &[f32], weights: &[&[f32]], kept: &mut Kept) -> Vec<f32> {
        let (dim, layers) = (self.config.dim, self.config.layers);
        let rows = x.len() / dim;
        kept.resize(&self.config, rows, self.keeps);
        kept.layers[0].x.copy_from_slice(x);
        let mut panels = self.memory.panels.take();
        for at in 0..layers {
            let weights = &weights[at * BLOCK_WEIGHTS..][..BLOCK_WEIGHTS];
            let (layer, next) = kept.layer(at, layers);
            panels.refill(&self.config, weights, Side::Forward);
            self.before_attention(weights, &panels, layer);
            self.attend(layer);
            self.after_attention(weights, &panels, layer, next);
        }
        self.memory.panels.put(panels);
        let mut y = vec![0.0; x.len()];
        let step = rows_per_task(rows) * dim;
        let last = weights[layers * BLOCK_WEIGHTS];
        y.par_chunks_mut(step)
            .zip(kept.last.par_chunks(step))
            .for_each(|(y, x)| norm::forward_rows(x, last, y, self.eps));
        y
    }

    fn before_attention(&self, weights: &[&[f32]], panels: &LayerPanels, layer: &mut LayerRows) {
        let dim = self.config.dim;
        let step = rows_per_task(layer.x.len() / dim);
        let rows = layer.qkv.par_chunks_mut(step * 3 * dim).zip(layer.x.par_chunks(step * dim));
        rows.for_each(|(qkv, x)| {
            self.memory.rows.with(|scratch| {
                let normed = sized(&mut scratch.narrow, x.len());
                norm::forward_rows(x, weights[ATTENTION_NORM], normed, self.eps);
                product_in_panels(normed, &panels.qkv, qkv, false);
            });
        });
    }

    fn attend(&self, layer: &mut LayerRows) {
        let head_dim = self.plan.head_dim();
        let mut jobs = Vec::new();
        let mut rest = layer.seen.as_mut_slice();
        for head in self.plan.span_heads() {
            let (own, others) = rest.split_at_mut(head.span.len * head_dim);
            jobs.push((head, own));
            rest = others;
        }
        let qkv = &layer.qkv;
        jobs.into_par_iter().for_each(|(head, seen)| {
            self.memory.heads.with(|scratch| scratch.forward(&self.plan, qkv, head, seen));
        });
    }

    fn after_attention(
        &self,
        weights: &[&[f32]],
        panels: &LayerPanels,
        layer: &mut LayerRows,
        next: &mut [f32],
    ) {
        let (dim, hidden) = (self.config.dim, self.config.hidden);
        let step = rows_per_task(layer.x.len() / dim);
        let LayerRows { x, seen, middle, gate_up, .. } = layer;
        let rows = (
            middle.par_chunks_mut(step * dim),
            gate_up.par_chunks_mut(step * 2 * hidden),
            next.par_chunks_mut(step * dim),
            x.par_chunks(step * dim),
        );
        rows.into_par_iter().enumerate().for_each(|(i, (middle, gate_up, next, x))| {
            self.memory.rows.with(|scratch| {
                let narrow = sized(&mut scratch.narrow, x.len());
                let wide = sized(&mut scratch.wide, x.len() / dim * hidden);
                gather(&self.plan, 1, seen, i * step, narrow);
                middle.copy_from_slice(x);
                product_in_panels(narrow, &panels.out, middle, true);
                norm::forward_rows(middle, weights[MLP_NORM], narrow, self.eps);
                product_in_panels(narrow, &panels.gate_up, gate_up, false);
                gated::forward_rows(gate_up, wide, hidden);
                next.copy_from_slice(middle);
                product_in_panels(wide, &panels.down, next, true);
            });
        });
    }
}

/// Copies rows from `first` on out of a layout by heads: `heads` holds for each sequence, for each head (parts, len,
/// head_dim), `out` is (rows, parts * dim).
pub(super) fn gather(
    plan: &AttentionPlan,
    parts: usize,
    heads: &[f32],
    first: usize,
    out: &mut [f32],
) {
    let (head_dim, count) = (plan.head_dim(), plan.heads());
    let dim = head_dim * count;
    let end = first + out.len() / (parts * dim);
    for span in plan.spans() {
        let (from, to) = (span.start.max(first), (span.start + span.len).min(end));
        for at in 0..count * parts {
            let (head, part) = (at / parts, at % parts);
            let begin = (span.start * count * parts + at * span.len) * head_dim;
            for row in from..to {
                let source = &heads[begin + (row - span.start) * head_dim..][..head_dim];
                let to = ((row - first) * parts + part) * dim + head * head_dim;
                out[to..to + head_dim].copy_from_slice(source);
            }
        }
    }
}
