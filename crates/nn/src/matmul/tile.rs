//! Products of a few rows with a panel of columns, whose sums stay in registers.

use super::ProductOptions;
use crate::lanes::{Kernel, LANES, Lanes};

/// Columns of a panel.
pub const PANEL: usize = 2 * LANES;

/// Destination of a panel's products: some columns of row-major rows that lie `stride` apart.
pub(super) struct Destination<'a> {
    pub(super) values: &'a mut [f32],
    pub(super) stride: usize,
    pub(super) rows: usize,
    /// First column, and the number of columns, at most [`PANEL`].
    pub(super) column: usize,
    pub(super) columns: usize,
    pub(super) options: ProductOptions,
}

/// Work on one panel: rows of contiguous values, `stride` apart, times `right`, (depth, [`PANEL`]).
pub(super) struct Panel<'a> {
    pub(super) left: &'a [f32],
    pub(super) stride: usize,
    pub(super) right: &'a [[f32; PANEL]],
    pub(super) out: Destination<'a>,
}

impl Kernel for Panel<'_> {
    #[inline(always)]
    fn run<L: Lanes, const WIDE: bool>(mut self) {
        let mut row = 0;
        while row < self.out.rows {
            row += match (self.out.rows - row, WIDE) {
                (12.., true) => self.at::<L, 12, WIDE>(row),
                (8.., true) => self.at::<L, 8, WIDE>(row),
                (6.., false) => self.at::<L, 6, WIDE>(row),
                (4.., _) => self.at::<L, 4, WIDE>(row),
                (2.., _) => self.at::<L, 2, WIDE>(row),
                _ => self.at::<L, 1, WIDE>(row),
            };
        }
    }
}

impl Panel<'_> {
    /// Computes `ROWS` rows from `row` on, and returns their number. Where there are enough registers, all columns are
    /// computed together.
    #[inline(always)]
    fn at<L: Lanes, const ROWS: usize, const WIDE: bool>(&mut self, row: usize) -> usize {
        let mut rows: [&[f32]; ROWS] = [&[]; ROWS];
        for (r, slice) in rows.iter_mut().enumerate() {
            *slice = &self.left[(row + r) * self.stride..][..self.right.len()];
        }
        let both = self.out.columns > LANES;
        if WIDE && both {
            self.out.put(row, 0, sums::<L, ROWS, 2, 0>(rows, self.right));
            return ROWS;
        }
        self.out.put(row, 0, sums::<L, ROWS, 1, 0>(rows, self.right));
        if both {
            self.out.put(row, LANES, sums::<L, ROWS, 1, 1>(rows, self.right));
        }
        ROWS
    }
}

/// Returns the sums over the depth, one product after the other, for `REGISTERS` times [`LANES`] columns from `FIRST`
/// times [`LANES`] on.
#[inline(always)]
fn sums<L: Lanes, const ROWS: usize, const REGISTERS: usize, const FIRST: usize>(
    rows: [&[f32]; ROWS],
    right: &[[f32; PANEL]],
) -> [[L; REGISTERS]; ROWS] {
    let mut sums = [[L::zero(); REGISTERS]; ROWS];
    for (at, right) in right.iter().enumerate() {
        let (right, _) = right.as_chunks::<LANES>();
        let mut columns = [L::zero(); REGISTERS];
        for c in 0..REGISTERS {
            columns[c] = L::load(&right[FIRST + c]);
        }
        for r in 0..ROWS {
            let value = L::splat(rows[r][at]);
            for c in 0..REGISTERS {
                sums[r][c] = sums[r][c].add_product(columns[c], value);
            }
        }
    }
    sums
}

impl Destination<'_> {
    /// Writes the sums of the rows from `row` on and of the columns from `first` on.
    #[inline(always)]
    fn put<L: Lanes, const ROWS: usize, const REGISTERS: usize>(
        &mut self,
        row: usize,
        first: usize,
        sums: [[L; REGISTERS]; ROWS],
    ) {
        let ProductOptions { scale, accumulate, .. } = self.options;
        let scale = L::splat(scale);
        for (r, sums) in sums.into_iter().enumerate() {
            let begin = (row + r) * self.stride + self.column;
            let out = &mut self.values[begin..begin + self.columns];
            for (c, sums) in sums.into_iter().enumerate() {
                let out = &mut out[first + c * LANES..];
                if let Some(out) = out.first_chunk_mut::<LANES>() {
                    let before = if accumulate { L::load(out) } else { L::zero() };
                    *out = before.add_product(sums, scale).values();
                } else {
                    let mut values = [0.0; LANES];
                    if accumulate {
                        values[..out.len()].copy_from_slice(out);
                    }
                    let values = L::load(&values).add_product(sums, scale).values();
                    out.copy_from_slice(&values[..out.len()]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Threads;
    use super::*;
    use crate::lanes::tests::{made, on_all, on_portable};

    #[test]
    fn instruction_sets_agree() {
        let (rows, depth) = (33, 70);
        let left = made(rows * depth, 1);
        let right: Vec<[f32; PANEL]> = made(depth * PANEL, 2).as_chunks::<PANEL>().0.to_vec();
        for columns in [PANEL, LANES, 23, 5] {
            let options = ProductOptions { threads: Threads::One, ..Default::default() };
            let mut outs = vec![vec![0.0; rows * columns]; 3];
            let (portable, others) = outs.split_first_mut().unwrap();
            let panel = |values| {
                let out =
                    Destination { values, stride: columns, rows, column: 0, columns, options };
                Panel { left: &left, stride: depth, right: &right, out }
            };
            on_portable(panel(portable));
            let mut left = others.iter_mut();
            let count = on_all(|| panel(left.next().expect("two sets at most")));
            outs.truncate(count + 1);
            assert!(outs[1..].windows(2).all(|pair| pair[0] == pair[1]), "{columns} columns");
            for (portable, out) in outs[0].iter().zip(&outs[1]) {
                assert!((portable - out).abs() < 1e-5, "{columns} columns: {portable}, {out}");
            }
        }
    }
}
