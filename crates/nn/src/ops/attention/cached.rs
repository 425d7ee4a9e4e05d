//! Attention of new positions over the keys and values of earlier ones.

use candle_core::{DType, Device, Result, Tensor};
use multiversion::multiversion;
use rayon::prelude::*;

use super::{AttentionPlan, Span, rotate, softmax};
use crate::cache::LayerCache;
use crate::lanes::{Kernel, LANES, Lanes, run};
use crate::matvec::{MOST_ROWS, tile};
use crate::slices::with_slice;

/// Computes the attention of new rows over cached rows and themselves; appends the new rows to the cache. Span `i`
/// belongs to `caches[i]`; its `prefix` counts from the sequence's beginning. For generation: no gradient. Caches stay
/// on the host for every device: one position is too little work for a GPU.
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

/// Number of products of queries and keys below which one task computes all heads, since another thread would cost as
/// much.
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
pub(super) struct HeadGroup<'a> {
    pub(super) span: Span,
    pub(super) cache: &'a LayerCache,
    /// Position of the span's first row.
    pub(super) first_new: usize,
    /// Columns of the heads.
    pub(super) columns: std::ops::Range<usize>,
}

impl HeadGroup<'_> {
    /// Returns the attention of the span's rows in these columns: (len, columns).
    fn attend(&self, qkv: &[f32], plan: &AttentionPlan) -> Vec<f32> {
        if plan.window < usize::MAX && self.span.len > MOST_ROWS {
            return self.attend_in_tiles(qkv, plan);
        }
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
            let keys = rows(self.cache.keys());
            run(Weigh { query: &query, keys, hd, scores: &mut scores });
            softmax_rows(&mut scores, count);
            run(Gather { scores: &scores, values: rows(self.cache.values()), hd, out });
        }
        out
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn softmax_rows(scores: &mut [f32], positions: usize) {
    scores.chunks_exact_mut(positions.max(1)).for_each(softmax);
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
    /// Returns a head's columns of a position; heads are counted from the column on.
    #[inline(always)]
    fn head(self, position: usize, head: usize, hd: usize) -> &'a [f32] {
        &self.values[(self.from + position) * self.dim + self.column + head * hd..][..hd]
    }
}

/// Writes the scaled products of the queries of some heads with their keys to `scores` (heads, positions).
struct Weigh<'a> {
    query: &'a [f32], // (heads * head_dim)
    keys: CachedRows<'a>,
    hd: usize,
    scores: &'a mut [f32],
}

impl Kernel for Weigh<'_> {
    #[inline(always)]
    fn run<L: Lanes, const WIDE: bool>(self) {
        let Self { query, keys, hd, scores } = self;
        let positions = scores.len() / (query.len() / hd);
        let scale = 1.0 / (hd as f32).sqrt();
        let mut at = 0;
        while at < positions {
            // The loop over heads is the inner one, so that memory is read sequentially.
            for head in 0..query.len() / hd {
                let query = &query[head * hd..][..hd];
                let scores = &mut scores[head * positions + at..];
                if positions - at >= 4 {
                    let key = |i| keys.head(at + i, head, hd);
                    let keys = [key(0), key(1), key(2), key(3)];
                    let products = tile::<L, f32, 4, 1>(keys, [query]);
                    for i in 0..4 {
                        scores[i] = products[i][0] * scale;
                    }
                } else {
                    let [[product]] = tile::<L, f32, 1, 1>([keys.head(at, head, hd)], [query]);
                    scores[0] = product * scale;
                }
            }
            at += if positions - at >= 4 { 4 } else { 1 };
        }
    }
}

/// Number of positions that are summed in registers, small enough for nearly sequential reads.
const POSITIONS: usize = 16;

/// Adds the values of every position, each head's times its score (heads, positions), to `out` (heads * head_dim).
struct Gather<'a> {
    scores: &'a [f32],
    values: CachedRows<'a>,
    hd: usize,
    out: &'a mut [f32],
}

impl Kernel for Gather<'_> {
    #[inline(always)]
    fn run<L: Lanes, const WIDE: bool>(self) {
        let Self { scores, values, hd, out } = self;
        let heads = out.len() / hd;
        let positions = scores.len() / heads;
        let mut first = 0;
        while first < positions {
            let count = POSITIONS.min(positions - first);
            for head in 0..heads {
                let scores = &scores[head * positions + first..][..count];
                let out = &mut out[head * hd..][..hd];
                let mut column = 0;
                while column < hd {
                    let rows = HeadRows { values, first, head, hd, column };
                    column += match hd - column {
                        64.. => rows.add::<L, 4>(scores, out),
                        32.. => rows.add::<L, 2>(scores, out),
                        16.. => rows.add::<L, 1>(scores, out),
                        _ => rows.add_one(scores, out),
                    };
                }
            }
            first += count;
        }
    }
}

/// Values of a head from a position and a column on.
struct HeadRows<'a> {
    values: CachedRows<'a>,
    first: usize,
    head: usize,
    hd: usize,
    column: usize,
}

impl HeadRows<'_> {
    /// Adds `BLOCKS` times [`LANES`] columns to `out` (head_dim), and returns their number.
    #[inline(always)]
    fn add<L: Lanes, const BLOCKS: usize>(&self, scores: &[f32], out: &mut [f32]) -> usize {
        let (out, _) = out[self.column..].as_chunks_mut::<LANES>();
        let mut sums = [L::zero(); BLOCKS];
        for i in 0..BLOCKS {
            sums[i] = L::load(&out[i]);
        }
        for (position, &score) in scores.iter().enumerate() {
            let score = L::splat(score);
            let row = self.values.head(self.first + position, self.head, self.hd);
            let (row, _) = row[self.column..].as_chunks::<LANES>();
            for i in 0..BLOCKS {
                sums[i] = sums[i].add_product(score, L::load(&row[i]));
            }
        }
        for i in 0..BLOCKS {
            out[i] = sums[i].values();
        }
        BLOCKS * LANES
    }

    /// Adds one column to `out` (head_dim), and returns 1.
    #[inline(always)]
    fn add_one(&self, scores: &[f32], out: &mut [f32]) -> usize {
        for (position, score) in scores.iter().enumerate() {
            let row = self.values.head(self.first + position, self.head, self.hd);
            out[self.column] += score * row[self.column];
        }
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::tests::made;

    #[test]
    fn weighted_sums_add_position_by_position() {
        let (dim, from, positions) = (200, 2, 21);
        let values = made(23 * dim, 1);
        for (column, hd, heads) in [(0, 100, 2), (100, 50, 2), (64, 64, 1), (10, 7, 3)] {
            let scores = made(heads * positions, 2);
            let mut sums = vec![0.5; heads * hd];
            let rows = CachedRows { values: &values, from, dim, column };
            run(Gather { scores: &scores, values: rows, hd, out: &mut sums });
            for (i, sum) in sums.iter().enumerate() {
                let rows = values.chunks(dim).skip(from).zip(&scores[i / hd * positions..]);
                let expected =
                    rows.take(positions).fold(0.5, |sum, (row, s)| sum + s * row[column + i]);
                let near = (*sum - expected).abs() < 1e-5;
                assert!(near, "{column} + {i} of {heads} x {hd}: {sum}, {expected}");
            }
        }
    }

    #[test]
    fn tiles_of_rows_give_the_attention_of_single_rows() {
        let (heads, dim) = (2, 40);
        let attend = |window: usize, cuts: &[usize]| {
            let mut cache = LayerCache::default();
            let (mut all, mut start) = (Vec::new(), 0);
            for &len in cuts {
                let spans = vec![Span { start: 0, len, prefix: 0 }];
                let at: Vec<u32> = (start..start + len).map(|p| p as u32).collect();
                let plan = AttentionPlan::new(spans, &at, heads, dim, Some(window));
                let qkv = &made(3 * 130 * dim, 3)[3 * start * dim..][..3 * len * dim];
                let mut out = vec![0.0; len * dim];
                cached_rows(qkv, &plan, &mut [&mut cache], &mut out);
                all.extend(out);
                start += len;
            }
            all
        };
        for window in [1, 7, 32, 500] {
            let (tiles, single) = (attend(window, &[16, 50, 64]), attend(window, &[1; 130]));
            for (at, (a, b)) in tiles.iter().zip(&single).enumerate() {
                assert!((a - b).abs() < 1e-5, "window {window}, value {at}: {a} and {b}");
            }
        }
    }

    #[test]
    fn heads_in_several_tasks_give_the_same() {
        // Enough positions for one task for each head.
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
