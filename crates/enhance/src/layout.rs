//! What the prompts look like.

use syrinx_task::{Head, Layout, Segment, Stage};

/// The stage that writes the level-1 codes.
pub const AR: &str = "ar";
/// The stage that writes the further levels.
pub const NAR: &str = "nar";

/// Segment of the words.
pub(crate) const TEXT: &str = "text";
/// Segment of the wanted speaker's codes.
pub(crate) const SPEAKER: &str = "speaker";
/// Segment of the recording, seen as a whole.
pub(crate) const RECORDING: &str = "recording";
/// Segment of the recording, frame by frame.
pub(crate) const FRAMES: &str = "frames";

/// What a task is given, and what it has to answer with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Identifier of the task.
    pub task: &'static str,
    /// The view of an utterance that is given.
    pub given: &'static str,
    /// The view that is wanted; the utterance itself if none is named.
    pub wanted: Option<&'static str>,
    /// Whether words may be given.
    pub text: bool,
    /// Whether a recording of the wanted speaker has to be given.
    pub speaker: bool,
}

/// Both stages. The recording stands in the trunk of the AR only: the NAR sees all of it beside the response.
pub fn layout(kind: Kind) -> Layout {
    let mark = Segment::mark(format!("task:{}", kind.task));
    let text = kind.text.then(|| Segment::text(TEXT).optional());
    let speaker = kind.speaker.then(|| Segment::prompt(SPEAKER));
    let before: Vec<Segment> = text.into_iter().chain(speaker).collect();
    let frames = Segment::beside(FRAMES);
    let mut ar = vec![mark.clone()];
    ar.extend(before.iter().cloned());
    ar.extend([Segment::prompt(RECORDING), frames.clone(), Segment::ar_response("codes")]);
    let mut nar = vec![mark, Segment::level_mark()];
    nar.extend(before);
    nar.extend([frames, Segment::nar_response("codes")]);
    Layout {
        task: kind.task.into(),
        stages: vec![
            Stage::new(AR, Head::FirstLevel, ar),
            Stage::new(NAR, Head::FurtherLevels, nar),
        ],
    }
}
