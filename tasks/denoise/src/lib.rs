//! Noisy speech to clean speech, with or without its words.
//!
//! Invariant: the answer is as long as the recording (see [`syrinx_enhance`]).

mod request;

use rand::RngCore;
use syrinx_enhance::{Asked, EnhanceConfig, Kind, example, finish, layout, plan};
use syrinx_task::{
    AnswerKind, Clip, Example, Generated, Layout, Plan, Task, TaskDescriptor, TaskError, TaskKit,
    Verb,
};
use syrinx_types::{Audio, Sample};

pub use request::{DenoiseAnswer, DenoiseRequest};

/// What the registry lists.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Denoise>();

/// What is given and wanted.
const KIND: Kind =
    Kind { task: "denoise", given: "noisy", wanted: None, text: true, speaker: false };

/// Noisy speech to clean speech.
pub struct Denoise {
    config: EnhanceConfig,
    kit: TaskKit,
}

impl Task for Denoise {
    const ID: &'static str = KIND.task;
    const SUMMARY: &'static str = "cleans a noisy recording of speech";
    const VERB: Verb = Verb {
        name: "denoise",
        positional: "audio",
        example: "syrinx denoise street.wav -o clean.wav",
    };
    const ANSWER: AnswerKind = AnswerKind::Speech;
    type Config = EnhanceConfig;
    type Request = DenoiseRequest;
    type Answer = DenoiseAnswer;

    fn new(config: EnhanceConfig, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check(KIND.task)?;
        Ok(Self { config, kit: kit.clone() })
    }

    fn layout(&self) -> Layout {
        layout(KIND)
    }

    fn plan(&self, request: &DenoiseRequest) -> Result<Plan, TaskError> {
        let asked = Asked { audio: &request.audio, speaker: None, text: request.text.as_deref() };
        plan(KIND, (&self.config, &self.kit), asked)
    }

    fn finish(
        &self,
        _request: &DenoiseRequest,
        generated: Vec<Generated>,
    ) -> Result<DenoiseAnswer, TaskError> {
        let out = finish(KIND, &self.kit, &generated)?;
        Ok(DenoiseAnswer { audio: out.audio, seconds: out.seconds })
    }

    fn recordings(answer: &DenoiseAnswer) -> Vec<(String, Audio)> {
        let audio = answer.audio.audio.as_deref().cloned();
        audio.map(|audio| ("audio".into(), audio)).into_iter().collect()
    }

    fn example(
        &self,
        _stage: &str,
        sample: Option<&Sample>,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        let own = (&self.config, &self.kit);
        Ok(sample.and_then(|sample| example(KIND, own, sample, rng)))
    }

    fn request_for(&self, _sample: &Sample) -> Option<DenoiseRequest> {
        Some(DenoiseRequest { audio: Clip::default(), text: None })
    }
}
