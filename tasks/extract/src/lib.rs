//! One speaker out of a mixture of two, known by a few seconds.
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

pub use request::{ExtractAnswer, ExtractRequest};

/// What the registry lists.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Extract>();

/// What is given and wanted.
const KIND: Kind =
    Kind { task: "extract", given: "mixture", wanted: None, text: true, speaker: true };

/// One speaker out of a mixture.
pub struct Extract {
    config: EnhanceConfig,
    kit: TaskKit,
}

impl Task for Extract {
    const ID: &'static str = KIND.task;
    const SUMMARY: &'static str = "takes one speaker out of a mixture, known by a few seconds";
    const VERB: Verb = Verb {
        name: "extract",
        positional: "audio",
        example: "syrinx extract meeting.wav --speaker me.wav -o mine.wav",
    };
    const ANSWER: AnswerKind = AnswerKind::Speech;
    type Config = EnhanceConfig;
    type Request = ExtractRequest;
    type Answer = ExtractAnswer;

    fn new(config: EnhanceConfig, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check(KIND.task)?;
        Ok(Self { config, kit: kit.clone() })
    }

    fn layout(&self) -> Layout {
        layout(KIND)
    }

    fn plan(&self, request: &ExtractRequest) -> Result<Plan, TaskError> {
        let asked = Asked {
            audio: &request.audio,
            speaker: Some(&request.speaker),
            text: request.text.as_deref(),
        };
        plan(KIND, (&self.config, &self.kit), asked)
    }

    fn finish(
        &self,
        _request: &ExtractRequest,
        generated: Vec<Generated>,
    ) -> Result<ExtractAnswer, TaskError> {
        let out = finish(KIND, &self.kit, &generated)?;
        Ok(ExtractAnswer { audio: out.audio, seconds: out.seconds })
    }

    fn recordings(answer: &ExtractAnswer) -> Vec<(String, Audio)> {
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

    fn request_for(&self, _sample: &Sample) -> Option<ExtractRequest> {
        Some(ExtractRequest { audio: Clip::default(), speaker: Clip::default(), text: None })
    }
}
