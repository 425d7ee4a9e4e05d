//! The nearest codebook entry of many vectors at once, through one matrix product.

use std::sync::OnceLock;

use multiversion::multiversion;
use rayon::prelude::*;
use syrinx_nn::matmul::{Mat, PANEL, Panels, Part, ProductOptions, product_with_part};

/// Most entries of a codebook: codes have 16 bits.
pub(crate) const MAX_ENTRIES: f64 = 65_536.0;

/// Vectors that a task handles at once: constant, so that results don't depend on the number of threads.
pub(crate) const ROWS_PER_TASK: usize = 512;

/// Entries of one level, prepared for nearest-neighbour search.
#[derive(Debug, Clone)]
pub(crate) struct Codebook {
    entries: Vec<f32>,    // (size, dim)
    half_norms: Vec<f32>, // infinite beyond the last entry, up to a whole panel
    dim: usize,
    /// The entries as the right side of products, copied for the first search.
    panels: OnceLock<Panels>, // (dim, size)
}

impl Codebook {
    /// Builds a codebook of `entries` (size, dim).
    pub(crate) fn new(entries: Vec<f32>, dim: usize) -> Self {
        debug_assert_eq!(entries.len() % dim, 0);
        let half_norm = |e: &[f32]| 0.5 * e.iter().map(|v| v * v).sum::<f32>();
        let mut half_norms: Vec<f32> = entries.chunks_exact(dim).map(half_norm).collect();
        half_norms.resize(half_norms.len().next_multiple_of(PANEL), f32::INFINITY);
        Self { entries, half_norms, dim, panels: OnceLock::new() }
    }

    /// Returns the number of entries.
    pub(crate) fn size(&self) -> usize {
        self.entries.len() / self.dim
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
        let panels = self
            .panels
            .get_or_init(|| Panels::new(Mat::new(&self.entries, self.size(), self.dim).t()));
        let options = ProductOptions::default().single();
        vectors
            .par_chunks(ROWS_PER_TASK * self.dim)
            .flat_map_iter(|chunk| {
                let rows = Mat::new(chunk, chunk.len() / self.dim, self.dim);
                let mut best = vec![Best::default(); chunk.len() / self.dim];
                let mut dots = vec![0.0; best.len() * PANEL]; // (rows, PANEL)
                for (i, half_norms) in self.half_norms.chunks_exact(PANEL).enumerate() {
                    let first = i * PANEL;
                    let columns = first..self.size().min(first + PANEL);
                    let part = Part { columns, depth: 0..self.dim };
                    product_with_part(&mut dots, PANEL, rows, panels, part, options);
                    improve(&dots, half_norms, first as u32, &mut best);
                }
                best.into_iter().map(|best| best.winner())
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

/// Lanes of a register.
const LANES: usize = 16;

/// Best entries of a vector so far, each of every sixteenth entry.
#[derive(Clone, Copy)]
struct Best {
    scores: [f32; LANES],
    /// Entry of each score, without the lane.
    entries: [u32; LANES],
}

impl Default for Best {
    fn default() -> Self {
        Self { scores: [f32::NEG_INFINITY; LANES], entries: [0; LANES] }
    }
}

impl Best {
    /// Returns the lowest code of the best entries.
    fn winner(&self) -> u16 {
        let (mut top, mut winner) = (f32::NEG_INFINITY, 0u32);
        for (lane, (&score, &entry)) in self.scores.iter().zip(&self.entries).enumerate() {
            let code = entry + lane as u32;
            if score > top || (score == top && code < winner) {
                (top, winner) = (score, code);
            }
        }
        winner as u16
    }
}

/// Compares the products with a panel of entries, (rows, [`PANEL`]), with the best so far: |x - e|² is smallest where
/// x·e - |e|²/2 is largest.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn improve(dots: &[f32], half_norms: &[f32], first: u32, best: &mut [Best]) {
    let (half_norms, _) = half_norms.as_chunks::<LANES>();
    for (row, best) in dots.as_chunks::<PANEL>().0.iter().zip(best) {
        // Arrays on the stack become registers.
        let Best { mut scores, mut entries } = *best;
        for (part, (dots, half_norms)) in
            row.as_chunks::<LANES>().0.iter().zip(half_norms).enumerate()
        {
            let entry = first.wrapping_add((part * LANES) as u32);
            let mut found = [0.0; LANES];
            for i in 0..LANES {
                found[i] = dots[i] - half_norms[i];
            }
            for i in 0..LANES {
                entries[i] = if found[i] > scores[i] { entry } else { entries[i] };
            }
            for i in 0..LANES {
                scores[i] = if found[i] > scores[i] { found[i] } else { scores[i] };
            }
        }
        *best = Best { scores, entries };
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
