//! Products of weight rows with input rows, a tile of both at a time.

#![expect(
    unsafe_code,
    reason = "functions of an instruction set are called after its check"
)]

use super::lanes::{LANES, Lanes, Portable, StoredWeight};
#[cfg(target_arch = "x86_64")]
use super::x86::{Avx2, Avx512};

/// Products of weight rows with all input rows; `out` (outputs, rows). Every product adds in the same order, so that it
/// does not depend on the number of rows, nor on the instruction set.
pub(super) fn products_of<W: StoredWeight>(w: &[W], x: &[f32], inputs: usize, out: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has these instructions.
            return unsafe { products_avx512(w, x, inputs, out) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has these instructions.
            return unsafe { products_avx2(w, x, inputs, out) };
        }
    }
    products::<Portable, W, 1, 4>(w, x, inputs, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn products_avx512<W: StoredWeight>(w: &[W], x: &[f32], inputs: usize, out: &mut [f32]) {
    products::<Avx512, W, 2, 8>(w, x, inputs, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn products_avx2<W: StoredWeight>(w: &[W], x: &[f32], inputs: usize, out: &mut [f32]) {
    products::<Avx2, W, 1, 4>(w, x, inputs, out);
}

/// Products in tiles of `OUTPUTS` weight rows and at most `MOST` input rows, as many as stay in registers.
#[inline(always)]
fn products<L: Lanes, W: StoredWeight, const OUTPUTS: usize, const MOST: usize>(
    w: &[W],
    x: &[f32],
    inputs: usize,
    out: &mut [f32],
) {
    let rows = x.len() / inputs;
    // Behind the weights of this task are those of the next.
    let w = &w[..out.len() / rows * inputs];
    if rows == 1 {
        single::<L, W>(w, x, out);
        return;
    }
    let whole = out.len() / rows / OUTPUTS * OUTPUTS;
    let (out, rest) = out.split_at_mut(whole * rows);
    let (w, rest_w) = w.split_at(whole * inputs);
    for (w, out) in w.chunks_exact(OUTPUTS * inputs).zip(out.chunks_exact_mut(OUTPUTS * rows)) {
        several::<L, W, OUTPUTS, MOST>(w, x, inputs, out);
    }
    for (w, out) in rest_w.chunks_exact(inputs).zip(rest.chunks_exact_mut(rows)) {
        several::<L, W, 1, MOST>(w, x, inputs, out);
    }
}

/// Products of weight rows with one input row. Rows are read from four places by turns: a processor fetches several
/// streams ahead, if they are in different pages of memory.
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

/// Products of `OUTPUTS` weight rows with all input rows; `out` (outputs, rows).
#[inline(always)]
fn several<L: Lanes, W: StoredWeight, const OUTPUTS: usize, const MOST: usize>(
    w: &[W],
    x: &[f32],
    inputs: usize,
    out: &mut [f32],
) {
    let rows = x.len() / inputs;
    let mut at = 0;
    while at < rows {
        at += match rows - at {
            8.. if MOST >= 8 => at_rows::<L, W, OUTPUTS, 8>(w, x, inputs, out, at),
            4.. => at_rows::<L, W, OUTPUTS, 4>(w, x, inputs, out, at),
            2.. => at_rows::<L, W, OUTPUTS, 2>(w, x, inputs, out, at),
            _ => at_rows::<L, W, OUTPUTS, 1>(w, x, inputs, out, at),
        };
    }
}

/// Writes the products with `ROWS` input rows from row `at` on, and returns their number.
#[inline(always)]
fn at_rows<L: Lanes, W: StoredWeight, const OUTPUTS: usize, const ROWS: usize>(
    w: &[W],
    x: &[f32],
    inputs: usize,
    out: &mut [f32],
    at: usize,
) -> usize {
    let rows = x.len() / inputs;
    let w = std::array::from_fn(|o| &w[o * inputs..][..inputs]);
    let x = std::array::from_fn(|r| &x[(at + r) * inputs..][..inputs]);
    let products = tile::<L, W, OUTPUTS, ROWS>(w, x);
    for (out, products) in out.chunks_exact_mut(rows).zip(products) {
        out[at..at + ROWS].copy_from_slice(&products);
    }
    ROWS
}

/// Products of every weight row with every input row, (outputs, rows). Loops in place of closures: a closure would be
/// compiled without the instruction set of its caller, and called.
#[inline(always)]
fn tile<L: Lanes, W: StoredWeight, const OUTPUTS: usize, const ROWS: usize>(
    w: [&[W]; OUTPUTS],
    x: [&[f32]; ROWS],
) -> [[f32; ROWS]; OUTPUTS] {
    // Slices of one length have one check of bounds, before the loop.
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

/// Sum of the lanes by halves: few additions wait for each other.
#[inline(always)]
fn sum(mut lanes: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
        half /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 31 + seed * 17) as f32 * 0.37).sin()).collect()
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn instruction_sets_agree_bit_for_bit() {
        if !(is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma")) {
            return;
        }
        for (rows, inputs, count) in [(1, 70, 9), (2, 64, 5), (7, 33, 4), (15, 96, 3)] {
            let (x, w) = (made(rows * inputs, 1), made(count * inputs, 2));
            let int8: Vec<i8> = w.iter().map(|w| (127.0 * w) as i8).collect();
            let (mut narrow, mut wide) = (vec![0.0; rows * count], vec![1.0; rows * count]);
            // SAFETY: AVX-512F implies AVX2, and both were checked with FMA.
            unsafe {
                products_avx2(&w, &x, inputs, &mut narrow);
                products_avx512(&w, &x, inputs, &mut wide);
                assert_eq!(narrow, wide, "{rows} x {inputs} x {count}, f32");
                products_avx2(&int8, &x, inputs, &mut narrow);
                products_avx512(&int8, &x, inputs, &mut wide);
                assert_eq!(narrow, wide, "{rows} x {inputs} x {count}, 8-bit");
            }
        }
    }

    #[test]
    fn portable_lanes_give_nearly_the_same() {
        let (x, w) = (made(5 * 70, 1), made(6 * 70, 2));
        let (mut portable, mut chosen) = (vec![0.0; 5 * 6], vec![0.0; 5 * 6]);
        products::<Portable, _, 1, 4>(&w, &x, 70, &mut portable);
        products_of(&w, &x, 70, &mut chosen);
        for (portable, chosen) in portable.iter().zip(&chosen) {
            assert!((portable - chosen).abs() < 1e-5, "{portable} and {chosen}");
        }
    }
}
