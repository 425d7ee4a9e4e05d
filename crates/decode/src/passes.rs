//! Passes over all response positions of the rows of a stage in place.

use syrinx_task::{HeadOutput, OutputRows, Sequence, Stage, StepOutputs};

use crate::DecodeError;
use crate::context::{DecodeContext, RowState};
use crate::outputs::{Hidden, without_text};

/// Runs the passes of a stage over some rows. A cancelled row has no codes.
pub(crate) fn run(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [&mut RowState<'_>],
) -> Result<(), DecodeError> {
    let mut generators = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        generators.push(context.begin(stage, row.run, row.out)?);
    }
    loop {
        context.check()?;
        let live: Vec<usize> = (0..generators.len())
            .filter(|&i| !generators[i].is_done() && !rows[i].cancel.is_cancelled())
            .collect();
        let Some(&first) = live.first() else { break };
        let outputs = generators[first].outputs();
        let (mut sequences, mut unconditional) = (Vec::new(), Vec::new());
        for &i in &live {
            generators[i].prepare()?;
            sequences.push(generators[i].sequence().clone());
            unconditional.extend(generators[i].unconditional().cloned());
        }
        let counts: Vec<usize> = sequences.iter().map(|s| s.len() - s.response_start).collect();
        let guided = context.guided(stage);
        let batch = pass(context, sequences, guided, &outputs)?;
        let unconditional = match unconditional.is_empty() {
            true => None,
            false => Some(pass(context, unconditional, false, &outputs)?),
        };
        let mut start = 0;
        for (&i, count) in live.iter().zip(counts) {
            let (unconditional, positions) = (unconditional.as_ref(), start..start + count);
            let outputs = StepOutputs { batch: &batch, unconditional, positions };
            generators[i].take(outputs, rows[i].rng);
            start += count;
        }
    }
    for (row, generator) in rows.iter_mut().zip(generators) {
        match row.cancel.is_cancelled() {
            true => row.out.codes = None,
            false => generator.deliver(row.out),
        }
    }
    Ok(())
}

/// Computes outputs at the response positions of some sequences.
fn pass(
    context: &DecodeContext<'_>,
    mut sequences: Vec<Sequence>,
    guided: bool,
    outputs: &[HeadOutput],
) -> Result<OutputRows, DecodeError> {
    let positions = sequences.iter().map(|s| s.len() - s.response_start).sum();
    if guided {
        let without = without_text(&sequences);
        sequences.extend(without);
    }
    let values = context.model.response_rows(&sequences)?; // (positions, twice if guided, dim)
    Hidden { values, sequences: &sequences, positions, guided }.read(context, outputs)
}
