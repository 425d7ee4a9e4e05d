//! Mixing voices: a text is spoken in a voice that is a weighted mix of several.
//!
//! The prompts of the voices become one: laid over one another as the weighted sum of their embeddings, strung
//! together, or interleaved, so that the three can be compared. Apart from that it is text to speech.

mod example;
mod request;
mod speak;
mod voices;

use rand::RngCore;
use syrinx_speech::{check_stage, layout};
use syrinx_task::{
    AnswerKind, Example, Generated, Layout, Plan, Task, TaskDescriptor, TaskError, TaskKit, Verb,
};
use syrinx_types::{Audio, Sample};

pub use request::{MixAnswer, MixConfig, MixMode, MixRequest};

/// What the registry lists.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Mix>();

/// Mixing voices.
pub struct Mix {
    config: MixConfig,
    kit: TaskKit,
}

impl Task for Mix {
    const ID: &'static str = "mix";
    const SUMMARY: &'static str =
        "speaks a text in a mix of voices, or at every step from one to another";
    const VERB: Verb = Verb {
        name: "mix",
        positional: "text",
        example: "syrinx mix \"Half of each.\" --voices joe --voices slt --weights 0.7 --weights 0.3 -o both.wav",
    };
    const ANSWER: AnswerKind = AnswerKind::Speech;
    type Config = MixConfig;
    type Request = MixRequest;
    type Answer = MixAnswer;

    fn new(config: MixConfig, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check(Self::ID)?;
        Ok(Self { config, kit: kit.clone() })
    }

    fn layout(&self) -> Layout {
        layout(Self::ID, &self.kit)
    }

    fn plan(&self, request: &MixRequest) -> Result<Plan, TaskError> {
        speak::plan(&self.config, &self.kit, request)
    }

    fn finish(
        &self,
        request: &MixRequest,
        generated: Vec<Generated>,
    ) -> Result<MixAnswer, TaskError> {
        speak::finish(&self.config, &self.kit, request, &generated)
    }

    fn recordings(answer: &MixAnswer) -> Vec<(String, Audio)> {
        let name = |i: usize| if i == 0 { "audio".into() } else { format!("step-{}", i + 1) };
        let audio = answer.steps.iter().filter_map(|s| s.audio.as_deref().cloned());
        audio.enumerate().map(|(i, audio)| (name(i), audio)).collect()
    }

    /// An utterance in a blend of its own speaker's voice.
    fn example(
        &self,
        stage: &str,
        sample: Option<&Sample>,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        check_stage(Self::ID, &self.kit, stage)?;
        Ok(sample.and_then(|sample| example::blended(&self.config, &self.kit, sample, rng)))
    }

    /// In equal parts of the first two voices.
    fn request_for(&self, sample: &Sample) -> Option<MixRequest> {
        let text = sample.text.trim();
        let voices = self.kit.studio.as_ref()?.voices().into_iter().take(2).collect();
        (!text.is_empty()).then(|| MixRequest {
            text: text.into(),
            voices,
            ..MixRequest::default()
        })
    }
}
