//! Layout of the task's sequences.

use syrinx_task::{heads, Layout, Segment, Stage};

/// Stage that predicts the level-1 codes.
pub(crate) const AR: &str = "ar";
/// Stage that predicts the further levels.
pub(crate) const NAR: &str = "nar";

/// Segment of the reverberant recording.
pub(crate) const RECORDING: &str = "recording";

/// Two stages: level 1 frame by frame, then the further levels in place. The recording is frame-aligned conditioning
/// of both.
pub(crate) fn layout() -> Layout {
    let task = Segment::special_token("task:de-reverb");
    let recording = Segment::frame_aligned(RECORDING);
    let ar = vec![task.clone(), recording.clone(), Segment::ar_response("codes")];
    let nar = vec![task, Segment::level_token(), recording, Segment::nar_response("codes")];
    Layout {
        task: "de-reverb".into(),
        stages: vec![
            Stage::new(AR, heads::FirstLevel, ar),
            Stage::new(NAR, heads::FurtherLevels, nar),
        ],
    }
}
