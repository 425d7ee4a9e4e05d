//! Products of a weight matrix with a few rows, for decoding: every weight is read once, so that the time is bound by
//! memory.
//!
//! Weights are f32, or 8-bit integers with a scale for each row. Activations are f32. The inner loops are compiled for
//! several instruction sets, one of which is chosen at run time; all of them add in the same order.

mod tile;

use rayon::prelude::*;

pub(crate) use tile::tile;

use crate::matmul::{Mat, Panels, ProductOptions, product_with_panels};
use tile::{InputRows, products_of};

/// Largest number of input rows for which these products are used; beyond it, a general matrix product is faster.
pub(crate) const MOST_ROWS: usize = 16;
/// Smallest number of bytes of weights that a task reads.
const TASK_BYTES: usize = 64 << 10;

/// A weight matrix in 8-bit integers: `weight[o][i] ≈ scale[o] * values[o][i]`.
#[derive(Debug, Clone)]
pub struct Int8Matrix {
    values: Vec<i8>, // (outputs, inputs)
    scales: Vec<f32>,
    inputs: usize,
}

impl Int8Matrix {
    /// Quantizes a row-major matrix. The largest magnitude of each row becomes 127.
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

    /// Returns the dequantized matrix, row-major.
    pub fn dequantized(&self) -> Vec<f32> {
        let rows = self.values.chunks_exact(self.inputs.max(1)).zip(&self.scales);
        rows.flat_map(|(row, scale)| row.iter().map(move |&v| f32::from(v) * scale)).collect()
    }
}

/// Stored form of a weight matrix (outputs, inputs).
#[derive(Debug, Clone, Copy)]
pub enum WeightMatrix<'a> {
    /// 32-bit floats, row-major.
    F32(&'a [f32]),
    /// 8-bit integers.
    Int8(&'a Int8Matrix),
    /// 32-bit floats in panels, for many rows.
    Panels(&'a Panels),
}

impl WeightMatrix<'_> {
    fn bytes(&self) -> usize {
        match self {
            Self::F32(values) => size_of_val(*values),
            Self::Int8(matrix) => matrix.values.len(),
            Self::Panels(panels) => panels.depth() * panels.columns() * size_of::<f32>(),
        }
    }
}

/// `y = x Wᵀ`, or `y += x Wᵀ`: `x` (rows, inputs), `y` (rows, outputs).
pub fn product_rows(
    y: &mut [f32],
    x: &[f32],
    weights: WeightMatrix<'_>,
    inputs: usize,
    accumulate: bool,
) {
    let rows = x.len() / inputs;
    let outputs = y.len() / rows.max(1);
    if rows == 0 || outputs == 0 {
        return;
    }
    if let WeightMatrix::Panels(panels) = weights {
        let options = ProductOptions { accumulate, ..Default::default() };
        return product_with_panels(y, outputs, Mat::new(x, rows, inputs), panels, options);
    }
    let threads = rayon::current_num_threads();
    let tasks = (weights.bytes() / TASK_BYTES).clamp(1, 4 * threads);
    let step = outputs.div_ceil(tasks);
    let input_rows = InputRows::new(x, inputs);
    let one = |task: usize, mut y: Vec<&mut [f32]>| {
        let first = task * step;
        let mut products = vec![0.0; y[0].len() * rows]; // (outputs of the task, rows)
        match weights {
            WeightMatrix::F32(w) => products_of(&w[first * inputs..], &input_rows, &mut products),
            WeightMatrix::Int8(m) => {
                products_of(&m.values[first * inputs..], &input_rows, &mut products);
                for (products, scale) in products.chunks_exact_mut(rows).zip(&m.scales[first..]) {
                    products.iter_mut().for_each(|product| *product *= scale);
                }
            }
            WeightMatrix::Panels(_) => {}
        }
        for (row, y) in y.iter_mut().enumerate() {
            for (y, products) in y.iter_mut().zip(products.chunks_exact(rows)) {
                *y = products[row] + if accumulate { *y } else { 0.0 };
            }
        }
    };
    // Each task writes its own columns of every row.
    let mut columns: Vec<Vec<&mut [f32]>> = Vec::new();
    columns.resize_with(outputs.div_ceil(step), Vec::new);
    for y in y.chunks_exact_mut(outputs) {
        columns.iter_mut().zip(y.chunks_mut(step)).for_each(|(columns, part)| columns.push(part));
    }
    if columns.len() == 1 || threads == 1 {
        columns.into_iter().enumerate().for_each(|(task, y)| one(task, y));
    } else {
        columns.into_par_iter().enumerate().for_each(|(task, y)| one(task, y));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::tests::made;

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
            [(1, 256, 640), (1, 37, 5), (3, 96, 50), (8, 1024, 130), (5, 16, 1), (15, 80, 7)]
        {
            let (x, w) = (made(rows * inputs, 1), made(inputs * outputs, 2));
            let int8 = Int8Matrix::new(&w, inputs);
            let rounded = int8.dequantized();
            for (weights, w) in [(WeightMatrix::F32(&w), &w), (WeightMatrix::Int8(&int8), &rounded)]
            {
                let wanted = plain(&x, w, inputs);
                let mut y = vec![1.0; rows * outputs];
                for accumulate in [false, true] {
                    product_rows(&mut y, &x, weights, inputs, accumulate);
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
        let (x, w) = (made(15 * inputs, 4), made(inputs * outputs, 5));
        let int8 = Int8Matrix::new(&w, inputs);
        for weights in [WeightMatrix::F32(&w), WeightMatrix::Int8(&int8)] {
            let of = |x: &[f32]| {
                let mut y = vec![0.0; x.len() / inputs * outputs];
                product_rows(&mut y, x, weights, inputs, false);
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
