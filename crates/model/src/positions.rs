//! Positions of a batch with their rows.

use syrinx_task::{Position, Sequence};

/// One position of a row of a batch.
#[derive(Debug, Clone, Copy)]
pub struct RowPosition<'a> {
    /// Index of the row, which is a sequence of the batch.
    pub row: usize,
    /// The position.
    pub position: &'a Position,
}

impl<'a> RowPosition<'a> {
    /// Returns all positions of a batch, sequence by sequence.
    pub(crate) fn all(sequences: &'a [Sequence]) -> Vec<Self> {
        let positions = |(row, sequence): (usize, &'a Sequence)| {
            sequence.positions.iter().map(move |position| Self { row, position })
        };
        sequences.iter().enumerate().flat_map(positions).collect()
    }
}
