//! Keys and values of computed positions: a step of generation computes one position.

/// Keys and values of one layer for one sequence. A clone is a copy of the values.
#[derive(Debug, Clone, Default)]
pub struct LayerCache {
    keys: Vec<f32>,   // (kept, dim), rotated
    values: Vec<f32>, // (kept, dim)
    first: usize,
    end: usize,
}

impl LayerCache {
    /// Absolute index of the oldest position that is kept.
    pub(crate) fn begin(&self) -> usize {
        self.first
    }

    /// Positions seen so far.
    pub fn end(&self) -> usize {
        self.end
    }

    pub(crate) fn keys(&self) -> &[f32] {
        &self.keys
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    /// Appends `count` positions; `fill(row, keys, values)` writes each.
    pub(crate) fn grow(
        &mut self,
        count: usize,
        dim: usize,
        mut fill: impl FnMut(usize, &mut [f32], &mut [f32]),
    ) {
        let old = self.keys.len();
        self.keys.resize(old + count * dim, 0.0);
        self.values.resize(old + count * dim, 0.0);
        let rows =
            self.keys[old..].chunks_exact_mut(dim).zip(self.values[old..].chunks_exact_mut(dim));
        for (row, (k, v)) in rows.enumerate() {
            fill(row, k, v);
        }
        self.end += count;
    }

    /// Drops positions that no later position can attend to within a window.
    pub(crate) fn trim(&mut self, window: usize) {
        let kept = self.end - self.first;
        let wanted = window.saturating_sub(1);
        // Trims in large steps, since each step moves the remaining values.
        if kept > wanted.max(1).saturating_mul(2) {
            let drop = kept - wanted;
            let dim = self.keys.len() / kept;
            self.keys.drain(..drop * dim);
            self.values.drain(..drop * dim);
            self.first += drop;
        }
    }
}

/// The caches of all layers of one sequence.
#[derive(Debug, Clone)]
pub struct StackCache {
    layers: Vec<LayerCache>,
}

impl StackCache {
    /// Builds empty caches of `layers` layers.
    pub fn new(layers: usize) -> Self {
        Self { layers: vec![LayerCache::default(); layers] }
    }

    /// Positions seen so far.
    pub fn len(&self) -> usize {
        self.layers.first().map_or(0, LayerCache::end)
    }

    /// Whether there are no positions yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn layer(&mut self, index: usize) -> &mut LayerCache {
        &mut self.layers[index]
    }
}
