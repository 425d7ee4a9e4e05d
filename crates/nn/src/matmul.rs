//! Matrix products on slices, bounds-checked once and then handed to the `gemm` crate.

#![expect(
    unsafe_code,
    reason = "gemm takes raw pointers; the bounds are asserted before every call"
)]

mod panels;
mod tile;

use gemm::Parallelism;

pub use panels::{Panels, Part, product_with_panels, product_with_part};
pub use tile::PANEL;

/// A matrix in a slice: `rows x cols`, element (i, j) at `i * row_stride + j * col_stride`.
#[derive(Clone, Copy)]
pub struct Mat<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> Mat<'a> {
    /// Builds a row-major matrix that fills the slice.
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// Builds a row-major matrix whose rows lie `row_stride` apart.
    pub fn strided(data: &'a [f32], rows: usize, cols: usize, row_stride: usize) -> Self {
        let mat = Self { data, rows, cols, row_stride, col_stride: 1 };
        assert!(mat.needed() <= data.len(), "matrix {rows}x{cols} overruns {} values", data.len());
        mat
    }

    /// Returns the transposed view.
    pub fn t(self) -> Self {
        Self {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            ..self
        }
    }

    /// Returns the rows from `first` on, at most `count`.
    fn rows_from(self, first: usize, count: usize) -> Self {
        let data = &self.data[(first * self.row_stride).min(self.data.len())..];
        Self { data, rows: count.min(self.rows - first), ..self }
    }

    fn needed(&self) -> usize {
        if self.rows == 0 || self.cols == 0 {
            return 0;
        }
        (self.rows - 1) * self.row_stride + (self.cols - 1) * self.col_stride + 1
    }
}

/// Number of threads that a product may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// The calling thread only.
    One,
    /// All threads of the current rayon pool.
    All,
}

/// `out = scale * a b` (`accumulate` false) or `out += scale * a b`; `out` is row-major, rows `out_stride` apart.
pub fn product(
    out: &mut [f32],
    out_stride: usize,
    a: Mat<'_>,
    b: Mat<'_>,
    options: ProductOptions,
) {
    let (m, n, k) = (a.rows, b.cols, a.cols);
    assert_eq!(a.cols, b.rows, "inner sizes differ");
    assert!(a.needed() <= a.data.len() && b.needed() <= b.data.len(), "operand overrun");
    assert!(m == 0 || n == 0 || (m - 1) * out_stride + n <= out.len(), "result overrun");
    if m == 0 || n == 0 {
        return;
    }
    let parallelism = match options.threads {
        Threads::One => Parallelism::None,
        Threads::All => Parallelism::Rayon(0),
    };
    // SAFETY: all three matrices were checked to lie inside their slices, and `out` is exclusively borrowed.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            out_stride as isize,
            options.accumulate,
            a.data.as_ptr(),
            a.col_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.col_stride as isize,
            b.row_stride as isize,
            if options.accumulate { 1.0 } else { 0.0 },
            options.scale,
            false,
            false,
            false,
            parallelism,
        );
    }
}

/// Combination of the result of [`product`] with its output.
#[derive(Debug, Clone, Copy)]
pub struct ProductOptions {
    /// Factor of the product.
    pub scale: f32,
    /// Whether the product is added to the destination instead of replacing it.
    pub accumulate: bool,
    /// Threads to use.
    pub threads: Threads,
}

impl Default for ProductOptions {
    fn default() -> Self {
        Self { scale: 1.0, accumulate: false, threads: Threads::All }
    }
}

impl ProductOptions {
    /// Returns the options with a single thread.
    pub fn single(self) -> Self {
        Self { threads: Threads::One, ..self }
    }
}
