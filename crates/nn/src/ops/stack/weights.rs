//! Weights of a layer in panels, copied once for all tasks of a pass.

use super::{DOWN, GATE_UP, OUT, QKV};
use crate::BlockConfig;
use crate::matmul::{Mat, Panels, ProductOptions, Threads, product_with_panels};

/// Direction of a pass.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// From inputs to outputs.
    Forward,
    /// From gradients of outputs to those of inputs.
    Backward,
}

/// Matrices of one layer as right operands.
#[derive(Default)]
pub(crate) struct LayerPanels {
    pub(super) qkv: Panels,
    pub(super) out: Panels,
    pub(super) gate_up: Panels,
    pub(super) down: Panels,
}

impl LayerPanels {
    /// Copies the matrices of a layer, on all threads.
    pub(super) fn refill(&mut self, config: &BlockConfig, weights: &[&[f32]], side: Side) {
        let BlockConfig { dim, hidden, .. } = *config;
        let right = |values, outputs, inputs| {
            let weight = Mat::new(values, outputs, inputs);
            if side == Side::Forward { weight.t() } else { weight }
        };
        self.qkv.refill(right(weights[QKV], 3 * dim, dim), Threads::All);
        self.out.refill(right(weights[OUT], dim, dim), Threads::All);
        self.gate_up.refill(right(weights[GATE_UP], 2 * hidden, dim), Threads::All);
        self.down.refill(right(weights[DOWN], dim, hidden), Threads::All);
    }
}

/// Computes `y = x R`, or adds it to `y`, for a right operand R in panels, on the calling thread.
pub(super) fn product_in_panels(x: &[f32], right: &Panels, y: &mut [f32], accumulate: bool) {
    let options = ProductOptions { accumulate, ..Default::default() }.single();
    let x = Mat::new(x, x.len() / right.depth(), right.depth());
    product_with_panels(y, right.columns(), x, right, options);
}
