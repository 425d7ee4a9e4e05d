//! Attention of one head of one sequence, the unit of fused attention.

use multiversion::multiversion;

use super::{AttentionPlan, SpanHead, dot, rotate, softmax};
use crate::matmul::{Mat, ProductOptions, product};

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
        let options =
            ProductOptions { scale: 1.0 / (hd as f32).sqrt(), ..Default::default() }.single();
        let (q, k) = (Mat::new(&self.q, len, hd), Mat::new(&self.k, len, hd));
        product(&mut self.weights, len, q, k.t(), options);
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
        let (weights, v) = (Mat::new(&self.weights, len, len), Mat::new(&self.v, len, hd));
        product(out, hd, weights, v, ProductOptions::default().single());
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
        let dy = Mat::strided(&dy[span.start * dim + head * hd..], len, hd, dim);
        let options = ProductOptions::default().single();
        product(dv, hd, Mat::new(&self.weights, len, len).t(), dy, options);
        self.ds.resize(len * len, 0.0);
        product(&mut self.ds, len, dy, Mat::new(&self.v, len, hd).t(), options);
        softmax_backward(&self.weights, &mut self.ds, len, &self.ranges);
        let options = ProductOptions { scale: 1.0 / (hd as f32).sqrt(), ..options };
        let ds = Mat::new(&self.ds, len, len);
        product(dq, hd, ds, Mat::new(&self.k, len, hd), options);
        product(dk, hd, ds.t(), Mat::new(&self.q, len, hd), options);
        for row in 0..len {
            let (cos, sin) = plan.angles(span.start + row);
            rotate(&mut dq[row * hd..][..hd], cos, sin, -1.0);
            rotate(&mut dk[row * hd..][..hd], cos, sin, -1.0);
        }
    }
}
