//! Layout of the stages of speech to text.

use syrinx_task::{Layout, ModelSwitches, Segment, Stage, VallELayout, heads};

use crate::{SttConfig, SttMode};

/// Name of the stage that labels frames with phones.
pub const PHONES: &str = "phones";
/// Name of the stage that predicts text.
pub const TEXT: &str = "text";

/// Name of the segment with the recording.
pub(crate) const RECORDING: &str = "recording";

/// Returns the layout of a published VALL-E model: the recording, then its phones as text tokens.
pub(crate) fn published(published: VallELayout) -> Layout {
    let mut segments = vec![Segment::transcribed(RECORDING)];
    segments.extend(published.language.then(|| Segment::special_token("vall-e:lang:en")));
    segments.extend([Segment::level_token(), Segment::text_response("phones")]);
    let stage = Stage::new(TEXT, heads::Text, segments).as_published(published);
    Layout { task: "stt".into(), stages: vec![stage] }
}

/// Returns the layout of a mode: the recording whose frames are labelled, or the recording followed by its text.
pub(crate) fn layout(config: &SttConfig, switches: ModelSwitches) -> Layout {
    let special_tokens = [Segment::special_token("task:stt"), Segment::special_token("lang:en")];
    let recording = match switches.latent_recordings {
        true => Segment::given_latents(RECORDING),
        false => Segment::prompt(RECORDING),
    };
    let with = |rest: &[Segment]| [&special_tokens, rest].concat();
    let stage = match config.mode {
        SttMode::Aligned => {
            let head = heads::Phones { per_frame: config.per_frame };
            Stage::new(PHONES, head, with(&[recording]))
        }
        SttMode::Text => {
            let segments = with(&[recording, Segment::text_response("text")]);
            Stage::new(TEXT, heads::Text, segments)
        }
    };
    Layout { task: "stt".into(), stages: vec![stage] }
}
