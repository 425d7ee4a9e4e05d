//! Layout of the task's sequences.

use syrinx_task::{Head, Layout, Segment, Stage, Stem, View};
use syrinx_types::SpectralGain;

/// The stage that decides for the level-1 codes.
pub const MASKED: &str = "masked";
/// The stage that predicts the further levels.
pub const NAR: &str = "nar";

/// Segment of the words.
pub(crate) const TEXT: &str = "text";
/// Segment of the wanted speaker's codes.
pub(crate) const SPEAKER: &str = "speaker";
/// Segment of the recording, frame by frame.
pub(crate) const RECORDING: &str = "recording";

/// Input and target of a task of the family.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Identifier of the task.
    pub task: &'static str,
    /// View of an utterance that is the input.
    pub input: View,
    /// View that is the target; the utterance itself if none is named.
    pub target: Option<View>,
    /// Stem of the recording that the answer is an estimate of.
    pub stem: Option<Stem>,
    /// For answers that are the recording itself, turned down to what the model expects of them. Where it is `None`
    /// they are spoken anew.
    pub gain: Option<SpectralGain>,
    /// Whether words may be given.
    pub text: bool,
    /// Whether a recording of the wanted speaker has to be given.
    pub speaker: bool,
}

/// Both stages. In both, every frame of the response sees all of the recording. Level 1 is decided
/// for all frames in one pass, since an AR stage that has become silent stays silent.
pub fn layout(kind: Kind) -> Layout {
    let special_token = Segment::special_token(format!("task:{}", kind.task));
    let text = kind.text.then(|| Segment::text(TEXT).optional());
    let speaker = kind.speaker.then(|| Segment::prompt(SPEAKER));
    let before: Vec<Segment> = text.into_iter().chain(speaker).collect();
    let frames = Segment::frame_aligned(RECORDING);
    let mut masked = vec![special_token.clone()];
    masked.extend(before.iter().cloned());
    masked.extend([frames.clone(), Segment::masked_response("codes")]);
    let mut nar = vec![special_token, Segment::level_token()];
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
