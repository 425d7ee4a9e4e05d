//! Text to speech: phones in, codes out, in the voice of a prompt.
//!
//! The AR stage writes the level-1 codes with a pointer that walks over the phones, the NAR stage the further levels.
//!
//! All of it but the request and the answer is shared with other tasks that speak: see `syrinx_speech`.

mod request;
mod speak;

use rand::RngCore;
use syrinx_speech::{check_stage, example, layout};
use syrinx_task::{
    AnswerKind, Example, Generated, Layout, Plan, Task, TaskDescriptor, TaskError, TaskKit, Verb,
    one_recording,
};
use syrinx_types::{Audio, Sample};

pub use syrinx_speech::SpeakConfig as TtsConfig;

pub use request::{TtsAnswer, TtsRequest};

/// What the registry lists.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Tts>();

/// Text to speech.
pub struct Tts {
    config: TtsConfig,
    kit: TaskKit,
}

impl Task for Tts {
    const ID: &'static str = "tts";
    const SUMMARY: &'static str = "speaks a text in the voice of a prompt of a few seconds";
    const VERB: Verb = Verb {
        name: "say",
        positional: "text",
        example: "syrinx say \"The birch canoe slid on the smooth planks.\" --voice joe -o canoe.wav",
    };
    const ANSWER: AnswerKind = AnswerKind::Speech;
    type Config = TtsConfig;
    type Request = TtsRequest;
    type Answer = TtsAnswer;

    fn new(config: TtsConfig, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check(Self::ID)?;
        Ok(Self { config, kit: kit.clone() })
    }

    fn layout(&self) -> Layout {
        layout(Self::ID, &self.kit)
    }

    fn plan(&self, request: &TtsRequest) -> Result<Plan, TaskError> {
        speak::plan(&self.config, &self.kit, request)
    }

    fn finish(
        &self,
        request: &TtsRequest,
        generated: Vec<Generated>,
    ) -> Result<TtsAnswer, TaskError> {
        speak::finish(&self.config, &self.kit, request, &generated)
    }

    fn recordings(answer: &TtsAnswer) -> Vec<(String, Audio)> {
        one_recording(&answer.audio)
    }

    fn example(
        &self,
        stage: &str,
        sample: Option<&Sample>,
        _rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        check_stage(Self::ID, &self.kit, stage)?;
        Ok(sample.and_then(|sample| example(&self.config, &self.kit, sample)))
    }

    fn request_for(&self, sample: &Sample) -> Option<TtsRequest> {
        let text = sample.text.trim();
        (!text.is_empty()).then(|| TtsRequest { text: text.into(), ..TtsRequest::default() })
    }
}
