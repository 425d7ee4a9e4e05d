//! Cached steps of the rows of a causal stage, each twice where guidance compares with and without the text.

use syrinx_model::{Progress, RowPosition};
use syrinx_task::{NONE, Position, RowGenerator, Sequence, Stage, StepOutputs};

use crate::DecodeError;
use crate::context::{DecodeContext, RowState};
use crate::outputs::{Hidden, without_text};

/// Generates all rows position by position.
pub(crate) fn run(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [&mut RowState<'_>],
) -> Result<(), DecodeError> {
    let mut generators = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        generators.push(context.begin(stage, row.run, row.out)?);
    }
    let sequences = generators.iter().map(|generator| generator.sequence().clone()).collect();
    let mut steps = Steps::begin(context, stage, sequences)?;
    loop {
        context.check()?;
        let live: Vec<usize> = (0..generators.len())
            .filter(|&i| !generators[i].is_done() && !rows[i].cancel.is_cancelled())
            .collect();
        let Some(&first) = live.first() else { break };
        let outputs = generators[first].outputs();
        for &i in &live {
            generators[i].prepare()?;
        }
        let batch = steps.advance(&generators, &live)?.read(context, &outputs)?;
        for (at, &i) in live.iter().enumerate() {
            let (generator, row) = (&mut generators[i], &mut rows[i]);
            let outputs = StepOutputs { batch: &batch, unconditional: None, positions: at..at + 1 };
            generator.take(outputs, row.rng);
            if let (Some(stream), Some(history)) = (context.stream, generator.first_level()) {
                stream.step(context, history, row.rng);
            }
        }
    }
    for (row, generator) in rows.iter_mut().zip(generators) {
        generator.deliver(row.out);
    }
    Ok(())
}

/// Sequences that are being generated.
struct Steps<'c> {
    context: &'c DecodeContext<'c>,
    progress: Progress,
    rows: usize,
    guided: bool,
}

impl<'c> Steps<'c> {
    /// Computes the sequences before their responses.
    fn begin(
        context: &'c DecodeContext<'c>,
        stage: &Stage,
        mut sequences: Vec<Sequence>,
    ) -> Result<Self, DecodeError> {
        let (rows, guided) = (sequences.len(), context.guided(stage));
        if guided {
            let without = without_text(&sequences);
            sequences.extend(without);
        }
        Ok(Self { context, progress: context.model.begin(&sequences)?, rows, guided })
    }

    /// Computes the last position of some rows, in ascending order.
    fn advance(
        &mut self,
        generators: &[Box<dyn RowGenerator + '_>],
        live: &[usize],
    ) -> Result<Hidden<'static>, DecodeError> {
        let last = |&row: &usize| {
            let position = generators[row].sequence().positions.last()?;
            Some(RowPosition { row, position })
        };
        let with: Vec<RowPosition<'_>> = live.iter().filter_map(last).collect();
        let forget = |p: &Position| Position { here: NONE, next: NONE, ..p.clone() };
        let without: Vec<Position> = match self.guided {
            true => with.iter().map(|last| forget(last.position)).collect(),
            false => Vec::new(),
        };
        let without = with.iter().zip(&without);
        let without =
            without.map(|(last, position)| RowPosition { row: self.rows + last.row, position });
        let positions: Vec<RowPosition<'_>> = with.iter().copied().chain(without).collect();
        let values = self.context.model.advance(&mut self.progress, &positions)?; // (positions, twice if guided, dim)
        Ok(Hidden { values, sequences: &[], positions: with.len(), guided: self.guided })
    }
}
