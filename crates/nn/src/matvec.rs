//! Products of a weight matrix with a few rows, for decoding: every weight is read once, and the time is that of the
//! reads.
//!
//! Weights are f32, or 8-bit integers with a scale a row. Activations stay f32 either way. The inner loops are compiled
//! for several instruction sets; the one to run is chosen when the program runs.

use multiversion::multiversion;
use rayon::prelude::*;

/// Values that an inner loop adds up side by side.
const LANES: usize = 16;
/// Largest number of input rows for which these products are used; beyond it, a general matrix product is faster.
pub(crate) const MOST_ROWS: usize = 16;
/// Bytes of weights that a task reads at least.
const TASK_BYTES: usize = 64 << 10;

/// A weight matrix in 8-bit integers: `weight[o][i] ≈ scale[o] * values[o][i]`.
#[derive(Debug, Clone)]
pub struct Int8Matrix {
    values: Vec<i8>, // (outputs, inputs)
    scales: Vec<f32>,
    inputs: usize,
}

impl Int8Matrix {
    /// Rounds a row-major matrix. A row's largest magnitude becomes 127.
    pub fn new(weight: &[f32], inputs: usize) -> Self {
        let rows = weight.chunks_exact(inputs.max(1));
        let mut values = Vec::with_capacity(weight.len());
        let mut scales = Vec::with_capacity(rows.len());
        for row in rows {
            let largest = row.iter().fold(0.0f32, |most, w| most.max(w.abs()));
            let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
            values.extend(row.iter().map(|w| (w / scale).round().clamp(-127.0, 127.0) as i8));
            scales.push(scale);
        }
        Self { values, scales, inputs }
    }

    /// Returns the matrix that the integers stand for, row-major.
    pub fn dequantized(&self) -> Vec<f32> {
        let rows = self.values.chunks_exact(self.inputs.max(1)).zip(&self.scales);
        rows.flat_map(|(row, scale)| row.iter().map(move |&v| f32::from(v) * scale)).collect()
    }
}

/// A weight matrix (outputs, inputs) as a product reads it.
#[derive(Debug, Clone, Copy)]
pub enum WeightMatrix<'a> {
    /// 32-bit floats, row-major.
    F32(&'a [f32]),
    /// 8-bit integers.
    Int8(&'a Int8Matrix),
}

impl WeightMatrix<'_> {
    fn bytes(&self) -> usize {
        match self {
            Self::F32(values) => size_of_val(*values),
            Self::Int8(matrix) => matrix.values.len(),
        }
    }
}

/// `y = x Wᵀ`, or `y += x Wᵀ`: `x` (rows, inputs), `y` (rows, outputs). `columns` is scratch.
pub fn product_rows(
    y: &mut [f32],
    x: &[f32],
    weights: WeightMatrix<'_>,
    inputs: usize,
    accumulate: bool,
    columns: &mut Vec<f32>,
) {
    let rows = x.len() / inputs;
    let outputs = y.len() / rows.max(1);
    if rows == 0 || outputs == 0 {
        return;
    }
    // (outputs, rows): each task writes its own stretch.
    columns.clear();
    columns.resize(outputs * rows, 0.0);
    let threads = rayon::current_num_threads();
    let tasks = (weights.bytes() / TASK_BYTES).clamp(1, 4 * threads);
    let step = outputs.div_ceil(tasks);
    let one = |first: usize, out: &mut [f32]| match weights {
        WeightMatrix::F32(w) => outputs_f32(&w[first * inputs..], x, inputs, out),
        WeightMatrix::Int8(m) => {
            outputs_int8(&m.values[first * inputs..], &m.scales[first..], x, inputs, out);
        }
    };
    if tasks == 1 || threads == 1 {
        one(0, columns);
    } else {
        columns.par_chunks_mut(step * rows).enumerate().for_each(|(i, out)| one(i * step, out));
    }
    for (row, y) in y.chunks_exact_mut(outputs).enumerate() {
        for (y, column) in y.iter_mut().zip(columns.chunks_exact(rows)) {
            *y = column[row] + if accumulate { *y } else { 0.0 };
        }
    }
}

/// A stored weight.
trait StoredWeight: Copy {
    fn value(self) -> f32;

    /// Returns weights as f32, converted into `wide` where they aren't.
    fn widened<'a>(weights: &'a [Self], wide: &'a mut [f32]) -> &'a [f32];
}

impl StoredWeight for f32 {
    #[inline(always)]
    fn value(self) -> f32 {
        self
    }

    #[inline(always)]
    fn widened<'a>(weights: &'a [Self], _: &'a mut [f32]) -> &'a [f32] {
        weights
    }
}

impl StoredWeight for i8 {
    #[inline(always)]
    fn value(self) -> f32 {
        f32::from(self)
    }

    #[inline(always)]
    fn widened<'a>(weights: &'a [Self], wide: &'a mut [f32]) -> &'a [f32] {
        wide.iter_mut().zip(weights).for_each(|(wide, &w)| *wide = f32::from(w));
        &wide[..weights.len()]
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn outputs_f32(w: &[f32], x: &[f32], inputs: usize, out: &mut [f32]) {
    outputs(w, x, inputs, out);
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx2+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn outputs_int8(w: &[i8], scales: &[f32], x: &[f32], inputs: usize, out: &mut [f32]) {
    outputs(w, x, inputs, out);
    let rows = x.len() / inputs;
    for (out, scale) in out.chunks_exact_mut(rows).zip(scales) {
        out.iter_mut().for_each(|out| *out *= scale);
    }
}

/// Products of weight rows with all input rows; `out` (outputs, rows). Every product adds in the same order, so that it
/// does not depend on the number of rows.
#[inline(always)]
fn outputs<W: StoredWeight>(w: &[W], x: &[f32], inputs: usize, out: &mut [f32]) {
    let rows = x.len() / inputs;
    // Behind the weights of this task are those of the next.
    let w = &w[..out.len() / rows * inputs];
    if rows == 1 {
        single(w, x, out);
        return;
    }
    let mut wide = vec![0.0f32; 2 * inputs];
    for (w, out) in w.chunks(2 * inputs).zip(out.chunks_mut(2 * rows)) {
        let w = W::widened(w, &mut wide);
        if w.len() == inputs {
            several([w], x, [out]);
        } else {
            let ((first, second), (above, below)) = (w.split_at(inputs), out.split_at_mut(rows));
            several([first, second], x, [above, below]);
        }
    }
}

/// Products of weight rows with one input row. Rows are read from four places by turns: a processor fetches several
/// streams ahead, if they are in different pages of memory.
#[inline(always)]
fn single<W: StoredWeight>(w: &[W], x: &[f32], out: &mut [f32]) {
    let (inputs, quarter) = (x.len(), out.len() / 4);
    for at in 0..quarter {
        let places = [0, 1, 2, 3].map(|part| part * quarter + at);
        let products = tile(places.map(|o| &w[o * inputs..][..inputs]), [x]);
        for (o, [product]) in places.into_iter().zip(products) {
            out[o] = product;
        }
    }
    for o in 4 * quarter..out.len() {
        [[out[o]]] = tile([&w[o * inputs..][..inputs]], [x]);
    }
}

/// Products of `OUTPUTS` weight rows with all input rows, two at a time.
#[inline(always)]
fn several<const OUTPUTS: usize>(w: [&[f32]; OUTPUTS], x: &[f32], mut out: [&mut [f32]; OUTPUTS]) {
    let inputs = w[0].len();
    let rows = x.len() / inputs;
    let row = |r: usize| &x[r * inputs..][..inputs];
    let mut at = 0;
    while at < rows {
        at += match rows - at {
            1 => kept(tile(w, [row(at)]), &mut out, at),
            _ => kept(tile(w, [row(at), row(at + 1)]), &mut out, at),
        };
    }
}

/// Writes products (outputs, rows) from a row on, and returns the number of rows.
#[inline(always)]
fn kept<const OUTPUTS: usize, const ROWS: usize>(
    products: [[f32; ROWS]; OUTPUTS],
    out: &mut [&mut [f32]; OUTPUTS],
    at: usize,
) -> usize {
    for (out, products) in out.iter_mut().zip(products) {
        out[at..at + ROWS].copy_from_slice(&products);
    }
    ROWS
}

/// Products of every weight row with every input row, (outputs, rows).
#[inline(always)]
fn tile<W: StoredWeight, const OUTPUTS: usize, const ROWS: usize>(
    w: [&[W]; OUTPUTS],
    x: [&[f32]; ROWS],
) -> [[f32; ROWS]; OUTPUTS] {
    // Slices of one length have one check of bounds, before the loop.
    let count = x[0].len() / LANES;
    let w_chunks = w.map(|w| &w.as_chunks::<LANES>().0[..count]);
    let x_chunks = x.map(|x| &x.as_chunks::<LANES>().0[..count]);
    let mut lanes = [[[0.0f32; LANES]; ROWS]; OUTPUTS];
    for k in 0..count {
        let x = x_chunks.map(|x| x[k]);
        for (lanes, w) in lanes.iter_mut().zip(w_chunks) {
            let w = w[k].map(W::value);
            for (lanes, x) in lanes.iter_mut().zip(x) {
                *lanes = added(*lanes, w, x);
            }
        }
    }
    let mut products = lanes.map(|lanes| lanes.map(sum));
    let done = count * LANES;
    for (products, w) in products.iter_mut().zip(w) {
        for (product, x) in products.iter_mut().zip(x) {
            let rest = w[done..].iter().zip(&x[done..]);
            *product += rest.map(|(w, x)| w.value() * x).sum::<f32>();
        }
    }
    products
}

/// Adds products to their lanes.
#[inline(always)]
fn added(mut lanes: [f32; LANES], w: [f32; LANES], x: [f32; LANES]) -> [f32; LANES] {
    for i in 0..LANES {
        lanes[i] += w[i] * x[i];
    }
    lanes
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

    /// In f64, one value at a time.
    fn plain(x: &[f32], w: &[f32], inputs: usize) -> Vec<f32> {
        let dot = |x: &[f32], w: &[f32]| -> f32 {
            x.iter().zip(w).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>() as f32
        };
        x.chunks(inputs).flat_map(|x| w.chunks(inputs).map(move |w| dot(x, w))).collect()
    }

    #[test]
    fn products_are_those_of_one_value_at_a_time() {
        for (rows, inputs, outputs) in
            [(1, 256, 640), (1, 37, 5), (3, 96, 50), (8, 1024, 130), (5, 16, 1)]
        {
            let (x, w) = (made(rows * inputs, 1), made(inputs * outputs, 2));
            let int8 = Int8Matrix::new(&w, inputs);
            let rounded = int8.dequantized();
            for (weights, w) in [(WeightMatrix::F32(&w), &w), (WeightMatrix::Int8(&int8), &rounded)]
            {
                let wanted = plain(&x, w, inputs);
                let mut y = vec![1.0; rows * outputs];
                for accumulate in [false, true] {
                    product_rows(&mut y, &x, weights, inputs, accumulate, &mut Vec::new());
                    for (y, wanted) in y.iter().zip(&wanted) {
                        let wanted = if accumulate { 2.0 * wanted } else { *wanted };
                        let near = (y - wanted).abs() < 1e-4 * (1.0 + wanted.abs());
                        assert!(near, "{rows} x {inputs} x {outputs}: {y} and {wanted}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_product_does_not_depend_on_its_neighbours() {
        let (inputs, outputs) = (77, 30);
        let (x, w) = (made(7 * inputs, 4), made(inputs * outputs, 5));
        let int8 = Int8Matrix::new(&w, inputs);
        for weights in [WeightMatrix::F32(&w), WeightMatrix::Int8(&int8)] {
            let of = |x: &[f32]| {
                let mut y = vec![0.0; x.len() / inputs * outputs];
                product_rows(&mut y, x, weights, inputs, false, &mut Vec::new());
                y
            };
            let alone: Vec<f32> = x.chunks(inputs).flat_map(of).collect();
            assert_eq!(of(&x), alone);
        }
    }

    #[test]
    fn rounding_is_within_half_a_step_of_its_row() {
        let w: Vec<f32> =
            made(4 * 64, 3).iter().enumerate().map(|(i, v)| v * (1 + i / 64) as f32).collect();
        let rounded = Int8Matrix::new(&w, 64).dequantized();
        for (row, rounded) in w.chunks(64).zip(rounded.chunks(64)) {
            let step = row.iter().fold(0.0f32, |m, v| m.max(v.abs())) / 127.0;
            let worst = row.iter().zip(rounded).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
            assert!(worst <= 0.501 * step && worst > 0.1 * step, "{worst} of {step}");
        }
        assert_eq!(Int8Matrix::new(&[0.0; 8], 4).dequantized(), [0.0; 8]);
    }
}
