//! The AR over text: generation, and scores of responses that are known.

use candle_core::Tensor;
use syrinx_task::{Position, Response, Sequence, Stage, resolve};

use crate::context::{DecodeContext, RowState};
use crate::{DecodeError, draw, log_softmax, steps};

pub(crate) fn run(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
) -> Result<(), DecodeError> {
    let (mut known, mut open): (Vec<_>, Vec<_>) =
        rows.iter_mut().partition(|row| row.run.text.is_some());
    score(context, stage, &mut known)?;
    generate(context, stage, &mut open)
}

/// Returns the logits of the next text token on the host, a vector a row.
fn logits_of(
    context: &DecodeContext<'_>,
    stage: &Stage,
    h: &Tensor, // (rows, dim)
) -> Result<Vec<Vec<f32>>, DecodeError> {
    let logits = context.model.text_logits(h)?; // (rows, text tokens)
    // A published model transcribes phones, the first of its text tokens.
    let logits = match stage.vall_e {
        Some(layout) => logits.narrow(1, 0, layout.phones)?,
        None => logits,
    };
    steps::host_rows(&logits)
}

/// Scores rows whose response is known: one pass over all positions (teacher forcing).
fn score(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [&mut RowState<'_>],
) -> Result<(), DecodeError> {
    if rows.is_empty() {
        return Ok(());
    }
    context.check()?;
    let (model, space) = (context.model, context.model.space());
    let texts: Vec<Vec<u32>> =
        rows.iter().map(|row| row.run.text.clone().unwrap_or_default()).collect();
    let sequence = |(row, text): (&&mut RowState<'_>, &Vec<u32>)| {
        resolve(stage, &row.run.contents, Some(&Response::Text(text.clone())), 0, space)
    };
    let sequences: Vec<Sequence> =
        rows.iter().zip(&texts).map(sequence).collect::<Result<_, _>>()?;
    let h = model.response_rows(&sequences)?; // (positions of the responses, dim)
    let mut logits = logits_of(context, stage, &h)?.into_iter();
    for ((row, text), sequence) in rows.iter_mut().zip(texts).zip(&sequences) {
        let steps = logits.by_ref().take(sequence.len() - sequence.response_start);
        let tokens = text.iter().chain([&space.text_end]);
        let log_prob = |(logits, &token): (Vec<f32>, &u32)| {
            log_softmax(&logits).get(token as usize).copied().map_or(f64::NEG_INFINITY, f64::from)
        };
        let sum: f64 = steps.zip(tokens).map(log_prob).sum();
        row.out.score = sum / (text.len() + 1) as f64;
        row.out.text = text;
        row.out.finished = true;
    }
    Ok(())
}

fn generate(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [&mut RowState<'_>],
) -> Result<(), DecodeError> {
    if rows.is_empty() {
        return Ok(());
    }
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
        let logits = logits_of(context, stage, &h)?;
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
