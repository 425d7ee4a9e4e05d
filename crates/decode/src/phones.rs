//! Phone scores of every part of every frame.

use syrinx_task::{FrameScores, Head, Stage, resolve};

use crate::context::{DecodeContext, RowState};
use crate::{DecodeError, log_softmax, steps};

pub(crate) fn run(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
) -> Result<(), DecodeError> {
    let Head::Phones { per_frame } = stage.head else { return Ok(()) };
    let (model, space) = (context.model, context.model.space());
    for row in rows {
        context.check()?;
        let sequence = resolve(stage, &row.run.contents, None, 0, space)?;
        let h = model.response_rows(&[sequence])?; // (frames, dim)
        let logits = steps::host_rows(&model.phone_logits(&h)?)?; // (frames * labels, phones)
        row.out.phones = Some(FrameScores {
            log_probs: logits.iter().flat_map(|l| log_softmax(l)).collect(),
            labels: space.phones,
            rate_hz: space.frame_rate_hz * per_frame as f64,
        });
        row.out.finished = true;
    }
    Ok(())
}
