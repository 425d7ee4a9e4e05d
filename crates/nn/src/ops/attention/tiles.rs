//! Cached attention of many rows within a window: a few rows at a time, by products with keys and values in panels.

use multiversion::multiversion;

use super::cached::HeadGroup;
use super::{AttentionPlan, rotate, softmax};
use crate::matmul::{Mat, PANEL, Panels, Part, ProductOptions, product_with_part};

/// Rows whose products share the keys that any of them sees.
const ROWS: usize = 12;

impl HeadGroup<'_> {
    /// Returns the attention of the span's rows in the group's columns: (len, columns).
    pub(super) fn attend_in_tiles(&self, qkv: &[f32], plan: &AttentionPlan) -> Vec<f32> {
        let (hd, width) = (plan.head_dim(), self.columns.len());
        let mut out = vec![0.0; self.span.len * width];
        let mut tile = Tile::default();
        for column in self.columns.clone().step_by(hd) {
            let head = self.head(column, plan);
            for first in (0..self.span.len).step_by(ROWS) {
                tile.weigh(self, &head, first, qkv, plan);
                let out = &mut out[first * width + column - self.columns.start..];
                tile.gather(&head, out, width);
            }
        }
        out
    }

    /// Copies the keys and values of the head at a column into panels.
    fn head(&self, column: usize, plan: &AttentionPlan) -> Head {
        let (hd, dim) = (plan.head_dim(), plan.heads * plan.head_dim());
        let positions = self.cache.end() - self.cache.begin();
        let of = |values| Mat::strided(values, positions, hd, dim);
        let keys = Panels::new(of(&self.cache.keys()[column..]).t()); // (head_dim, positions)
        let values = Panels::new(of(&self.cache.values()[column..])); // (positions, head_dim)
        Head { keys, values, column, hd }
    }
}

/// Keys and values of a head.
struct Head {
    keys: Panels,
    values: Panels,
    column: usize,
    hd: usize,
}

/// Working memory for some rows of a head.
#[derive(Default)]
struct Tile {
    /// Rotated queries, (rows, head_dim).
    queries: Vec<f32>,
    /// Visible positions of each row, counted from the first position of the scores.
    visible: Vec<(usize, usize)>,
    /// Scores, then weights, (rows, positions).
    scores: Vec<f32>,
    /// Positions of the scores, counted from the cache's oldest.
    from: usize,
    to: usize,
}

impl Tile {
    /// Computes the attention weights of the rows from `first` on.
    fn weigh(
        &mut self,
        group: &HeadGroup<'_>,
        head: &Head,
        first: usize,
        qkv: &[f32],
        plan: &AttentionPlan,
    ) {
        let (hd, dim) = (head.hd, plan.heads * head.hd);
        let base = group.cache.begin();
        self.queries.clear();
        self.visible.clear();
        for row in first..group.span.len.min(first + ROWS) {
            let at = group.span.start + row;
            self.queries.extend_from_slice(&qkv[at * 3 * dim + head.column..][..hd]);
            let (cos, sin) = plan.angles(at);
            rotate(&mut self.queries[(row - first) * hd..], cos, sin, 1.0);
            let (from, to) = plan.visible(group.span.prefix, group.first_new + row);
            self.visible.push((from.max(base) - base, to - base));
        }
        let least = self.visible.iter().map(|v| v.0).min().unwrap_or_default();
        self.from = least / PANEL * PANEL;
        self.to = self.visible.iter().map(|v| v.1).max().unwrap_or_default();
        let (from, count, rows) = (self.from, self.to - self.from, self.visible.len());
        self.visible.iter_mut().for_each(|v| *v = (v.0 - from, v.1 - from));
        self.scores.resize(rows * count, 0.0);
        let scale = 1.0 / (hd as f32).sqrt();
        let part = Part { columns: self.from..self.to, depth: 0..hd };
        let queries = Mat::new(&self.queries, rows, hd);
        let options = ProductOptions { scale, ..Default::default() };
        product_with_part(&mut self.scores, count, queries, &head.keys, part, options);
        softmax_visible(&mut self.scores, count, &self.visible);
    }

    /// Writes the weighted sums of the values, (rows, head_dim), whose rows lie `stride` apart.
    fn gather(&self, head: &Head, out: &mut [f32], stride: usize) {
        let part = Part { columns: 0..head.hd, depth: self.from..self.to };
        let weights = Mat::new(&self.scores, self.visible.len(), self.to - self.from);
        let options = ProductOptions::default();
        product_with_part(out, stride, weights, &head.values, part, options);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn softmax_visible(scores: &mut [f32], count: usize, visible: &[(usize, usize)]) {
    for (row, &(from, to)) in scores.chunks_exact_mut(count.max(1)).zip(visible) {
        row[..from].fill(0.0);
        row[to..].fill(0.0);
        softmax(&mut row[from..to]);
    }
}
