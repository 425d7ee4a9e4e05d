//! Passes of the NAR: one for each predicted level; the levels between are quantized from the predicted residual.

use syrinx_task::{Response, Sequence, Stage, resolve};
use syrinx_types::Codes;

use crate::context::{DecodeContext, RowState};
use crate::rounding::{round, subtract_entry};
use crate::{DecodeError, draw, steps};

/// Largest number of rows in a forward pass. More rows gain little speed, and a cancelled run ends only between passes.
const ROWS_TOGETHER: usize = 2;

/// Runs one pass for each predicted level, over all frames of the rows.
pub(crate) fn passes_over(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
) -> Result<(), DecodeError> {
    rows.chunks_mut(ROWS_TOGETHER).try_for_each(|rows| passes(context, stage, rows))
}

fn passes(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
) -> Result<(), DecodeError> {
    let (model, space) = (context.model, context.model.space());
    let asked = context.config.nar.passes.iter().map(|l| l - 1).filter(|&l| l < space.levels);
    // Only models that were trained to predict residuals can quantize them.
    let passes: Vec<usize> = match model.config().residual_weight > 0.0 {
        true => asked.collect(),
        false => (1..space.levels).collect(),
    };
    for (i, &level) in passes.iter().enumerate() {
        context.check()?;
        for row in rows.iter_mut().filter(|row| row.cancel.is_cancelled()) {
            row.out.codes = None;
        }
        let until = passes.get(i + 1).copied().unwrap_or(space.levels);
        let mut sequences: Vec<Sequence> = Vec::with_capacity(rows.len());
        for row in rows.iter() {
            let Some(codes) = row.out.codes.as_ref().filter(|c| !c.is_empty()) else { continue };
            let response = Response::Codes {
                codes: codes.first_levels(level),
                pointer: row.out.pointer.clone(),
            };
            sequences.push(resolve(stage, &row.run.contents, Some(&response), level, space)?);
        }
        if sequences.is_empty() {
            return Ok(());
        }
        let h = model.response_rows(&sequences)?; // (frames of all rows, dim)
        let logits = steps::host_rows(&model.level_logits(&h, level)?)?; // (frames, codes)
        let residual = if until > level + 1 {
            steps::host_rows(&model.residual(&h, level)?)?
        } else {
            Vec::new()
        };
        let mut at = 0;
        for row in rows.iter_mut() {
            let Some(codes) = row.out.codes.take() else { continue };
            let frames = codes.frames();
            let mut values = Vec::with_capacity(frames * until);
            for frame in 0..frames {
                if let Some(known) = known(row.run.given.as_ref(), frame, until) {
                    values.extend_from_slice(known);
                    continue;
                }
                values.extend_from_slice(&codes.frame(frame)[..level]);
                let drawn =
                    draw(&logits[at + frame], &[], &context.config.nar.sampler, None, row.rng);
                values.push(drawn.token as u16);
                if let Some(mut left) = residual.get(at + frame).cloned() {
                    subtract_entry(model, &mut left, level, drawn.token as u16);
                    round(model, left, level + 1..until, &mut values);
                }
            }
            at += frames;
            row.out.codes = Codes::new(until, values).ok();
        }
    }
    Ok(())
}

/// Returns the first `until` codes of a frame, where they are given.
fn known(given: Option<&Codes>, frame: usize, until: usize) -> Option<&[u16]> {
    let given = given.filter(|g| frame < g.frames())?;
    given.frame(frame).get(..until)
}
