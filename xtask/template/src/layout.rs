//! What the prompts look like.

use syrinx_task::{Head, Layout, Segment, Stage};

/// The stage that writes the level-1 codes.
pub(crate) const AR: &str = "ar";
/// The stage that writes the further levels.
pub(crate) const NAR: &str = "nar";

/// Segment of the frames that were dropped or repeated.
pub(crate) const STRETCHED: &str = "stretched";

/// The two stages of every task that speaks. What is given stands beside the response, frame by frame.
pub(crate) fn layout() -> Layout {
    let task = Segment::mark("task:change-rate");
    let stretched = Segment::beside(STRETCHED);
    let ar = vec![task.clone(), stretched.clone(), Segment::ar_response("codes")];
    let nar = vec![task, Segment::level_mark(), stretched, Segment::nar_response("codes")];
    Layout {
        task: "change-rate".into(),
        stages: vec![
            Stage::new(AR, Head::FirstLevel, ar),
            Stage::new(NAR, Head::FurtherLevels, nar),
        ],
    }
}
