//! Attention of one head of one sequence, the unit of fused attention.

use std::ops::Range;

use multiversion::multiversion;

use super::{AttentionPlan, SpanHead, dot, rotate, softmax};
use crate::matmul::{
    Mat, PANEL, Panels, Part, ProductOptions, Threads, product, product_with_part,
};

/// Rows, or columns, of the weights that are computed together, over the positions that any of them sees.
const BLOCK: usize = 48;

/// Reusable working memory for one head.
#[derive(Debug, Default)]
pub(crate) struct HeadScratch {
    /// Rotated queries, rotated keys and values, each (len, head_dim).
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    /// (len, len)
    weights: Vec<f32>,
    /// (len, len)
    ds: Vec<f32>,
    ranges: Vec<(usize, usize)>,
    /// Right operand of products.
    right: Panels,
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn softmax_rows(scores: &mut [f32], len: usize, ranges: &[(usize, usize)]) {
    for (row, &(from, to)) in scores.chunks_exact_mut(len).zip(ranges) {
        row[..from].fill(0.0);
        row[to..].fill(0.0);
        softmax(&mut row[from..to]);
    }
}

/// dS = P * (dP - sum(dP * P)), in place of dP.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn softmax_backward(p: &[f32], dp: &mut [f32], len: usize, ranges: &[(usize, usize)]) {
    for ((p, dp), &(from, to)) in p.chunks_exact(len).zip(dp.chunks_exact_mut(len)).zip(ranges) {
        dp[..from].fill(0.0);
        dp[to..].fill(0.0);
        let (p, dp) = (&p[from..to], &mut dp[from..to]);
        let dot = dot(p, dp);
        for (p, d) in p.iter().zip(dp.iter_mut()) {
            *d = p * (*d - dot);
        }
    }
}

/// Divides rows or columns into blocks.
fn blocks(len: usize) -> impl Iterator<Item = Range<usize>> {
    (0..len).step_by(BLOCK).map(move |first| first..len.min(first + BLOCK))
}

/// Returns the positions that any of some rows sees, from the beginning of a panel on.
fn seen(ranges: &[(usize, usize)]) -> Range<usize> {
    let from = ranges.iter().map(|range| range.0).min().unwrap_or_default();
    let to = ranges.iter().map(|range| range.1).max().unwrap_or_default();
    from / PANEL * PANEL..to
}

/// Returns the rows from the first to the last that see any of some positions.
fn seeing(ranges: &[(usize, usize)], columns: &Range<usize>) -> Range<usize> {
    let sees = |&(from, to): &(usize, usize)| from < columns.end && to > columns.start;
    let first = ranges.iter().position(sees).unwrap_or_default();
    first..ranges.iter().rposition(sees).map_or(first, |last| last + 1)
}

/// Rows of `head_dim` values that lie `stride` apart.
#[derive(Clone, Copy)]
struct StridedRows<'a> {
    values: &'a [f32],
    stride: usize,
}

/// Writes the products of `left` (len, head_dim) with `right` (head_dim, len) where a row sees the position: (len, len).
fn visible_products(
    out: &mut [f32],
    left: StridedRows<'_>,
    right: &Panels,
    ranges: &[(usize, usize)],
    options: ProductOptions,
) {
    let (hd, len) = (right.depth(), right.columns());
    for rows in blocks(len) {
        let values = &left.values[rows.start * left.stride..];
        let part = Part { columns: seen(&ranges[rows.clone()]), depth: 0..hd };
        let out = &mut out[rows.start * len + part.columns.start..];
        let left = Mat::strided(values, rows.len(), hd, left.stride);
        product_with_part(out, len, left, right, part, options);
    }
}

/// Writes the sums of `right` (len, head_dim) weighted by `weights` (len, len): (len, head_dim).
fn weighted_sums(
    out: &mut [f32],
    weights: &[f32],
    right: &Panels,
    ranges: &[(usize, usize)],
    options: ProductOptions,
) {
    let (len, hd) = (right.depth(), right.columns());
    for rows in blocks(len) {
        let depth = seen(&ranges[rows.clone()]);
        let weights = &weights[rows.start * len + depth.start..];
        let weights = Mat::strided(weights, rows.len(), depth.len(), len);
        let part = Part { columns: 0..hd, depth };
        product_with_part(&mut out[rows.start * hd..], hd, weights, right, part, options);
    }
}

impl HeadScratch {
    /// Copies a head out of `qkv` (rows, 3 * dim), rotates it, and computes its attention weights.
    fn weigh(&mut self, plan: &AttentionPlan, qkv: &[f32], head: SpanHead) {
        let SpanHead { span, head } = head;
        let (len, hd) = (span.len, plan.head_dim());
        let dim = plan.heads * hd;
        for part in [&mut self.q, &mut self.k, &mut self.v] {
            part.clear();
        }
        for row in 0..len {
            let source = &qkv[(span.start + row) * 3 * dim..][..3 * dim];
            let (cos, sin) = plan.angles(span.start + row);
            self.q.extend_from_slice(&source[head * hd..][..hd]);
            rotate(&mut self.q[row * hd..], cos, sin, 1.0);
            self.k.extend_from_slice(&source[dim + head * hd..][..hd]);
            rotate(&mut self.k[row * hd..], cos, sin, 1.0);
            self.v.extend_from_slice(&source[2 * dim + head * hd..][..hd]);
        }
        self.ranges.clear();
        self.ranges.extend((0..len).map(|i| plan.visible(span.prefix.min(len), i)));
        self.weights.resize(len * len, 0.0);
        let options = ProductOptions { scale: 1.0 / (hd as f32).sqrt(), ..Default::default() };
        self.right.refill(Mat::new(&self.k, len, hd).t(), Threads::One); // (head_dim, len)
        let q = StridedRows { values: &self.q, stride: hd };
        visible_products(&mut self.weights, q, &self.right, &self.ranges, options);
        softmax_rows(&mut self.weights, len, &self.ranges);
    }

    /// Writes the output of a head into `out` (len, head_dim).
    pub(crate) fn forward(
        &mut self,
        plan: &AttentionPlan,
        qkv: &[f32],
        head: SpanHead,
        out: &mut [f32],
    ) {
        self.weigh(plan, qkv, head);
        let (len, hd) = (head.span.len, plan.head_dim());
        self.right.refill(Mat::new(&self.v, len, hd), Threads::One); // (len, head_dim)
        let options = ProductOptions::default();
        weighted_sums(out, &self.weights, &self.right, &self.ranges, options);
    }

    /// Writes the gradients of queries, keys and values into `out` (3, len, head_dim), with the rotation inverted. `dy`
    /// is (rows, dim).
    pub(crate) fn backward(
        &mut self,
        plan: &AttentionPlan,
        qkv: &[f32],
        dy: &[f32],
        head: SpanHead,
        out: &mut [f32],
    ) {
        self.weigh(plan, qkv, head);
        let SpanHead { span, head } = head;
        let (len, hd) = (span.len, plan.head_dim());
        let dim = plan.heads * hd;
        let (dq, rest) = out.split_at_mut(len * hd);
        let (dk, dv) = rest.split_at_mut(len * hd);
        let dy = &dy[span.start * dim + head * hd..];
        let options = ProductOptions::default();
        self.right.refill(Mat::new(&self.v, len, hd).t(), Threads::One); // (head_dim, len)
        self.ds.resize(len * len, 0.0);
        let dy_rows = StridedRows { values: dy, stride: dim };
        visible_products(&mut self.ds, dy_rows, &self.right, &self.ranges, options);
        softmax_backward(&self.weights, &mut self.ds, len, &self.ranges);
        let scaled = ProductOptions { scale: 1.0 / (hd as f32).sqrt(), ..options };
        self.right.refill(Mat::new(&self.k, len, hd), Threads::One); // (len, head_dim)
        weighted_sums(dq, &self.ds, &self.right, &self.ranges, scaled);
        for columns in blocks(len) {
            let rows = seeing(&self.ranges, &columns);
            let first = columns.start * hd;
            let left = |values| {
                let values: &[f32] = values;
                let values = &values[rows.start * len + columns.start..];
                Mat::strided(values, rows.len(), columns.len(), len).t()
            };
            let dy = Mat::strided(&dy[rows.start * dim..], rows.len(), hd, dim);
            product(&mut dv[first..], hd, left(&self.weights), dy, options.single());
            let q = Mat::new(&self.q[rows.start * hd..], rows.len(), hd);
            product(&mut dk[first..], hd, left(&self.ds), q, scaled.single());
        }
        for row in 0..len {
            let (cos, sin) = plan.angles(span.start + row);
            rotate(&mut dq[row * hd..][..hd], cos, sin, -1.0);
            rotate(&mut dk[row * hd..][..hd], cos, sin, -1.0);
        }
    }
}
