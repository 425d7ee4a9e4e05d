//! Layout of the stages of enhancement.

use syrinx_task::{
    Head, Layout, ModelSwitches, Rendition, Segment, Stage, Stem, VallELayout, heads,
};
use syrinx_types::SpectralGain;

/// Name of the stage that predicts the codes of level 1.
pub const MASKED: &str = "masked";
/// Name of the stage that predicts the codes of levels 2 and above.
pub const NAR: &str = "nar";

/// Name of the segment with the words.
pub(crate) const TEXT: &str = "text";
/// Name of the segment with the target speaker's codes.
pub(crate) const SPEAKER: &str = "speaker";
/// Name of the segment with the recording, which is aligned with the frames of the response.
pub(crate) const RECORDING: &str = "recording";

/// Input and target of a task.
#[derive(Debug, Clone, Copy)]
pub struct EnhancementSpec {
    /// Identifier of the task.
    pub task: &'static str,
    /// Rendition of an utterance that is the model's input.
    pub input: Rendition,
    /// Rendition that is the target; `None` for the utterance itself.
    pub target: Option<Rendition>,
    /// Stem of the recording that the answer estimates, if it is one.
    pub stem: Option<Stem>,
    /// Spectral gain of a task whose answer is the attenuated recording. `None` for answers that are decoded from
    /// codes.
    pub gain: Option<SpectralGain>,
    /// Name of the task in published VALL-E models; `None` if they don't know it.
    pub published: Option<&'static str>,
    /// Whether the words may be given.
    pub text: bool,
    /// Whether an enrolment of the target speaker is required.
    pub speaker: bool,
}

/// Returns the layout of both stages. Every frame of the response attends to the complete recording. Level 1 is
/// predicted for all frames in one pass: an AR stage that predicts silence once does not return to speech.
pub fn layout(kind: EnhancementSpec, switches: ModelSwitches) -> Layout {
    // Published models that predict no lengths were not trained on recordings with a task token.
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

/// Returns both stages of a published VALL-E model: the words, the target speaker's enrolment, the task token, the
/// recording and the response.
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
