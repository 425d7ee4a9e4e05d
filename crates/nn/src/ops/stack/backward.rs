//! Backward pass, from the last layer to the first.

use rayon::prelude::*;

use super::forward::gather;
use super::memory::{Kept, LayerRows, RowGradients, sized};
use super::weights::{LayerPanels, Side, product_in_panels};
use super::{ATTENTION_NORM, BLOCK_WEIGHTS, MLP_NORM, QKV, StackOp, rows_per_task};
use crate::matmul::{Mat, ProductOptions, product};
use crate::ops::embed::add;
use crate::ops::linear::column_sums;
use crate::ops::{gated, norm};

/// Rows of a weight's gradient that a task computes.
const WEIGHT_ROWS_PER_TASK: usize = 128;

impl StackOp {
    /// Returns the gradients of the input, (rows, dim), and of all weights, from those of the result.
    pub(super) fn backward(
        &self,
        dy: &[f32],
        weights: &[&[f32]],
        kept: &mut Kept,
    ) -> (Vec<f32>, Vec<Vec<f32>>) {
        let (dim, layers) = (self.config.dim, self.config.layers);
        let mut all: Vec<Vec<f32>> = weights.iter().map(|w| vec![0.0; w.len()]).collect();
        let mut gradients = self.memory.gradients.take();
        let mut panels = self.memory.panels.take();
        gradients.resize(&self.config, dy.len() / dim);
        let step = rows_per_task(dy.len() / dim) * dim;
        let last = layers * BLOCK_WEIGHTS;
        let rows =
            (gradients.outer.par_chunks_mut(step), kept.last.par_chunks(step), dy.par_chunks(step));
        let parts = rows.into_par_iter().flat_map_iter(|(dx, x, dy)| {
            let mut dw = vec![0.0; dim];
            norm::backward_rows(x, weights[last], dy, dx, &mut dw, self.eps);
            dw
        });
        all[last] = column_sums(&parts.collect::<Vec<f32>>(), dim);
        self.hand_over(last, &all[last..]);
        for at in (0..layers).rev() {
            let block = at * BLOCK_WEIGHTS..(at + 1) * BLOCK_WEIGHTS;
            let (weights, of_weights) = (&weights[block.clone()], &mut all[block.clone()]);
            panels.refill(&self.config, weights, Side::Backward);
            let layer = &mut kept.layers[at];
            of_weights[MLP_NORM] = self.behind_attention(weights, &panels, layer, &mut gradients);
            self.attention(layer, &mut gradients, of_weights);
            of_weights[ATTENTION_NORM] = self.before(weights, &panels, layer, &mut gradients);
            weight_gradient(&mut of_weights[QKV], &gradients.qkv, 3 * dim, &gradients.normed, dim);
            self.hand_over(block.start, &all[block]);
        }
        let dx = gradients.outer.clone();
        self.memory.gradients.put(gradients);
        self.memory.panels.put(panels);
        (dx, all)
    }

    /// Emits finished gradients to the sink.
    fn hand_over(&self, at: usize, gradients: &[Vec<f32>]) {
        if let Some(early) = &self.early {
            early.ready(at, gradients);
        }
    }

    /// Computes the backward pass from a layer's output to the output of attention. Returns the gradient of the MLP's
    /// norm.
    fn behind_attention(
        &self,
        weights: &[&[f32]],
        panels: &LayerPanels,
        layer: &mut LayerRows,
        gradients: &mut RowGradients,
    ) -> Vec<f32> {
        let (dim, hidden) = (self.config.dim, self.config.hidden);
        let step = rows_per_task(layer.x.len() / dim);
        let seen = &layer.seen;
        let rows = (
            layer.gate_up.par_chunks_mut(step * 2 * hidden),
            layer.middle.par_chunks(step * dim),
            gradients.outer.par_chunks(step * dim),
            gradients.middle.par_chunks_mut(step * dim),
            gradients.seen.par_chunks_mut(step * dim),
            gradients.seen_rows.par_chunks_mut(step * dim),
            gradients.normed.par_chunks_mut(step * dim),
            gradients.gated.par_chunks_mut(step * hidden),
        );
        let parts = rows.into_par_iter().enumerate().flat_map_iter(
            |(i, (gate_up, x, dy, dx, dseen, seen_rows, normed, gated))| {
                let mut dw = vec![0.0; dim];
                self.memory.rows.with(|scratch| {
                    let wide = sized(&mut scratch.wide, gated.len());
                    let narrow = sized(&mut scratch.narrow, x.len());
                    product_in_panels(dy, &panels.down, wide, false);
                    gated::backward_in_place(gate_up, wide, gated, hidden);
                    norm::forward_rows(x, weights[MLP_NORM], normed, self.eps);
                    product_in_panels(gate_up, &panels.gate_up, narrow, false);
                    norm::backward_rows(x, weights[MLP_NORM], narrow, dx, &mut dw, self.eps);
                    add(dx, dy);
                    product_in_panels(dx, &panels.out, dseen, false);
                    gather(&self.plan, 1, seen, i * step, seen_rows);
                });
                dw
            },
        );
        column_sums(&parts.collect::<Vec<f32>>(), dim)
    }

    /// Backward pass of attention, in parallel with the weight gradients whose factors are known.
    fn attention(
        &self,
        layer: &LayerRows,
        gradients: &mut RowGradients,
        of_weights: &mut [Vec<f32>],
    ) {
        let (dim, hidden, head_dim) = (self.config.dim, self.config.hidden, self.plan.head_dim());
        let RowGradients { outer, middle, seen, heads, seen_rows, normed, gated, .. } = gradients;
        let mut jobs = Vec::new();
        let mut rest = heads.as_mut_slice();
        for head in self.plan.span_heads() {
            let (own, others) = rest.split_at_mut(3 * head.span.len * head_dim);
            jobs.push((head, own));
            rest = others;
        }
        let attend = || {
            jobs.into_par_iter().for_each(|(head, own)| {
                self.memory.heads.with(|scratch| {
                    scratch.backward(&self.plan, &layer.qkv, seen.as_slice(), head, own)
                });
            });
        };
        let [_, _, of_out, _, of_gate_up, of_down] = of_weights else { return attend() };
        let learn = || {
            weight_gradient(of_gate_up, &layer.gate_up, 2 * hidden, normed, dim);
            weight_gradient(of_down, outer, dim, gated, hidden);
            weight_gradient(of_out, middle, dim, seen_rows, dim);
        };
        rayon::join(learn, attend);
    }

    /// Backward pass from queries, keys and values to the input of the layer. Returns the gradient of attention's norm.
    fn before(
        &self,
        weights: &[&[f32]],
        panels: &LayerPanels,
        layer: &LayerRows,
        gradients: &mut RowGradients,
    ) -> Vec<f32> {
        let dim = self.config.dim;
        let step = rows_per_task(layer.x.len() / dim);
        let heads = &gradients.heads;
        let rows = (
            layer.x.par_chunks(step * dim),
            gradients.middle.par_chunks(step * dim),
            gradients.outer.par_chunks_mut(step * dim),
            gradients.qkv.par_chunks_mut(step * 3 * dim),
            gradients.normed.par_chunks_mut(step * dim),
        );
        let parts =
            rows.into_par_iter().enumerate().flat_map_iter(|(i, (x, dy, dx, dqkv, normed))| {
                let mut dw = vec![0.0; dim];
                self.memory.rows.with(|scratch| {
                    let narrow = sized(&mut scratch.narrow, x.len());
                    gather(&self.plan, 3, heads, i * step, dqkv);
                    norm::forward_rows(x, weights[ATTENTION_NORM], normed, self.eps);
                    product_in_panels(dqkv, &panels.qkv, narrow, false);
                    norm::backward_rows(x, weights[ATTENTION_NORM], narrow, dx, &mut dw, self.eps);
                    add(dx, dy);
                });
                dw
            });
        column_sums(&parts.collect::<Vec<f32>>(), dim)
    }
}

/// `dW = dyᵀ x`: `dy` (rows, outputs), `x` (rows, inputs), `dw` (outputs, inputs).
fn weight_gradient(dw: &mut [f32], dy: &[f32], outputs: usize, x: &[f32], inputs: usize) {
    let rows = x.len() / inputs;
    let options = ProductOptions::default().single();
    dw.par_chunks_mut(WEIGHT_ROWS_PER_TASK * inputs).enumerate().for_each(|(i, dw)| {
        let dy = &dy[i * WEIGHT_ROWS_PER_TASK..];
        let dy = Mat::strided(dy, rows, dw.len() / inputs, outputs);
        product(dw, inputs, dy.t(), Mat::new(x, rows, inputs), options);
    });
}
