//! Speech to text: codes in, words with times out.
//!
//! The model hears phones: a score of every phone for every 20 ms. The decoder ([`decoder`]) finds the words of the
//! lexicon that explain them best, with a bigram language model. [`align`] places known words instead.
//!
//! Invariants: one core is enough, at well below a tenth of real time; the same scores give the same words.

mod config;
mod example;
mod layout;

use rand::RngCore;
use syrinx_task::{
    AnswerKind, Example, Generated, Layout, Plan, Task, TaskDescriptor, TaskError, TaskKit, Verb,
};
use syrinx_types::Sample;

pub use config::{Spelling, SttConfig, SttMode};
pub use layout::{PHONES, TEXT};

/// What the registry lists.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Stt>();

/// Speech to text.
pub struct Stt {
    config: SttConfig,
    kit: TaskKit,
}

impl Task for Stt {
    const ID: &'static str = "stt";
    const SUMMARY: &'static str =
        "writes down what is said in a recording, with the times of the words";
    const VERB: Verb =
        Verb { name: "transcribe", positional: "audio", example: "syrinx transcribe talk.mp3" };
    const ANSWER: AnswerKind = AnswerKind::Text;
    type Config = SttConfig;
    type Request = serde_json::Value;
    type Answer = serde_json::Value;

    fn new(config: SttConfig, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check()?;
        Ok(Self { config, kit: kit.clone() })
    }

    fn layout(&self) -> Layout {
        layout::layout(&self.config)
    }

    fn plan(&self, _request: &Self::Request) -> Result<Plan, TaskError> {
        Err(TaskError::Input("not yet".into()))
    }

    fn finish(
        &self,
        _request: &Self::Request,
        _generated: Vec<Generated>,
    ) -> Result<Self::Answer, TaskError> {
        Err(TaskError::Input("not yet".into()))
    }

    fn example(
        &self,
        stage: &str,
        sample: Option<&Sample>,
        _rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        let Some(sample) = sample else { return Ok(None) };
        match stage {
            PHONES => Ok(example::phones(&self.config, sample)),
            TEXT => example::text(&self.config, &self.kit, sample),
            other => Err(TaskError::Layout {
                stage: other.into(),
                reason: format!("speech to text has the stages `{PHONES}` and `{TEXT}`"),
            }),
        }
    }

    fn request_for(&self, _sample: &Sample) -> Option<Self::Request> {
        None
    }
}
