//! The nearest codebook entry of many vectors at once, through one matrix product.

use multiversion::multiversion;
use rayon::prelude::*;
use syrinx_nn::matmul::{Mat, ProductOptions, product};

/// Most entries of a codebook: codes have 16 bits.
pub(crate) const MAX_ENTRIES: f64 = 65_536.0;

/// Vectors that a task handles at once: constant, so that results don't depend on the number of threads.
pub(crate) const ROWS_PER_TASK: usize = 512;

/// Entries of one level, prepared for nearest-neighbour search.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Codebook {
    entries: Vec<f32>, // (size, dim)
    half_norms: Vec<f32>,
    dim: usize,
}

impl Codebook {
    /// Builds a codebook of `entries` (size, dim).
    pub(crate) fn new(entries: Vec<f32>, dim: usize) -> Self {
        debug_assert_eq!(entries.len() % dim, 0);
        let half_norms =
            entries.chunks_exact(dim).map(|e| 0.5 * e.iter().map(|v| v * v).sum::<f32>()).collect();
        Self { entries, half_norms, dim }
    }

    /// Returns the number of entries.
    pub(crate) fn size(&self) -> usize {
        self.half_norms.len()
    }

    /// Returns all entries, (size, dim).
    pub(crate) fn entries(&self) -> &[f32] {
        &self.entries
    }

    /// Returns one entry.
    pub(crate) fn entry(&self, code: u16) -> &[f32] {
        &self.entries[usize::from(code) * self.dim..][..self.dim]
    }

    /// Returns the nearest entry of each of `vectors` (n, dim); the lowest code of equals.
    pub(crate) fn nearest(&self, vectors: &[f32]) -> Vec<u16> {
        vectors
            .par_chunks(ROWS_PER_TASK * self.dim)
            .flat_map_iter(|chunk| {
                let rows = chunk.len() / self.dim;
                let mut dots = vec![0.0; rows * self.size()]; // (rows, size)
                product(
                    &mut dots,
                    self.size(),
                    Mat::new(chunk, rows, self.dim),
                    Mat::new(&self.entries, self.size(), self.dim).t(),
                    ProductOptions::default().single(),
                );
                let mut codes = vec![0; rows];
                best_of_rows(&dots, &self.half_norms, &mut codes);
                codes
            })
            .collect()
    }

    /// Subtracts the entry of its code from each of `vectors` (n, dim).
    pub(crate) fn subtract(&self, vectors: &mut [f32], codes: &[u16]) {
        vectors.par_chunks_exact_mut(self.dim).zip(codes).with_min_len(256).for_each(|(v, &c)| {
            for (v, e) in v.iter_mut().zip(self.entry(c)) {
                *v -= e;
            }
        });
    }
}

/// |x - e|² is smallest where x·e - |e|²/2 is largest.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn best_of_rows(dots: &[f32], half_norms: &[f32], codes: &mut [u16]) {
    const LANES: usize = 16;
    let size = half_norms.len();
    let whole = size / LANES * LANES;
    for (row, code) in dots.chunks_exact(size).zip(codes) {
        let mut best = [f32::NEG_INFINITY; LANES];
        let mut at = [0u32; LANES];
        for from in (0..whole).step_by(LANES) {
            let (r, h) = (&row[from..from + LANES], &half_norms[from..from + LANES]);
            for i in 0..LANES {
                let score = r[i] - h[i];
                let better = score > best[i];
                best[i] = if better { score } else { best[i] };
                at[i] = if better { from as u32 } else { at[i] };
            }
        }
        let (mut top, mut winner) = (f32::NEG_INFINITY, 0u32);
        for i in 0..LANES.min(whole) {
            let index = at[i] + i as u32;
            if best[i] > top || (best[i] == top && index < winner) {
                (top, winner) = (best[i], index);
            }
        }
        for i in whole..size {
            let score = row[i] - half_norms[i];
            if score > top {
                (top, winner) = (score, i as u32);
            }
        }
        *code = winner as u16;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn agrees_with_a_plain_search() {
        for (size, dim, n) in [(1, 3, 5), (15, 4, 9), (16, 4, 9), (100, 7, 1030)] {
            let mut rng = ChaCha8Rng::seed_from_u64(size as u64);
            let mut draw =
                |n: usize| (0..n).map(|_| rng.random_range(-1.0..1.0)).collect::<Vec<f32>>();
            let (book, vectors) = (Codebook::new(draw(size * dim), dim), draw(n * dim));
            let distance = |v: &[f32], c: u16| -> f32 {
                v.iter().zip(book.entry(c)).map(|(a, b)| (a - b) * (a - b)).sum()
            };
            for (v, c) in vectors.chunks_exact(dim).zip(book.nearest(&vectors)) {
                let least = (0..size as u16).map(|c| distance(v, c)).fold(f32::MAX, f32::min);
                assert!(distance(v, c) <= least + 1e-5, "{size} entries of {dim}");
            }
        }
    }

    #[test]
    fn equals_go_to_the_lowest_code() {
        for size in [2, 16, 17, 40] {
            let book = Codebook::new(vec![0.5; size], 1);
            assert_eq!(book.nearest(&[0.3, 9.0]), [0, 0], "{size}");
        }
    }
}
