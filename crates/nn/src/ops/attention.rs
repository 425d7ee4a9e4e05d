//! Multi-head attention with rotary positions (Su et al. 2021) over packed sequences.
//!
//! A row attends to a contiguous range of positions, given by its [`Span`]: within the prefix to all of the prefix,
//! after it to all positions up to itself, at most `window` back. Causal, bidirectional, prefix and sliding-window
//! attention follow from this one rule. No (time, time) matrix outlives the call: the backward pass recomputes the
//! scores.

mod cached;
mod flash;
mod heads;
mod primitive;
mod tiles;

use std::sync::{Arc, OnceLock};

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use crate::Kernels;
use crate::elementary::exp;
use crate::slices::{slice_of, with_slice};

pub use cached::attention_cached;
pub(crate) use cached::cached_rows;
pub(crate) use heads::HeadScratch;

/// One sequence in a packed batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First row of the sequence.
    pub start: usize,
    /// Rows of the sequence.
    pub len: usize,
    /// Length of the prefix: its positions attend to each other, later ones to earlier positions only. 0 is causal,
    /// `len` is bidirectional.
    pub prefix: usize,
}

/// One head of one sequence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpanHead {
    pub(crate) span: Span,
    pub(crate) head: usize,
}

/// Plan that all layers of a forward pass share: the starts of sequences and the rotary angles of every row.
#[derive(Debug, Clone)]
pub struct AttentionPlan {
    spans: Arc<[Span]>,
    /// (rows, head_dim / 2) cosines, then sines.
    cos: Arc<[f32]>,
    sin: Arc<[f32]>,
    heads: usize,
    half: usize,
    window: usize,
    /// Tensors for primitive operations on a device, created by the first layer that needs them.
    padded: Arc<OnceLock<primitive::Padded>>,
}

/// Base of the rotary angles, as in RoFormer.
const ROTARY_BASE: f64 = 10_000.0;

impl AttentionPlan {
    /// `positions` holds each row's rotary position (they may restart within a sequence); `dim` is heads x head_dim.
    /// `window` is the number of positions that a row sees backwards, itself included; `None` for all.
    pub fn new(
        spans: Vec<Span>,
        positions: &[u32],
        heads: usize,
        dim: usize,
        window: Option<usize>,
    ) -> Self {
        let half = dim / heads / 2;
        let rates: Vec<f64> =
            (0..half).map(|i| ROTARY_BASE.powf(-(i as f64) / half as f64)).collect();
        let table: Vec<(f32, f32)> = positions
            .par_iter()
            .with_min_len(64)
            .flat_map_iter(|&p| {
                let angles = rates.iter().map(move |rate| f64::from(p) * rate);
                angles.map(|a| (a.cos() as f32, a.sin() as f32))
            })
            .collect();
        let (cos, sin): (Vec<f32>, Vec<f32>) = table.into_iter().unzip();
        Self {
            spans: spans.into(),
            cos: cos.into(),
            sin: sin.into(),
            heads,
            half,
            window: window.unwrap_or(usize::MAX),
            padded: Arc::default(),
        }
    }

    /// Returns the sequences.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Returns the half-open range of positions that position `at` of a span may see.
    fn visible(&self, prefix: usize, at: usize) -> (usize, usize) {
        let end = if at < prefix { prefix } else { at + 1 };
        (at.saturating_sub(self.window - 1), end)
    }

    pub(crate) fn head_dim(&self) -> usize {
        2 * self.half
    }

    pub(crate) fn heads(&self) -> usize {
        self.heads
    }

    /// Returns every head of every sequence.
    pub(crate) fn span_heads(&self) -> Vec<SpanHead> {
        let heads = |&span| (0..self.heads).map(move |head| SpanHead { span, head });
        self.spans.iter().flat_map(heads).collect()
    }
}

/// `qkv` (rows, 3 * dim), queries, keys and values side by side -> (rows, dim).
pub fn attention(qkv: &Tensor, plan: &AttentionPlan, kernels: Kernels) -> Result<Tensor> {
    match kernels {
        Kernels::Fused => qkv.contiguous()?.apply_op1(AttentionOp { plan: plan.clone() }),
        Kernels::Primitive => primitive::attention(qkv, plan),
        Kernels::Flash => flash::attention(qkv, plan),
    }
}

impl AttentionPlan {
    fn angles(&self, row: usize) -> (&[f32], &[f32]) {
        (&self.cos[row * self.half..][..self.half], &self.sin[row * self.half..][..self.half])
    }
}

/// Rotates the two halves of a head (rotate-half form); `direction` -1 is the inverse.
#[inline(always)]
fn rotate(head: &mut [f32], cos: &[f32], sin: &[f32], direction: f32) {
    let (a, b) = head.split_at_mut(cos.len());
    for i in 0..cos.len() {
        let (x, y, s) = (a[i], b[i], sin[i] * direction);
        a[i] = x * cos[i] - y * s;
        b[i] = x * s + y * cos[i];
    }
}

/// Returns the dot product, summed in 16 lanes: chunks of constant length become SIMD registers.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let (a_chunks, b_chunks) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest = a_chunks.remainder().iter().zip(b_chunks.remainder());
    for (a, b) in a_chunks.zip(b_chunks) {
        for i in 0..16 {
            lanes[i] += a[i] * b[i];
        }
    }
    for (lane, (a, b)) in lanes.iter_mut().zip(rest) {
        *lane += a * b;
    }
    halved(lanes, |a, b| a + b)
}

/// Joins the lanes by halves, so that few operations depend on each other.
#[inline(always)]
fn halved(mut lanes: [f32; 16], join: impl Fn(f32, f32) -> f32) -> f32 {
    for half in [8, 4, 2, 1] {
        for i in 0..half {
            lanes[i] = join(lanes[i], lanes[i + half]);
        }
    }
    lanes[0]
}

#[inline(always)]
fn softmax(row: &mut [f32]) {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let max = folded(row, f32::NEG_INFINITY, larger);
    for v in row.iter_mut() {
        *v = exp(*v - max);
    }
    let scale = 1.0 / folded(row, 0.0, |a, b| a + b);
    for v in row.iter_mut() {
        *v *= scale;
    }
}

/// Joins all values, sixteen at a time.
#[inline(always)]
pub(super) fn folded(row: &[f32], neutral: f32, join: impl Fn(f32, f32) -> f32) -> f32 {
    let (chunks, rest) = row.as_chunks::<16>();
    let mut lanes = [neutral; 16];
    for chunk in chunks {
        for i in 0..16 {
            lanes[i] = join(lanes[i], chunk[i]);
        }
    }
    for (lane, &v) in lanes.iter_mut().zip(rest) {
        *lane = join(*lane, v);
    }
    halved(lanes, join)
}

struct AttentionOp {
    plan: AttentionPlan,
}

/// Writes (len, head_dim) rows into a wider matrix at a column offset.
fn scatter(part: &[f32], hd: usize, into: &mut [f32], stride: usize, offset: usize) {
    for (row, source) in part.chunks_exact(hd).enumerate() {
        into[row * stride + offset..][..hd].copy_from_slice(source);
    }
}

impl CustomOp1 for AttentionOp {
    fn name(&self) -> &'static str {
        "fused-attention"
    }

    fn cpu_fwd(&self, qkv: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, triple) = layout.shape().dims2()?;
        let hd = self.plan.head_dim();
        let dim = triple / 3;
        let qkv = slice_of(qkv, layout)?;
        let heads = self.plan.span_heads();
        let forward = |scratch: &mut HeadScratch, &head: &SpanHead| {
            let mut out = vec![0.0; head.span.len * hd];
            scratch.forward(&self.plan, qkv, head, &mut out);
            out
        };
        let parts: Vec<Vec<f32>> =
            heads.par_iter().map_init(HeadScratch::default, forward).collect();
        let mut out = vec![0.0; rows * dim];
        for (SpanHead { span, head }, part) in heads.iter().zip(parts) {
            scatter(&part, hd, &mut out[span.start * dim..], dim, head * hd);
        }
        Ok((CpuStorage::F32(out), (rows, dim).into()))
    }

    fn bwd(&self, qkv: &Tensor, _out: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let (rows, triple) = qkv.dims2()?;
        let hd = self.plan.head_dim();
        let dim = triple / 3;
        let heads = self.plan.span_heads();
        let grad = with_slice(qkv, |qkv| {
            with_slice(dy, |dy| {
                let backward = |scratch: &mut HeadScratch, &head: &SpanHead| {
                    let mut out = vec![0.0; 3 * head.span.len * hd];
                    scratch.backward(&self.plan, qkv, dy, head, &mut out);
                    out
                };
                let parts: Vec<Vec<f32>> =
                    heads.par_iter().map_init(HeadScratch::default, backward).collect();
                let mut grad = vec![0.0; rows * triple];
                for (SpanHead { span, head }, part) in heads.iter().zip(parts) {
                    for (i, part) in part.chunks_exact(span.len * hd).enumerate() {
                        scatter(
                            part,
                            hd,
                            &mut grad[span.start * triple..],
                            triple,
                            i * dim + head * hd,
                        );
                    }
                }
                Ok(grad)
            })
        })?;
        Ok(Some(Tensor::from_vec(grad, (rows, triple), qkv.device())?))
    }
}
