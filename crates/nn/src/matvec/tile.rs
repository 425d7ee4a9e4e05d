//! Products of weight rows with input rows, a tile of both at a time.

use crate::lanes::{Kernel, LANES, Lanes, run, sum};

/// A stored weight.
pub(crate) trait StoredWeight: Copy {
    /// Loads weights.
    fn load<L: Lanes>(weights: &[Self; LANES]) -> L;

    fn value(self) -> f32;
}

impl StoredWeight for f32 {
    #[inline(always)]
    fn load<L: Lanes>(weights: &[Self; LANES]) -> L {
        L::load(weights)
    }

    #[inline(always)]
    fn value(self) -> f32 {
        self
    }
}

impl StoredWeight for i8 {
    #[inline(always)]
    fn load<L: Lanes>(weights: &[Self; LANES]) -> L {
        L::widen(weights)
    }

    #[inline(always)]
    fn value(self) -> f32 {
        f32::from(self)
    }
}

/// Most input rows of a group.
const GROUP: usize = 8;

/// Input rows (rows, inputs), with a copy in the order in which tiles read them: rows in groups of at most [`GROUP`], a
/// group as (chunks of [`LANES`] inputs, rows, [`LANES`]). Rows alone would often lie a power of two apart, and share a
/// few lines of the cache.
pub(super) struct InputRows<'a> {
    x: &'a [f32],
    inputs: usize,
    chunks: Vec<[f32; LANES]>,
}

impl<'a> InputRows<'a> {
    pub(super) fn new(x: &'a [f32], inputs: usize) -> Self {
        let mut chunks = Vec::new();
        if x.len() > inputs {
            chunks.reserve(x.len() / LANES);
            for group in x.chunks(GROUP * inputs) {
                for chunk in 0..inputs / LANES {
                    let rows = group.chunks_exact(inputs).map(|row| row.as_chunks().0[chunk]);
                    chunks.extend(rows);
                }
            }
        }
        Self { x, inputs, chunks }
    }

    fn count(&self) -> usize {
        self.x.len() / self.inputs
    }

    /// Returns the group that begins at a row, and the number of its rows.
    #[inline(always)]
    fn group(&self, row: usize) -> (&[[f32; LANES]], usize) {
        let (rows, chunks) = (GROUP.min(self.count() - row), self.inputs / LANES);
        (&self.chunks[row * chunks..][..rows * chunks], rows)
    }
}

/// Computes products of weight rows with all input rows; `out` (outputs, rows). Every product adds in the same order,
/// so that it depends neither on the number of rows nor on the instruction set.
pub(super) fn products_of<W: StoredWeight>(w: &[W], x: &InputRows<'_>, out: &mut [f32]) {
    run(Products { w, x, out });
}

/// Arguments of [`products_of`].
struct Products<'a, W> {
    w: &'a [W],
    x: &'a InputRows<'a>,
    out: &'a mut [f32],
}

impl<W: StoredWeight> Kernel for Products<'_, W> {
    #[inline(always)]
    fn run<L: Lanes, const WIDE: bool>(self) {
        let Self { w, x, out } = self;
        // The slice continues with the weights of the next task.
        let w = &w[..out.len() / x.count() * x.inputs];
        if x.count() == 1 {
            single::<L, W>(w, x.x, out);
        } else if WIDE {
            products::<L, W, 3, 8>(w, x, out);
        } else {
            products::<L, W, 1, 4>(w, x, out);
        }
    }
}

/// Computes products in tiles of `OUTPUTS` weight rows and at most `MOST` input rows, which fit into registers.
#[inline(always)]
fn products<L: Lanes, W: StoredWeight, const OUTPUTS: usize, const MOST: usize>(
    w: &[W],
    x: &InputRows<'_>,
    out: &mut [f32],
) {
    let (rows, inputs) = (x.count(), x.inputs);
    let whole = out.len() / rows / OUTPUTS * OUTPUTS;
    let (out, rest) = out.split_at_mut(whole * rows);
    let (w, rest_w) = w.split_at(whole * inputs);
    for (w, out) in w.chunks_exact(OUTPUTS * inputs).zip(out.chunks_exact_mut(OUTPUTS * rows)) {
        several::<L, W, OUTPUTS, MOST>(w, x, out);
    }
    for (w, out) in rest_w.chunks_exact(inputs).zip(rest.chunks_exact_mut(rows)) {
        several::<L, W, 1, MOST>(w, x, out);
    }
}

/// Computes products of weight rows with one input row. Rows are read from four places in turn, since a processor
/// prefetches several streams if they are in different pages of memory.
#[inline(always)]
fn single<L: Lanes, W: StoredWeight>(w: &[W], x: &[f32], out: &mut [f32]) {
    let (inputs, quarter) = (x.len(), out.len() / 4);
    for at in 0..quarter {
        let places = [0, 1, 2, 3].map(|part| part * quarter + at);
        let products = tile::<L, W, 4, 1>(places.map(|o| &w[o * inputs..][..inputs]), [x]);
        for (o, [product]) in places.into_iter().zip(products) {
            out[o] = product;
        }
    }
    for o in 4 * quarter..out.len() {
        [[out[o]]] = tile::<L, W, 1, 1>([&w[o * inputs..][..inputs]], [x]);
    }
}

/// Computes products of `OUTPUTS` weight rows with all input rows; `out` (outputs, rows).
#[inline(always)]
fn several<L: Lanes, W: StoredWeight, const OUTPUTS: usize, const MOST: usize>(
    w: &[W],
    x: &InputRows<'_>,
    out: &mut [f32],
) {
    let mut at = 0;
    while at < x.count() {
        let first = at / GROUP * GROUP;
        let (_, rows) = x.group(first);
        at += match first + rows - at {
            8.. if MOST >= 8 => at_rows::<L, W, OUTPUTS, 8>(w, x, out, at),
            4.. => at_rows::<L, W, OUTPUTS, 4>(w, x, out, at),
            2.. => at_rows::<L, W, OUTPUTS, 2>(w, x, out, at),
            _ => at_rows::<L, W, OUTPUTS, 1>(w, x, out, at),
        };
    }
}

/// Writes the products with `ROWS` input rows of a group from row `at` on, and returns their number.
#[inline(always)]
fn at_rows<L: Lanes, W: StoredWeight, const OUTPUTS: usize, const ROWS: usize>(
    w: &[W],
    x: &InputRows<'_>,
    out: &mut [f32],
    at: usize,
) -> usize {
    let (inputs, count) = (x.inputs, x.inputs / LANES);
    let first = at / GROUP * GROUP;
    let (group, rows) = x.group(first);
    let mut w_chunks: [&[[W; LANES]]; OUTPUTS] = [&[]; OUTPUTS];
    for o in 0..OUTPUTS {
        w_chunks[o] = &w[o * inputs..].as_chunks().0[..count];
    }
    let mut lanes = [[L::zero(); ROWS]; OUTPUTS];
    for (k, x) in group.chunks_exact(rows).enumerate().take(count) {
        let Some(x) = x[at - first..].first_chunk::<ROWS>() else { break };
        let mut w = [L::zero(); OUTPUTS];
        for o in 0..OUTPUTS {
            w[o] = W::load(&w_chunks[o][k]);
        }
        for r in 0..ROWS {
            let x = L::load(&x[r]);
            for o in 0..OUTPUTS {
                lanes[o][r] = lanes[o][r].add_product(w[o], x);
            }
        }
    }
    let all = x.count();
    for o in 0..OUTPUTS {
        let products = &mut out[o * all + at..][..ROWS];
        write_sums(&lanes[o], products);
        for (r, product) in products.iter_mut().enumerate() {
            let x = &x.x[(at + r) * inputs..][..inputs];
            let mut rest = 0.0;
            for k in count * LANES..inputs {
                rest += w[o * inputs + k].value() * x[k];
            }
            *product += rest;
        }
    }
    ROWS
}

/// Writes the sum of each register's lanes.
#[inline(always)]
fn write_sums<L: Lanes>(lanes: &[L], sums: &mut [f32]) {
    let (fours, rest) = lanes.as_chunks::<4>();
    let (sums_of_fours, rest_sums) = sums.as_chunks_mut::<4>();
    for (sums, lanes) in sums_of_fours.iter_mut().zip(fours) {
        *sums = L::sums(*lanes);
    }
    for (sums, lanes) in rest_sums.iter_mut().zip(rest) {
        *sums = sum(lanes.values());
    }
}

/// Returns the products of every weight row with every input row, (outputs, rows).
#[inline(always)]
pub(crate) fn tile<L: Lanes, W: StoredWeight, const OUTPUTS: usize, const ROWS: usize>(
    w: [&[W]; OUTPUTS],
    x: [&[f32]; ROWS],
) -> [[f32; ROWS]; OUTPUTS] {
    // Slices of equal length need a single bounds check, before the loop.
    let count = x[0].len() / LANES;
    let mut w_chunks: [&[[W; LANES]]; OUTPUTS] = [&[]; OUTPUTS];
    for o in 0..OUTPUTS {
        w_chunks[o] = &w[o].as_chunks().0[..count];
    }
    let mut x_chunks: [&[[f32; LANES]]; ROWS] = [&[]; ROWS];
    for r in 0..ROWS {
        x_chunks[r] = &x[r].as_chunks().0[..count];
    }
    let mut lanes = [[L::zero(); ROWS]; OUTPUTS];
    for k in 0..count {
        let mut w = [L::zero(); OUTPUTS];
        for o in 0..OUTPUTS {
            w[o] = W::load(&w_chunks[o][k]);
        }
        for r in 0..ROWS {
            let x = L::load(&x_chunks[r][k]);
            for o in 0..OUTPUTS {
                lanes[o][r] = lanes[o][r].add_product(w[o], x);
            }
        }
    }
    let mut products = [[0.0; ROWS]; OUTPUTS];
    for o in 0..OUTPUTS {
        for r in 0..ROWS {
            let mut rest = 0.0;
            for k in count * LANES..x[r].len() {
                rest += w[o][k].value() * x[r][k];
            }
            products[o][r] = sum(lanes[o][r].values()) + rest;
        }
    }
    products
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::tests::{made, on_all, on_portable};

    fn all<W: StoredWeight>(w: &[W], x: &[f32], inputs: usize) -> Vec<Vec<f32>> {
        let mut outs = vec![vec![0.0; x.len() / inputs * (w.len() / inputs)]; 2];
        let mut left = outs.iter_mut();
        let x = InputRows::new(x, inputs);
        let count = on_all(|| Products { w, x: &x, out: left.next().expect("two sets at most") });
        outs.truncate(count);
        outs
    }

    #[test]
    fn instruction_sets_agree_bit_for_bit() {
        for (rows, inputs, count) in [(1, 70, 9), (2, 64, 5), (7, 33, 4), (15, 96, 3)] {
            let (x, w) = (made(rows * inputs, 1), made(count * inputs, 2));
            let int8: Vec<i8> = w.iter().map(|w| (127.0 * w) as i8).collect();
            for outs in [all(&w, &x, inputs), all(&int8, &x, inputs)] {
                let same = outs.windows(2).all(|pair| pair[0] == pair[1]);
                assert!(same, "{rows} x {inputs} x {count}: {outs:?}");
            }
        }
    }

    #[test]
    fn portable_lanes_give_nearly_the_same() {
        let (x, w) = (made(5 * 70, 1), made(6 * 70, 2));
        let (mut portable, mut chosen) = (vec![0.0; 5 * 6], vec![0.0; 5 * 6]);
        let x = InputRows::new(&x, 70);
        on_portable(Products { w: &w, x: &x, out: &mut portable });
        products_of(&w, &x, &mut chosen);
        for (portable, chosen) in portable.iter().zip(&chosen) {
            assert!((portable - chosen).abs() < 1e-5, "{portable} and {chosen}");
        }
    }
}
