//! Cached steps of the rows of an AR stage, each twice where guidance compares with and without the text.

use candle_core::Tensor;
use syrinx_model::Progress;
use syrinx_task::{Content, NONE, Position, Sequence, Stage, StageRun, TokenSpace, resolve};
use syrinx_types::Codes;

use crate::DecodeError;
use crate::context::{DecodeContext, RowState};

/// A row that an AR stage predicts.
pub(crate) trait RowGenerator: Sized {
    /// Begins a row with the sequence before its response.
    fn begin(
        context: &DecodeContext<'_>,
        sequence: Sequence,
        row: &RowState<'_>,
    ) -> Result<Self, DecodeError>;

    fn sequence(&self) -> &Sequence;

    fn done(&self) -> bool;

    /// Appends the position of the next step.
    fn extend(&mut self, space: &TokenSpace);

    fn deliver(self, row: &mut RowState<'_>);
}

/// Generates all rows, step by step. `read` gets the step and its hidden states (live rows, twice with guidance, dim);
/// `append` gets, for each live row, the values read and the row's index in them.
pub(crate) fn generate_rows<W: RowGenerator, R>(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
    read: impl Fn(usize, &Tensor) -> Result<R, DecodeError>,
    append: impl Fn(&mut W, usize, &R, usize, &mut RowState<'_>),
) -> Result<(), DecodeError> {
    let space = context.model.space();
    let mut generators: Vec<W> = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        let sequence = resolve(stage, &row.run.contents, None, 0, space)?;
        row.run.check_known(sequence.encoder.aligned.len())?;
        generators.push(W::begin(context, sequence, row)?);
    }
    let mut steps = Steps::begin(context, generators.iter().map(W::sequence))?;
    for step in 0.. {
        context.check()?;
        let live: Vec<usize> = (0..generators.len())
            .filter(|&i| !generators[i].done() && !rows[i].cancel.is_cancelled())
            .collect();
        if live.is_empty() {
            break;
        }
        let next = |&i: &usize| {
            generators[i].extend(space);
            Some((i, generators[i].sequence().positions.last()?.clone()))
        };
        let positions = live.iter().filter_map(next).collect();
        let values = read(step, &steps.advance(positions)?)?;
        for (at, &i) in live.iter().enumerate() {
            append(&mut generators[i], step, &values, at, &mut rows[i]);
        }
    }
    for (row, w) in rows.iter_mut().zip(generators) {
        w.deliver(row);
    }
    Ok(())
}

/// Returns the codes of the stage's prompt, if it has one.
pub(crate) fn prompt_of(run: &StageRun) -> Option<&Codes> {
    run.contents.values().find_map(|c| if let Content::Codes(c) = c { Some(c) } else { None })
}

/// Sequences that are being generated.
struct Steps<'c> {
    context: &'c DecodeContext<'c>,
    progress: Progress,
    rows: usize,
}

impl<'c> Steps<'c> {
    /// Computes the sequences before their responses.
    fn begin<'s>(
        context: &'c DecodeContext<'c>,
        sequences: impl Iterator<Item = &'s Sequence>,
    ) -> Result<Self, DecodeError> {
        let mut sequences: Vec<Sequence> = sequences.cloned().collect();
        let rows = sequences.len();
        if context.guided() {
            let unconditional = unconditional(&sequences);
            sequences.extend(unconditional);
        }
        Ok(Self { context, progress: context.model.begin(&sequences)?, rows })
    }

    /// Runs one position of some rows, in ascending order: (positions, twice if guided, dim).
    fn advance(&mut self, mut positions: Vec<(usize, Position)>) -> Result<Tensor, DecodeError> {
        if self.context.guided() {
            let forget = |(row, p): &(usize, Position)| {
                (self.rows + row, Position { here: NONE, next: NONE, ..p.clone() })
            };
            let unconditional: Vec<(usize, Position)> = positions.iter().map(forget).collect();
            positions.extend(unconditional);
        }
        let borrowed: Vec<(usize, &Position)> = positions.iter().map(|(i, p)| (*i, p)).collect();
        Ok(self.context.model.advance(&mut self.progress, &borrowed)?)
    }
}

/// Returns the values of rows on the host.
///
/// # Errors
/// [`DecodeError::NotFinite`] for NaN or an infinity.
pub(crate) fn host_rows(values: &Tensor) -> Result<Vec<Vec<f32>>, DecodeError> {
    let rows = values.to_vec2::<f32>()?;
    if rows.iter().flatten().all(|value| value.is_finite()) {
        Ok(rows)
    } else {
        Err(DecodeError::NotFinite)
    }
}

/// Returns the sequences without their text.
pub(crate) fn unconditional(sequences: &[Sequence]) -> Vec<Sequence> {
    let mut unconditional = sequences.to_vec();
    unconditional.iter_mut().for_each(Sequence::forget_text);
    unconditional
}

impl DecodeContext<'_> {
    /// Whether every row runs twice, the second time without its text.
    pub(crate) fn guided(&self) -> bool {
        self.config.guidance != 1.0
    }

    /// Reads values of rows on the host and applies guidance: the second half of the rows ran without the text.
    pub(crate) fn read(&self, values: Tensor) -> Result<Vec<Vec<f32>>, DecodeError> {
        if !self.guided() {
            return host_rows(&values);
        }
        let (rows, weight) = (values.dim(0)? / 2, self.config.guidance);
        let (seeing, unconditional) = (values.narrow(0, 0, rows)?, values.narrow(0, rows, rows)?);
        host_rows(&((seeing * weight)? + (unconditional * (1.0 - weight))?)?)
    }
}
