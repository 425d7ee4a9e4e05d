//! The AR over text.

use syrinx_task::{Position, Sequence, Stage, resolve};

use crate::context::{DecodeContext, RowState};
use crate::{DecodeError, draw, steps};

pub(crate) fn run(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
) -> Result<(), DecodeError> {
    let (model, space) = (context.model, context.model.space());
    let mut sequences: Vec<Sequence> = rows
        .iter()
        .map(|r| resolve(stage, &r.run.contents, None, 0, space))
        .collect::<Result<_, _>>()?;
    let mut progress = model.begin(&sequences)?;
    let mut history: Vec<Vec<u32>> = vec![Vec::new(); rows.len()];
    let mut live: Vec<usize> = (0..rows.len()).filter(|&i| rows[i].run.limit > 0).collect();
    while !live.is_empty() {
        context.check()?;
        for &i in &live {
            sequences[i].extend_text(space, history[i].last().copied());
        }
        let positions: Vec<(usize, &Position)> =
            live.iter().filter_map(|&i| Some((i, sequences[i].positions.last()?))).collect();
        let h = model.advance(&mut progress, &positions)?; // (live rows, dim)
        let logits = model.text_logits(&h)?; // (live rows, text tokens)
        // A published model transcribes phones, the first of its text tokens.
        let logits = match stage.vall_e {
            Some(layout) => logits.narrow(1, 0, layout.phones)?,
            None => logits,
        };
        let logits = steps::host_rows(&logits)?;
        let mut still = Vec::with_capacity(live.len());
        for (&i, logits) in live.iter().zip(&logits) {
            let row = &mut rows[i];
            let drawn = draw(logits, &history[i], &context.config.text, None, row.rng);
            row.out.score += drawn.log_prob;
            if drawn.token == space.text_end {
                row.out.finished = true;
                continue;
            }
            history[i].push(drawn.token);
            if history[i].len() < row.run.limit {
                still.push(i);
            }
        }
        live = still;
    }
    for (row, text) in rows.iter_mut().zip(history) {
        row.out.score /= (text.len() + 1) as f64;
        row.out.text = text;
    }
    Ok(())
}
