//! Loops of generation, one a head.

use syrinx_task::{Head, Stage};

use crate::context::{DecodeContext, RowState};
use crate::{
    DecodeError, all_levels, demask, durations, first_level, further_levels, latents, length,
    masked, phones, text,
};

/// Generates the response of a stage for some rows: the list of all loops.
pub(crate) fn run(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
) -> Result<(), DecodeError> {
    let head = match stage.head {
        Head::FirstLevel => first_level::run,
        Head::FurtherLevels => further_levels::run,
        Head::Levels(_) => all_levels::run,
        Head::MaskedLevel if stage.vall_e.is_some() => demask::run,
        Head::MaskedLevel => masked::run,
        Head::Latents => latents::run,
        Head::Durations => durations::run,
        Head::Text => text::run,
        Head::Length => length::run,
        Head::Phones { .. } => phones::run,
    };
    head(context, stage, rows)
}
