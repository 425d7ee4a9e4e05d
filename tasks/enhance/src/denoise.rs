//! Denoising: clean speech from noisy speech; the words may be given.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::{Clip, Rendition, Stem, TaskDescriptor, Verb};

use crate::{Enhancement, EnhancementSpec, Enhancer, Inputs, SpectralGain, scene};

/// Entry of the task in the registry.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Denoise>();

/// A noisy recording to denoise.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DenoiseRequest {
    /// The noisy recording.
    pub audio: Clip,
    /// Words of the recording, if known; they improve the result for poor recordings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The task: denoising.
pub type Denoise = Enhancer<Cleaning>;

/// Implementation of denoising in the family of enhancement.
pub struct Cleaning;

impl Enhancement for Cleaning {
    const SPEC: EnhancementSpec = EnhancementSpec {
        task: "denoise",
        input: Rendition { name: "noisy", render: scene::noisy },
        target: None,
        stem: Some(Stem::Speech),
        gain: Some(SpectralGain { gain_floor: 0.1, context_s: 0.0 }),
        published: Some("ns"),
        text: true,
        speaker: false,
    };
    const SUMMARY: &'static str = "denoises a recording of speech";
    const VERB: Verb = Verb {
        name: "denoise",
        positional: "audio",
        example: "syrinx denoise street.wav -o clean.wav",
    };
    type Request = DenoiseRequest;

    fn clips(request: &mut DenoiseRequest) -> Vec<(String, &mut Clip)> {
        vec![("audio".to_owned(), &mut request.audio)]
    }

    fn inputs(request: &DenoiseRequest) -> Inputs<'_> {
        Inputs { audio: &request.audio, speaker: None, text: request.text.as_deref() }
    }
}
