//! Speech removal: the background of a noisy recording, without its speech.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::{Clip, Rendition, Stem, TaskDescriptor, Verb};

use crate::{Enhancement, EnhancementSpec, Enhancer, Inputs, SpectralGain, scene};

/// Entry of the task in the registry.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Remove>();

/// A recording whose speech is removed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveRequest {
    /// The recording.
    pub audio: Clip,
}

/// The task: speech removal.
pub type Remove = Enhancer<Removing>;

/// Implementation of speech removal in the family of enhancement.
pub struct Removing;

impl Enhancement for Removing {
    const SPEC: EnhancementSpec = EnhancementSpec {
        task: "remove",
        input: Rendition { name: "noisy", render: scene::noisy },
        target: Some(Rendition { name: "background", render: scene::background }),
        stem: Some(Stem::Background),
        gain: Some(SpectralGain { gain_floor: 0.001, context_s: 0.4 }),
        published: Some("sr"),
        text: false,
        speaker: false,
    };
    const SUMMARY: &'static str = "removes the speech of a recording and keeps the background";
    const VERB: Verb = Verb {
        name: "remove",
        positional: "audio",
        example: "syrinx remove street.wav -o street-only.wav",
    };
    type Request = RemoveRequest;

    fn clips(request: &mut RemoveRequest) -> Vec<(String, &mut Clip)> {
        vec![("audio".to_owned(), &mut request.audio)]
    }

    fn inputs(request: &RemoveRequest) -> Inputs<'_> {
        Inputs { audio: &request.audio, speaker: None, text: None }
    }
}
