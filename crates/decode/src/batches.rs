//! Batches of rows of a stage.

use syrinx_task::Stage;

use crate::context::{DecodeContext, RowState};
use crate::{DecodeError, passes, scoring, steps};

/// Generates the response of a stage for some rows, in batches of the size that the head allows. Rows whose response is
/// known are scored.
pub(crate) fn run(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
) -> Result<(), DecodeError> {
    let (mut known, mut open): (Vec<_>, Vec<_>) =
        rows.iter_mut().partition(|row| row.run.text.is_some());
    let generate = if stage.head.is_causal() { steps::run } else { passes::run };
    let most = stage.head.rows_together(stage);
    for rows in open.chunks_mut(most) {
        generate(context, stage, rows)?;
    }
    if known.is_empty() { Ok(()) } else { scoring::run(context, stage, &mut known) }
}
