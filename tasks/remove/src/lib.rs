//! Noisy speech to what is behind it, without the speech.
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

pub use request::{RemoveAnswer, RemoveRequest};

/// What the registry lists.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Remove>();

/// What is given and wanted.
const KIND: Kind = Kind {
    task: "remove",
    given: "noisy",
    wanted: Some("background"),
    text: false,
    speaker: false,
};

/// Noisy speech to what is behind it.
pub struct Remove {
    config: EnhanceConfig,
    kit: TaskKit,
}

impl Task for Remove {
    const ID: &'static str = KIND.task;
    const SUMMARY: &'static str = "takes the speech out of a recording and leaves the background";
    const VERB: Verb = Verb {
        name: "remove",
        positional: "audio",
        example: "syrinx remove street.wav -o street-only.wav",
    };
    const ANSWER: AnswerKind = AnswerKind::Speech;
    type Config = EnhanceConfig;
    type Request = RemoveRequest;
    type Answer = RemoveAnswer;

    fn new(config: EnhanceConfig, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check(KIND.task)?;
        Ok(Self { config, kit: kit.clone() })
    }

    fn layout(&self) -> Layout {
        layout(KIND)
    }

    fn plan(&self, request: &RemoveRequest) -> Result<Plan, TaskError> {
        let asked = Asked { audio: &request.audio, speaker: None, text: None };
        plan(KIND, (&self.config, &self.kit), asked)
    }

    fn finish(
        &self,
        _request: &RemoveRequest,
        generated: Vec<Generated>,
    ) -> Result<RemoveAnswer, TaskError> {
        let out = finish(KIND, &self.kit, &generated)?;
        Ok(RemoveAnswer { audio: out.audio, seconds: out.seconds })
    }

    fn recordings(answer: &RemoveAnswer) -> Vec<(String, Audio)> {
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

    fn request_for(&self, _sample: &Sample) -> Option<RemoveRequest> {
        Some(RemoveRequest { audio: Clip::default() })
    }
}
