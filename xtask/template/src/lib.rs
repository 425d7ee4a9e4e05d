//! Speech at another rate: the same words in the same voice, faster or slower.
//!
//! The recording's frames are dropped or repeated until there are as many as the answer should have; the model turns
//! that staircase into speech. Examples are made from the corpus alone: an utterance is what should come out, and the
//! same utterance on its way to another rate and back is what goes in.
//!
//! Invariant: the answer has as many frames as what stands beside it, so the model draws no end.

mod config;
mod example;
mod layout;
mod request;
mod speak;

use rand::RngCore;
use syrinx_task::{
    AnswerKind, Clip, Example, Generated, Layout, Plan, Task, TaskDescriptor, TaskError, TaskKit,
    Verb, one_recording,
};
use syrinx_types::{Audio, Sample};

pub use config::ChangeRateConfig;
pub use example::stretched;
pub use request::{ChangeRateAnswer, ChangeRateRequest};

/// What the registry lists.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<ChangeRate>();

/// Speech at another rate.
pub struct ChangeRate {
    config: ChangeRateConfig,
    kit: TaskKit,
}

impl Task for ChangeRate {
    const ID: &'static str = "change-rate";
    const SUMMARY: &'static str = "speaks a recording again at another rate";
    const VERB: Verb = Verb {
        name: "change-rate",
        positional: "audio",
        example: "syrinx change-rate talk.wav --rate 1.25 -o faster.wav",
    };
    const ANSWER: AnswerKind = AnswerKind::Speech;
    type Config = ChangeRateConfig;
    type Request = ChangeRateRequest;
    type Answer = ChangeRateAnswer;

    fn new(config: ChangeRateConfig, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check()?;
        Ok(Self { config, kit: kit.clone() })
    }

    fn layout(&self) -> Layout {
        layout::layout()
    }

    fn plan(&self, request: &ChangeRateRequest) -> Result<Plan, TaskError> {
        speak::plan(&self.config, &self.kit, request)
    }

    fn finish(
        &self,
        _request: &ChangeRateRequest,
        generated: Vec<Generated>,
    ) -> Result<ChangeRateAnswer, TaskError> {
        speak::finish(&self.kit, &generated)
    }

    fn recordings(answer: &ChangeRateAnswer) -> Vec<(String, Audio)> {
        one_recording(&answer.audio)
    }

    fn example(
        &self,
        _stage: &str,
        sample: Option<&Sample>,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        Ok(sample.and_then(|sample| example::example(&self.config, sample, rng)))
    }

    fn request_for(&self, _sample: &Sample) -> Option<ChangeRateRequest> {
        Some(ChangeRateRequest { audio: Clip::default(), rate: 1.25 })
    }
}
