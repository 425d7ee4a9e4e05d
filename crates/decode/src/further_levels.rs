//! The NAR, over whole rows or window by window.

use syrinx_task::Stage;

use crate::context::{DecodeContext, RowState};
use crate::passes::passes_over;
use crate::{DecodeError, windows};

/// Fills the further levels of all rows, at once or window by window.
pub(crate) fn run(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
) -> Result<(), DecodeError> {
    match context.config.nar.window_frames {
        Some(_) if windows::fit(stage) => windows::run(context, stage, rows),
        _ => passes_over(context, stage, rows),
    }
}
