//! Cached steps of the rows of an AR stage, each twice where guidance compares with and without the text.

use candle_core::Tensor;
use syrinx_model::Progress;
use syrinx_task::{NONE, Position, Sequence};

use crate::DecodeError;
use crate::generate::Context;

/// Sequences that are being written.
pub(crate) struct Steps<'c> {
    context: &'c Context<'c>,
    progress: Progress,
    rows: usize,
}

impl<'c> Steps<'c> {
    /// Computes what stands in the sequences so far.
    pub(crate) fn begin<'s>(
        context: &'c Context<'c>,
        sequences: impl Iterator<Item = &'s Sequence>,
    ) -> Result<Self, DecodeError> {
        let mut sequences: Vec<Sequence> = sequences.cloned().collect();
        let rows = sequences.len();
        if context.guided() {
            let blind = blind(&sequences);
            sequences.extend(blind);
        }
        Ok(Self { context, progress: context.model.begin(&sequences)?, rows })
    }

    /// Runs one position of some rows, in ascending order: (positions, twice if guided, dim).
    pub(crate) fn advance(
        &mut self,
        mut positions: Vec<(usize, Position)>,
    ) -> Result<Tensor, DecodeError> {
        if self.context.guided() {
            let forget = |(row, p): &(usize, Position)| {
                (self.rows + row, Position { here: NONE, next: NONE, ..p.clone() })
            };
            let blind: Vec<(usize, Position)> = positions.iter().map(forget).collect();
            positions.extend(blind);
        }
        let borrowed: Vec<(usize, &Position)> = positions.iter().map(|(i, p)| (*i, p)).collect();
        Ok(self.context.model.advance(&mut self.progress, &borrowed)?)
    }
}

/// The sequences without their text.
pub(crate) fn blind(sequences: &[Sequence]) -> Vec<Sequence> {
    let mut blind = sequences.to_vec();
    blind.iter_mut().for_each(Sequence::forget_text);
    blind
}

impl Context<'_> {
    /// Whether every row runs twice, the second time without its text.
    pub(crate) fn guided(&self) -> bool {
        self.config.guidance != 1.0
    }

    /// What was read out of rows on the host, guidance applied: the second half of them ran without the text.
    pub(crate) fn read(&self, values: Tensor) -> Result<Vec<Vec<f32>>, DecodeError> {
        if !self.guided() {
            return Ok(values.to_vec2()?);
        }
        let (rows, weight) = (values.dim(0)? / 2, self.config.guidance);
        let (seeing, blind) = (values.narrow(0, 0, rows)?, values.narrow(0, rows, rows)?);
        Ok(((seeing * weight)? + (blind * (1.0 - weight))?)?.to_vec2()?)
    }
}
