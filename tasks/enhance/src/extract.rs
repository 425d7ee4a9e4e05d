//! Target speaker extraction: one speaker from a mixture of two, selected by an enrolment of a few seconds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::{Clip, Rendition, TaskDescriptor, Verb};

use crate::{Enhancement, EnhancementSpec, Enhancer, Inputs, scene};

/// Entry of the task in the registry.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Extract>();

/// A mixture, and an enrolment of the target speaker.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtractRequest {
    /// The mixture.
    pub audio: Clip,
    /// Enrolment: a few seconds of the target speaker alone.
    pub speaker: Clip,
    /// Words of the target speaker, if known; they improve the result for poor recordings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The task: target speaker extraction.
pub type Extract = Enhancer<Extracting>;

/// Implementation of target speaker extraction in the family of enhancement.
pub struct Extracting;

impl Enhancement for Extracting {
    const SPEC: EnhancementSpec = EnhancementSpec {
        task: "extract",
        input: Rendition { name: "mixture", render: scene::mixture },
        target: None,
        stem: None,
        gain: None,
        published: Some("tse"),
        text: true,
        speaker: true,
    };
    const SUMMARY: &'static str =
        "extracts one speaker from a mixture, given a few seconds of the speaker";
    const VERB: Verb = Verb {
        name: "extract",
        positional: "audio",
        example: "syrinx extract meeting.wav --speaker me.wav -o mine.wav",
    };
    type Request = ExtractRequest;

    fn clips(request: &mut ExtractRequest) -> Vec<(String, &mut Clip)> {
        vec![("audio".to_owned(), &mut request.audio), ("speaker".to_owned(), &mut request.speaker)]
    }

    fn inputs(request: &ExtractRequest) -> Inputs<'_> {
        Inputs {
            audio: &request.audio,
            speaker: Some(&request.speaker),
            text: request.text.as_deref(),
        }
    }
}
