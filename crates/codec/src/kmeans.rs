//! K-means on one level's residuals.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::nearest::{Codebook, ROWS_PER_TASK};
use crate::weights::round_to_f16;

/// Lloyd's algorithm on one level's residuals.
pub(crate) struct KMeans {
    book: Codebook,
    dim: usize,
    rng: ChaCha8Rng,
}

/// Share of the mean number of vectors below which an entry is moved.
const DEAD_SHARE: f64 = 0.05;

impl KMeans {
    /// Initializes with `size` of the vectors (n, dim), drawn at random; there must be at least that many.
    pub(crate) fn new(vectors: &[f32], dim: usize, size: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let picks = rand::seq::index::sample(&mut rng, vectors.len() / dim, size);
        let entries = picks.iter().flat_map(|i| vectors[i * dim..(i + 1) * dim].to_vec()).collect();
        Self { book: Codebook::new(entries, dim), dim, rng }
    }

    /// Runs one iteration. Early iterations use a part of the vectors, since entries still move far.
    pub(crate) fn step(&mut self, vectors: &[f32], round: usize, rounds: usize) {
        let all = vectors.len() / self.dim;
        let least = (64 * self.book.size()).min(all);
        let seen = if round < rounds / 2 { (all / 4).max(least) } else { all };
        // Each iteration uses another part; the sample is in corpus order, so a stride mixes speakers.
        let stride = all / seen.max(1);
        let offset = if stride > 1 { round % stride } else { 0 };
        let part: Vec<f32>;
        let used = if stride > 1 {
            part = vectors
                .chunks_exact(self.dim)
                .skip(offset)
                .step_by(stride)
                .flatten()
                .copied()
                .collect();
            &part[..]
        } else {
            vectors
        };
        let codes = self.book.nearest(used);
        let (sums, counts) = self.sums(used, &codes);
        let mut entries = self.book.entries().to_vec();
        for ((entry, sum), &n) in
            entries.chunks_exact_mut(self.dim).zip(sums.chunks_exact(self.dim)).zip(&counts)
        {
            if n > 0 {
                entry.iter_mut().zip(sum).for_each(|(e, s)| *e = (s / n as f64) as f32);
            }
        }
        // The last iterations move no rarely used entries.
        if round + 3 < rounds {
            self.revive(&mut entries, used, &codes, &counts);
        }
        self.book = Codebook::new(entries, self.dim);
    }

    /// Returns sum and number of the vectors of every entry.
    fn sums(&self, vectors: &[f32], codes: &[u16]) -> (Vec<f64>, Vec<usize>) {
        let (size, dim) = (self.book.size(), self.dim);
        let rows = ROWS_PER_TASK * 32;
        let parts: Vec<(Vec<f32>, Vec<usize>)> = vectors
            .par_chunks(rows * dim)
            .zip(codes.par_chunks(rows))
            .map(|(vectors, codes)| {
                let (mut sums, mut counts) = (vec![0.0f32; size * dim], vec![0; size]);
                for (v, &c) in vectors.chunks_exact(dim).zip(codes) {
                    let c = usize::from(c);
                    counts[c] += 1;
                    sums[c * dim..][..dim].iter_mut().zip(v).for_each(|(s, v)| *s += v);
                }
                (sums, counts)
            })
            .collect();
        let (mut sums, mut counts) = (vec![0.0f64; size * dim], vec![0; size]);
        for (s, c) in parts {
            sums.iter_mut().zip(s).for_each(|(a, b)| *a += f64::from(b));
            counts.iter_mut().zip(c).for_each(|(a, b)| *a += b);
        }
        (sums, counts)
    }

    /// Moves rarely used entries to vectors drawn in proportion to their squared error.
    fn revive(&mut self, entries: &mut [f32], vectors: &[f32], codes: &[u16], counts: &[usize]) {
        let even = codes.len() as f64 / counts.len() as f64;
        let dead: Vec<usize> =
            (0..counts.len()).filter(|&i| (counts[i] as f64) < DEAD_SHARE * even).collect();
        if dead.is_empty() {
            return;
        }
        let errors: Vec<f64> = vectors
            .par_chunks_exact(self.dim)
            .zip(codes)
            .with_min_len(256)
            .map(|(v, &c)| {
                v.iter().zip(self.book.entry(c)).map(|(a, b)| f64::from((a - b) * (a - b))).sum()
            })
            .collect();
        let mut upto = 0.0;
        let cumulative: Vec<f64> = errors
            .iter()
            .map(|e| {
                upto += e;
                upto
            })
            .collect();
        if upto <= 0.0 {
            return;
        }
        for i in dead {
            let draw = self.rng.random_range(0.0..upto);
            let at = cumulative.partition_point(|&c| c <= draw).min(codes.len() - 1);
            entries[i * self.dim..][..self.dim]
                .copy_from_slice(&vectors[at * self.dim..][..self.dim]);
        }
    }

    /// Returns the codebook, rounded to f16.
    pub(crate) fn finish(self) -> Codebook {
        let entries = self.book.entries().iter().map(|&v| round_to_f16(v)).collect();
        Codebook::new(entries, self.dim)
    }
}
