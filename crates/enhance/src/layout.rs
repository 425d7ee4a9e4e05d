//! What the prompts look like.

use syrinx_task::{Head, Layout, Part, Segment, Stage};
use syrinx_types::Filter;

/// The stage that decides for the level-1 codes.
pub const MASKED: &str = "masked";
/// The stage that writes the further levels.
pub const NAR: &str = "nar";

/// Segment of the words.
pub(crate) const TEXT: &str = "text";
/// Segment of the wanted speaker's codes.
pub(crate) const SPEAKER: &str = "speaker";
/// Segment of the recording, frame by frame.
pub(crate) const RECORDING: &str = "recording";

/// What a task is given, and what it has to answer with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kind {
    /// Identifier of the task.
    pub task: &'static str,
    /// The view of an utterance that is given.
    pub given: &'static str,
    /// The view that is wanted; the utterance itself if none is named.
    pub wanted: Option<&'static str>,
    /// What of the recording the answer is, for tasks that other tasks may ask.
    pub part: Option<Part>,
    /// For answers that are the recording itself, turned down to what the model expects of them. Where it is `None`
    /// they are spoken anew.
    pub filter: Option<Filter>,
    /// Whether words may be given.
    pub text: bool,
    /// Whether a recording of the wanted speaker has to be given.
    pub speaker: bool,
}

/// Both stages. In both all of the recording is seen beside the response, before and after a frame. Level 1 is decided
/// for all frames in one pass, since an AR that has begun to be silent beside a bad recording stays so.
pub fn layout(kind: Kind) -> Layout {
    let mark = Segment::mark(format!("task:{}", kind.task));
    let text = kind.text.then(|| Segment::text(TEXT).optional());
    let speaker = kind.speaker.then(|| Segment::prompt(SPEAKER));
    let before: Vec<Segment> = text.into_iter().chain(speaker).collect();
    let frames = Segment::beside(RECORDING);
    let mut masked = vec![mark.clone()];
    masked.extend(before.iter().cloned());
    masked.extend([frames.clone(), Segment::masked_response("codes")]);
    let mut nar = vec![mark, Segment::level_mark()];
    nar.extend(before);
    nar.extend([frames, Segment::nar_response("codes")]);
    Layout {
        task: kind.task.into(),
        stages: vec![
            Stage::new(MASKED, Head::MaskedLevel, masked),
            Stage::new(NAR, Head::FurtherLevels, nar),
        ],
    }
}
