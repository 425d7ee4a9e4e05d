//! Attention of new positions over the keys and values of earlier ones.

use candle_core::{DType, Device, Result, Tensor};
use multiversion::multiversion;
use rayon::prelude::*;

use super::{AttentionPlan, Span, dot, rotate, softmax};
use crate::cache::LayerCache;
use crate::slices::with_slice;

/// Attention of new rows over cached rows and themselves; the new rows are appended to the cache. Span `i` belongs to
/// `caches[i]`; its `prefix` counts from the sequence's beginning. For generation: no gradient. Caches stay on the host
/// for every device: one position is too little work for a GPU.
pub fn attention_cached(
    qkv: &Tensor,
    plan: &AttentionPlan,
    caches: &mut [&mut LayerCache],
) -> Result<Tensor> {
    let (rows, triple) = qkv.dims2()?;
    let dim = triple / 3;
    if caches.len() != plan.spans.len() {
        candle_core::bail!("attention: {} caches for {} sequences", caches.len(), plan.spans.len());
    }
    let on_host = qkv.to_device(&Device::Cpu)?.to_dtype(DType::F32)?;
    let out = with_slice(&on_host, |qkv| {
        let mut out = vec![0.0; rows * dim];
        cached_rows(qkv, plan, caches, &mut out);
        Ok(out)
    })?;
    Tensor::from_vec(out, (rows, dim), qkv.device())?.to_dtype(qkv.dtype())
}

/// [`attention_cached`] on slices: `qkv` (rows, 3 * dim) -> `out` (rows, dim).
pub(crate) fn cached_rows(
    qkv: &[f32],
    plan: &AttentionPlan,
    caches: &mut [&mut LayerCache],
    out: &mut [f32],
) {
    let dim = plan.heads * plan.head_dim();
    let sequences = caches.iter_mut().zip(plan.spans.iter());
    let first_new: Vec<usize> = sequences.map(|(c, span)| append(qkv, plan, *span, c)).collect();
    let groups: Vec<HeadGroup<'_>> = caches
        .iter()
        .zip(plan.spans.iter())
        .zip(first_new)
        .flat_map(|((cache, span), first_new)| groups(plan, *span, cache, first_new))
        .collect();
    let parts: Vec<Vec<f32>> = groups.par_iter().map(|group| group.attend(qkv, plan)).collect();
    for (group, part) in groups.iter().zip(parts) {
        let rows = out[group.span.start * dim..].chunks_exact_mut(dim);
        for (out, part) in rows.zip(part.chunks_exact(group.columns.len())) {
            out[group.columns.clone()].copy_from_slice(part);
        }
    }
    caches.iter_mut().for_each(|cache| cache.trim(plan.window));
}

/// Appends rotated keys and values of a sequence to its cache; returns the number of earlier positions.
fn append(qkv: &[f32], plan: &AttentionPlan, span: Span, cache: &mut LayerCache) -> usize {
    let hd = plan.head_dim();
    let dim = plan.heads * hd;
    let first_new = cache.end();
    cache.grow(span.len, dim, |row, keys, values| {
        let source = &qkv[(span.start + row) * 3 * dim..][..3 * dim];
        keys.copy_from_slice(&source[dim..2 * dim]);
        values.copy_from_slice(&source[2 * dim..]);
        for head in keys.chunks_exact_mut(hd) {
            let (cos, sin) = plan.angles(span.start + row);
            rotate(head, cos, sin, 1.0);
        }
    });
    first_new
}

/// Products of queries and keys below which one task does all heads: handing a part to another thread costs as much.
const PRODUCTS_PER_TASK: usize = 1 << 15;

/// Divides the heads of a sequence into tasks.
fn groups<'a>(
    plan: &AttentionPlan,
    span: Span,
    cache: &'a LayerCache,
    first_new: usize,
) -> impl Iterator<Item = HeadGroup<'a>> + use<'a> {
    let (heads, hd) = (plan.heads, plan.head_dim());
    let products = span.len * (cache.end() - cache.begin()) * heads * hd;
    let tasks = (products / PRODUCTS_PER_TASK)
        .min(rayon::current_num_threads().div_ceil(plan.spans.len().max(1)))
        .clamp(1, heads);
    let each = heads.div_ceil(tasks);
    (0..heads).step_by(each).map(move |head| {
        let columns = head * hd..heads.min(head + each) * hd;
        HeadGroup { span, cache, first_new, columns }
    })
}

/// Neighbouring heads of one sequence.
struct HeadGroup<'a> {
    span: Span,
    cache: &'a LayerCache,
    /// Position of the span's first row.
    first_new: usize,
    /// Columns of the heads.
    columns: std::ops::Range<usize>,
}

impl HeadGroup<'_> {
    /// Returns the attention of the span's rows in these columns: (len, columns).
    fn attend(&self, qkv: &[f32], plan: &AttentionPlan) -> Vec<f32> {
        let (hd, width) = (plan.head_dim(), self.columns.len());
        let dim = plan.heads * hd;
        let base = self.cache.begin();
        let mut out = vec![0.0; self.span.len * width];
        let mut scores = Vec::new();
        for (row, out) in out.chunks_exact_mut(width).enumerate() {
            let mut query = qkv[(self.span.start + row) * 3 * dim..][self.columns.clone()].to_vec();
            let (cos, sin) = plan.angles(self.span.start + row);
            query.chunks_exact_mut(hd).for_each(|head| rotate(head, cos, sin, 1.0));
            let (from, to) = plan.visible(self.span.prefix, self.first_new + row);
            let (from, count) = (from.max(base) - base, to - from.max(base));
            let rows = |values| CachedRows { values, from, dim, column: self.columns.start };
            scores.clear();
            scores.resize(count * (width / hd), 0.0); // (heads, positions)
            weigh(&query, rows(self.cache.keys()), hd, &mut scores);
            gather(&scores, rows(self.cache.values()), hd, out);
        }
        out
    }
}

/// Cached keys or values (positions, dim) from a position and a column on.
#[derive(Clone, Copy)]
struct CachedRows<'a> {
    values: &'a [f32],
    from: usize,
    dim: usize,
    column: usize,
}

impl<'a> CachedRows<'a> {
    /// Returns the first `width` columns of every position. Memory is read in its order: heads one after another would
    /// jump from position to position.
    #[inline(always)]
    fn rows(self, width: usize) -> impl Iterator<Item = &'a [f32]> {
        let rows = self.values[self.from * self.dim..].chunks_exact(self.dim);
        rows.map(move |row| &row[self.column..][..width])
    }
}

/// Writes the softmax of the scaled products of the queries of some heads with their keys to `scores` (heads,
/// positions).
#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn weigh(query: &[f32], keys: CachedRows<'_>, hd: usize, scores: &mut [f32]) {
    let positions = scores.len() / (query.len() / hd);
    let scale = 1.0 / (hd as f32).sqrt();
    for (i, key) in keys.rows(query.len()).take(positions).enumerate() {
        let heads = query.chunks_exact(hd).zip(key.chunks_exact(hd));
        for (head, (query, key)) in heads.enumerate() {
            scores[head * positions + i] = dot(query, key) * scale;
        }
    }
    scores.chunks_exact_mut(positions.max(1)).for_each(softmax);
}

/// Adds the values of every position, each head's times its score (heads, positions), to `out` (heads * head_dim).
#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn gather(scores: &[f32], values: CachedRows<'_>, hd: usize, out: &mut [f32]) {
    let positions = scores.len() / (out.len() / hd);
    for (i, value) in values.rows(out.len()).take(positions).enumerate() {
        let heads = out.chunks_exact_mut(hd).zip(value.chunks_exact(hd));
        for (head, (out, value)) in heads.enumerate() {
            let score = scores[head * positions + i];
            for (o, v) in out.iter_mut().zip(value) {
                *o += score * v;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 31 + seed * 17) as f32 * 0.37).sin()).collect()
    }

    #[test]
    fn weighted_sums_add_position_by_position() {
        let (dim, from, positions) = (200, 2, 3);
        let values = made(5 * dim, 1);
        for (column, hd, heads) in [(0, 100, 2), (100, 50, 2), (64, 64, 1), (10, 7, 3)] {
            let scores = made(heads * positions, 2);
            let mut sums = vec![0.5; heads * hd];
            gather(&scores, CachedRows { values: &values, from, dim, column }, hd, &mut sums);
            for (i, sum) in sums.iter().enumerate() {
                let rows = values.chunks(dim).skip(from).zip(&scores[i / hd * positions..]);
                let expected =
                    rows.take(positions).fold(0.5, |sum, (row, s)| sum + s * row[column + i]);
                assert_eq!(*sum, expected, "{column} + {i} of {heads} x {hd}");
            }
        }
    }

    #[test]
    fn heads_in_several_tasks_give_the_same() {
        // Positions enough for a task a head.
        let (heads, dim, positions) = (4, 128, 1200);
        let attend = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut cache = LayerCache::default();
                let mut out = vec![0.0; positions * dim];
                for (start, len) in [(0, positions - 1), (positions - 1, 1)] {
                    let spans = vec![Span { start: 0, len, prefix: 0 }];
                    let at: Vec<u32> = (start..start + len).map(|p| p as u32).collect();
                    let plan = AttentionPlan::new(spans, &at, heads, dim, None);
                    let qkv = made(3 * len * dim, start);
                    cached_rows(&qkv, &plan, &mut [&mut cache], &mut out[start * dim..]);
                }
                out
            })
        };
        assert_eq!(attend(1), attend(3));
    }
}
