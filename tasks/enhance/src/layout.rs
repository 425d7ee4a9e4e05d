//! Layout of the task's sequences.

use syrinx_task::{
    Head, Layout, ModelSwitches, Rendition, Segment, Stage, Stem, VallELayout, heads,
};
use syrinx_types::SpectralGain;

/// The stage that predicts the level-1 codes.
pub const MASKED: &str = "masked";
/// The stage that predicts the further levels.
pub const NAR: &str = "nar";

/// Segment of the words.
pub(crate) const TEXT: &str = "text";
/// Segment of the target speaker's codes.
pub(crate) const SPEAKER: &str = "speaker";
/// Segment of the recording, frame by frame.
pub(crate) const RECORDING: &str = "recording";

/// Input and target of a task of the family.
#[derive(Debug, Clone, Copy)]
pub struct EnhancementSpec {
    /// Identifier of the task.
    pub task: &'static str,
    /// Rendition of an utterance that is the input.
    pub input: Rendition,
    /// Rendition that is the target; the utterance itself if none is named.
    pub target: Option<Rendition>,
    /// Stem of the recording that the answer is an estimate of.
    pub stem: Option<Stem>,
    /// Spectral gain of answers that are the attenuated recording. `None` for answers decoded from codes.
    pub gain: Option<SpectralGain>,
    /// The task's name in published vall-e models.
    pub published: Option<&'static str>,
    /// Whether words may be given.
    pub text: bool,
    /// Whether a recording of the target speaker is required.
    pub speaker: bool,
}

/// Returns both stages. In both, every frame of the response attends to all of the recording. Level 1 is predicted for
/// all frames in one pass, since an AR stage does not recover from silence.
pub fn layout(kind: EnhancementSpec, switches: ModelSwitches) -> Layout {
    // Only models that predict lengths were trained on recordings with a task token.
    let published = switches.vall_e.filter(|published| published.masked);
    if let (Some(published), Some(name)) = (published, kind.published) {
        let stages = published_stages(published, name, kind.speaker);
        return Layout { task: kind.task.into(), stages };
    }
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
            Stage::new(MASKED, heads::MaskedLevel, masked),
            Stage::new(NAR, heads::FurtherLevels, nar),
        ],
    }
}

/// Returns both stages of a published vall-e model: the target speaker's enrolment, the task's token, the recording,
/// the response.
fn published_stages(published: VallELayout, name: &str, speaker: bool) -> Vec<Stage> {
    let stage = |stage: &str, head: Head, response: Segment| {
        let mut segments = vec![Segment::text(TEXT).optional()];
        segments.extend(published.language.then(|| Segment::special_token("vall-e:lang:en")));
        let task = Segment {
            name: "task".into(),
            ..Segment::special_token(format!("vall-e:task:{name}"))
        };
        segments.push(Segment::level_token());
        segments.extend(speaker.then(|| Segment::prompt(SPEAKER).optional()));
        segments.extend([task, Segment::prompt(RECORDING).optional(), response]);
        Stage::new(stage, head, segments).as_published(published)
    };
    vec![
        stage(MASKED, heads::MaskedLevel.into(), Segment::masked_response("codes")),
        stage(NAR, heads::FurtherLevels.into(), Segment::nar_response("codes")),
    ]
}
