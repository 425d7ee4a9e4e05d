//! The number of frames of a response in place, digit by digit.

use syrinx_task::{Position, Stage, VALL_E_LENGTH_TOKENS, resolve};

use crate::context::{DecodeContext, RowState};
use crate::steps::host_rows;
use crate::{DecodeError, SamplerConfig, draw};

/// Digits of the longest length.
const MOST_DIGITS: usize = 10;

/// Predicts the likeliest digits, base 10, after a first 0 that the model was trained with.
pub(crate) fn run(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
) -> Result<(), DecodeError> {
    let (model, space) = (context.model, context.model.space());
    let start = stage.vall_e.map_or(0, |layout| layout.length_start());
    for row in rows {
        let mut sequence = resolve(stage, &row.run.contents, None, 0, space)?;
        let mut progress = model.begin(std::slice::from_ref(&sequence))?;
        let (mut digit, mut length) = (0u32, 0usize);
        for _ in 0..MOST_DIGITS {
            context.check()?;
            sequence.extend_text(space, Some(start as u32 + digit));
            let last: Vec<(usize, &Position)> =
                sequence.positions.last().map(|p| (0, p)).into_iter().collect();
            let h = model.advance(&mut progress, &last)?; // (1, dim)
            let logits = model.text_logits(&h)?.narrow(1, start, VALL_E_LENGTH_TOKENS)?;
            let logits = host_rows(&logits)?.remove(0);
            digit = draw(&logits, &[], &SamplerConfig::greedy(), None, row.rng).token;
            if digit as usize == VALL_E_LENGTH_TOKENS - 1 {
                break;
            }
            length = length.saturating_mul(10).saturating_add(digit as usize);
        }
        row.out.length = Some(length);
    }
    Ok(())
}
