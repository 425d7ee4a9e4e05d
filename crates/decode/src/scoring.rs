//! Scores of text responses that are known.

use syrinx_task::{Response, Sequence, Stage, log_softmax, resolve};

use crate::DecodeError;
use crate::context::{DecodeContext, RowState};
use crate::outputs::host_rows;

/// Scores rows whose response is known: one pass over all positions (teacher forcing).
pub(crate) fn run(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [&mut RowState<'_>],
) -> Result<(), DecodeError> {
    context.check()?;
    let (model, space) = (context.model, context.model.space());
    let texts: Vec<Vec<u32>> =
        rows.iter().map(|row| row.run.text.clone().unwrap_or_default()).collect();
    let sequence = |(row, text): (&&mut RowState<'_>, &Vec<u32>)| {
        resolve(stage, &row.run.contents, Some(&Response::Text(text.clone())), 0, space)
    };
    let sequences: Vec<Sequence> =
        rows.iter().zip(&texts).map(sequence).collect::<Result<_, _>>()?;
    let target = sequences.iter().find_map(|sequence| sequence.targets.first());
    let Some(output) = target.map(|target| target.output) else { return Ok(()) };
    let h = model.response_rows(&sequences)?; // (positions of the responses, dim)
    let Some(logits) = model.output(&h, &sequences, output)? else { return Ok(()) };
    let mut logits = host_rows(&logits)?.into_iter(); // (positions of the responses, text tokens)
    for ((row, text), sequence) in rows.iter_mut().zip(texts).zip(&sequences) {
        let steps = logits.by_ref().take(sequence.len() - sequence.response_start);
        let tokens = text.iter().chain([&space.text_end]);
        let log_prob = |(logits, &token): (Vec<f32>, &u32)| {
            let log_probs = log_softmax(stage.text_logits(&logits));
            log_probs.get(token as usize).copied().map_or(f64::NEG_INFINITY, f64::from)
        };
        let sum: f64 = steps.zip(tokens).map(log_prob).sum();
        row.out.score = sum / (text.len() + 1) as f64;
        row.out.text = text;
        row.out.finished = true;
    }
    Ok(())
}
