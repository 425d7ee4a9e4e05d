//! Products with a right operand that was copied into panels of columns before: its products with a few rows stay in
//! registers, and nothing is copied in a product. Sums are those of [`super::product`] up to a depth of 512: one product
//! after the other, each rounded once.

use std::ops::Range;

use rayon::prelude::*;

use super::tile::{Destination, PANEL, Panel};
use super::{Mat, ProductOptions, Threads};
use crate::lanes::run;

/// Fewest and most rows of a task: enough to read panels rarely, and few enough for a core's cache.
const FEWEST_ROWS: usize = 24;
const MOST_ROWS: usize = 96;

/// A matrix (depth, columns) as the right operand of products.
#[derive(Debug, Clone, Default)]
pub struct Panels {
    values: Vec<[f32; PANEL]>, // (panels, depth), zeros beyond the last column
    depth: usize,
    columns: usize,
}

impl Panels {
    /// Copies a matrix.
    pub fn new(right: Mat<'_>) -> Self {
        let mut panels = Self::default();
        panels.refill(right, Threads::One);
        panels
    }

    /// Replaces the content by a matrix, in the memory that is already there.
    pub(crate) fn refill(&mut self, right: Mat<'_>, threads: Threads) {
        let (depth, columns) = (right.rows, right.cols);
        (self.depth, self.columns) = (depth, columns);
        self.values.resize(columns.div_ceil(PANEL) * depth, [0.0; PANEL]);
        let panels = depth.max(1);
        match threads {
            Threads::One => {
                let panels = self.values.chunks_exact_mut(panels).enumerate();
                panels.for_each(|(i, panel)| copy_panel(panel, right, i * PANEL));
            }
            Threads::All => {
                let panels = self.values.par_chunks_exact_mut(panels).enumerate();
                panels.for_each(|(i, panel)| copy_panel(panel, right, i * PANEL));
            }
        }
    }

    /// Returns the panels of columns from a multiple of [`PANEL`] on, with their columns.
    fn after(&self, first: usize) -> impl Iterator<Item = (&[[f32; PANEL]], usize)> {
        let panels = self.values.chunks_exact(self.depth.max(1)).enumerate();
        panels.skip(first / PANEL).map(|(i, panel)| (panel, PANEL.min(self.columns - i * PANEL)))
    }

    /// Returns the number of rows of the matrix.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Returns the number of columns of the matrix.
    pub fn columns(&self) -> usize {
        self.columns
    }
}

/// Copies the columns from `first` on.
fn copy_panel(panel: &mut [[f32; PANEL]], right: Mat<'_>, first: usize) {
    let width = PANEL.min(right.cols - first);
    if width < PANEL {
        panel.fill([0.0; PANEL]);
    }
    if right.col_stride == 1 {
        for (at, row) in panel.iter_mut().enumerate() {
            row[..width].copy_from_slice(&right.data[at * right.row_stride + first..][..width]);
        }
        return;
    }
    // Columns of a transposed matrix are contiguous.
    debug_assert_eq!(right.row_stride, 1);
    for at in 0..width {
        let source = &right.data[(first + at) * right.col_stride..];
        panel.iter_mut().zip(source).for_each(|(row, source)| row[at] = *source);
    }
}

/// Computes [`super::product`] with a right operand in panels. Rows of `a` are contiguous.
pub fn product_with_panels(
    out: &mut [f32],
    out_stride: usize,
    a: Mat<'_>,
    b: &Panels,
    options: ProductOptions,
) {
    assert!(a.cols == b.depth && a.col_stride == 1, "the left operand doesn't fit the panels");
    assert!(a.needed() <= a.data.len(), "operand overrun");
    if a.rows == 0 || b.columns == 0 {
        return;
    }
    assert!((a.rows - 1) * out_stride + b.columns <= out.len(), "result overrun");
    let threads = match options.threads {
        Threads::One => 1,
        Threads::All => rayon::current_num_threads(),
    };
    let most = a.rows.div_ceil(threads).next_multiple_of(4).clamp(FEWEST_ROWS, MOST_ROWS);
    let one = |task: usize, out: &mut [f32]| {
        let a = a.rows_from(task * most, most);
        let part = Part { columns: 0..b.columns, depth: 0..b.depth };
        product_with_part(out, out_stride, a, b, part, options);
    };
    let (step, tasks) = (most * out_stride, a.rows.div_ceil(most));
    if threads > 1 && tasks > 1 {
        out.par_chunks_mut(step).take(tasks).enumerate().for_each(|(task, out)| one(task, out));
    } else {
        out.chunks_mut(step).take(tasks).enumerate().for_each(|(task, out)| one(task, out));
    }
}

/// A part of a matrix in panels.
#[derive(Debug, Clone)]
pub struct Part {
    /// Columns, from a multiple of [`PANEL`] on.
    pub columns: Range<usize>,
    /// Rows.
    pub depth: Range<usize>,
}

/// Computes the product of `a` with a part of `b`, on the calling thread. Rows of `a` are contiguous.
pub fn product_with_part(
    out: &mut [f32],
    out_stride: usize,
    a: Mat<'_>,
    b: &Panels,
    part: Part,
    options: ProductOptions,
) {
    let Part { columns, depth } = part;
    let fits = a.cols == depth.len() && a.col_stride == 1;
    assert!(fits && columns.start.is_multiple_of(PANEL), "the part doesn't fit its product");
    for (i, (panel, width)) in b.after(columns.start).enumerate() {
        let column = i * PANEL;
        if column >= columns.len() {
            break;
        }
        let out = Destination {
            values: &mut *out,
            stride: out_stride,
            rows: a.rows,
            column,
            columns: width.min(columns.len() - column),
            options,
        };
        run(Panel { left: a.data, stride: a.row_stride, right: &panel[depth.clone()], out });
    }
}

#[cfg(test)]
mod tests {
    use super::super::product;
    use super::*;
    use crate::lanes::tests::made;

    /// In f64, one value at a time; `b` is (columns, depth).
    fn plain(a: &[f32], b: &[f32], depth: usize) -> Vec<f64> {
        let dot = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        a.chunks(depth).flat_map(|a| b.chunks(depth).map(move |b| dot(a, b))).collect()
    }

    #[test]
    fn products_are_those_of_one_value_at_a_time() {
        for (rows, depth, columns) in
            [(1, 5, 3), (64, 246, 256), (13, 70, 40), (200, 33, 97), (30, 16, 16), (7, 1, 65)]
        {
            let (a, b) = (made(rows * depth, 1), made(depth * columns, 2));
            let panels = Panels::new(Mat::new(&b, columns, depth).t());
            let wanted = plain(&a, &b, depth);
            let mut out = vec![1.0; rows * columns];
            for accumulate in [false, true] {
                let options = ProductOptions { accumulate, scale: 0.5, ..Default::default() };
                let a = Mat::new(&a, rows, depth);
                product_with_panels(&mut out, columns, a, &panels, options);
                for (out, wanted) in out.iter().zip(&wanted) {
                    let wanted = if accumulate { *wanted } else { 0.5 * wanted };
                    let near = (f64::from(*out) - wanted).abs() < 1e-4 * (1.0 + wanted.abs());
                    assert!(near, "{rows} x {depth} x {columns}: {out} and {wanted}");
                }
            }
        }
    }

    #[test]
    fn strided_results_keep_what_is_between_them() {
        let (rows, depth, columns, stride) = (19, 24, 33, 50);
        let (a, b) = (made(rows * depth, 1), made(depth * columns, 2));
        let options = ProductOptions::default().single();
        let (mut own, mut general) = (vec![7.0; rows * stride], vec![7.0; rows * stride]);
        let (a, b) = (Mat::new(&a, rows, depth), Mat::new(&b, depth, columns));
        product_with_panels(&mut own, stride, a, &Panels::new(b), options);
        product(&mut general, stride, a, b, options);
        for (own, general) in own.iter().zip(&general) {
            assert!((own - general).abs() < 1e-5, "{own} and {general}");
        }
    }
}
