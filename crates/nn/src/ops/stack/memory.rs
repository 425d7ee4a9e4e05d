//! Working memory that is reused from pass to pass.

use std::sync::{Arc, Mutex, PoisonError};

use super::weights::LayerPanels;
use crate::BlockConfig;
use crate::ops::attention::HeadScratch;

/// Working memory of a stack's passes.
#[derive(Clone, Default)]
pub(crate) struct StackMemory(Arc<Shelves>);

#[derive(Default)]
pub(crate) struct Shelves {
    pub(super) kept: Shelf<Kept>,
    pub(super) gradients: Shelf<RowGradients>,
    pub(super) rows: Shelf<RowScratch>,
    pub(super) heads: Shelf<HeadScratch>,
    pub(super) panels: Shelf<LayerPanels>,
}

impl std::ops::Deref for StackMemory {
    type Target = Shelves;

    fn deref(&self) -> &Shelves {
        &self.0
    }
}

/// Pool of reusable values, each used by one thread at a time.
pub(super) struct Shelf<T>(Mutex<Vec<T>>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<T: Default> Shelf<T> {
    pub(super) fn take(&self) -> T {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    pub(super) fn put(&self, thing: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(thing);
    }

    /// Calls `f` with a value of the pool.
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let mut thing = self.take();
        let result = f(&mut thing);
        self.put(thing);
        result
    }
}

/// Returns the first `len` values of a vector that grows on demand. Their content is unspecified.
pub(super) fn sized(values: &mut Vec<f32>, len: usize) -> &mut [f32] {
    values.resize(len, 0.0);
    values
}

/// Rows of one layer.
#[derive(Default)]
pub(super) struct LayerRows {
    /// Input, (rows, dim).
    pub(super) x: Vec<f32>,
    /// Queries, keys and values, (rows, 3 * dim).
    pub(super) qkv: Vec<f32>,
    /// Output of attention: for each sequence, for each head, (len, head_dim).
    pub(super) seen: Vec<f32>,
    /// Between attention and the MLP, (rows, dim).
    pub(super) middle: Vec<f32>,
    /// Gate and up, (rows, 2 * hidden); in the backward pass replaced by their gradients.
    pub(super) gate_up: Vec<f32>,
}

/// Activations of a forward pass, for the backward pass.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) layers: Vec<LayerRows>,
    /// Input of the final norm, (rows, dim).
    pub(super) last: Vec<f32>,
}

impl Kept {
    /// Allocates buffers of the right sizes. Without a backward pass, memory for two layers is enough.
    pub(super) fn resize(&mut self, config: &BlockConfig, rows: usize, keeps: bool) {
        let BlockConfig { dim, layers, hidden, .. } = *config;
        self.layers.resize_with(if keeps { layers } else { layers.min(2) }, LayerRows::default);
        for layer in &mut self.layers {
            sized(&mut layer.x, rows * dim);
            sized(&mut layer.qkv, rows * 3 * dim);
            sized(&mut layer.seen, rows * dim);
            sized(&mut layer.middle, rows * dim);
            sized(&mut layer.gate_up, rows * 2 * hidden);
        }
        sized(&mut self.last, rows * dim);
    }

    /// Returns the memory of a layer and the destination of its result.
    pub(super) fn layer(&mut self, at: usize, layers: usize) -> (&mut LayerRows, &mut [f32]) {
        let slots = self.layers.len();
        let (now, next) = (at % slots, (at + 1) % slots);
        if at + 1 == layers {
            return (&mut self.layers[now], &mut self.last);
        }
        let (low, high) = self.layers.split_at_mut(now.max(next));
        match now < next {
            true => (&mut low[now], &mut high[0].x),
            false => (&mut high[0], &mut low[next].x),
        }
    }
}

/// Working memory of a task for its rows.
#[derive(Default)]
pub(super) struct RowScratch {
    pub(super) narrow: Vec<f32>,
    pub(super) wide: Vec<f32>,
}

/// Gradients of one layer's rows, and recomputed inputs of its products.
#[derive(Default)]
pub(super) struct RowGradients {
    /// Gradient of the layer's output, later of its input, (rows, dim).
    pub(super) outer: Vec<f32>,
    /// Between attention and the MLP, (rows, dim).
    pub(super) middle: Vec<f32>,
    /// Gradient of the attention's input, (rows, dim).
    pub(super) seen: Vec<f32>,
    /// Gradient of queries, keys and values: for each sequence, for each head, (3, len, head_dim).
    pub(super) heads: Vec<f32>,
    /// Gradient of queries, keys and values, (rows, 3 * dim).
    pub(super) qkv: Vec<f32>,
    /// Output of attention, (rows, dim).
    pub(super) seen_rows: Vec<f32>,
    /// A norm's result, (rows, dim).
    pub(super) normed: Vec<f32>,
    /// The gated activation, (rows, hidden).
    pub(super) gated: Vec<f32>,
}

impl RowGradients {
    pub(super) fn resize(&mut self, config: &BlockConfig, rows: usize) {
        let (dim, hidden) = (config.dim, config.hidden);
        for narrow in [
            &mut self.outer,
            &mut self.middle,
            &mut self.seen,
            &mut self.seen_rows,
            &mut self.normed,
        ] {
            sized(narrow, rows * dim);
        }
        sized(&mut self.heads, rows * 3 * dim);
        sized(&mut self.qkv, rows * 3 * dim);
        sized(&mut self.gated, rows * hidden);
    }
}
