//! Continuation: a recording is carried on in its own voice, with a text (VALL-E's "continual" setting, arXiv
//! 2301.02111, section 5.2).
//!
//! The end of the recording is given to the AR stage as the first frames of its response, with the pointer where the
//! model hears it; it goes on after them. The recording's own samples stay as they are.

mod request;
mod speak;

use rand::RngCore;
use syrinx_speech::{check_stage, example, layout};
use syrinx_task::{
    AnswerKind, Clip, Example, Generated, Layout, Plan, Task, TaskDescriptor, TaskError, TaskKit,
    Verb, one_recording,
};
use syrinx_types::{Audio, Sample};

pub use request::{ContinueAnswer, ContinueConfig, ContinueRequest};

/// What the registry lists.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Continue>();

/// Continuation.
pub struct Continue {
    config: ContinueConfig,
    kit: TaskKit,
}

impl Task for Continue {
    const ID: &'static str = "continue";
    const SUMMARY: &'static str =
        "carries a recording on in its own voice, with the words of a text";
    const VERB: Verb = Verb {
        name: "continue",
        positional: "audio",
        example: "syrinx continue talk.wav --text \"And so it went on.\" -o longer.wav",
    };
    const ANSWER: AnswerKind = AnswerKind::Speech;
    type Config = ContinueConfig;
    type Request = ContinueRequest;
    type Answer = ContinueAnswer;

    fn new(config: ContinueConfig, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check(Self::ID)?;
        Ok(Self { config, kit: kit.clone() })
    }

    fn layout(&self) -> Layout {
        layout(Self::ID, &self.kit)
    }

    fn plan(&self, request: &ContinueRequest) -> Result<Plan, TaskError> {
        speak::plan(&self.config, &self.kit, request)
    }

    fn finish(
        &self,
        request: &ContinueRequest,
        generated: Vec<Generated>,
    ) -> Result<ContinueAnswer, TaskError> {
        speak::finish(&self.config, &self.kit, request, &generated)
    }

    fn recordings(answer: &ContinueAnswer) -> Vec<(String, Audio)> {
        one_recording(&answer.audio)
    }

    /// An utterance in the voice of another one of the same speaker: from any frame on it goes on from what is given.
    fn example(
        &self,
        stage: &str,
        sample: Option<&Sample>,
        _rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        check_stage(Self::ID, &self.kit, stage)?;
        Ok(sample.and_then(|sample| example(&self.config.speaking, &self.kit, sample)))
    }

    /// The recording is what the codec makes of the codes, and it is to say the same again; it is in memory, so only a typed request carries it.
    fn request_for(&self, sample: &Sample) -> Option<ContinueRequest> {
        let audio = self.kit.studio.as_ref()?.decode(&sample.codes).ok()?;
        let text = sample.text.trim();
        (!text.is_empty()).then(|| ContinueRequest {
            audio: Clip::from(audio),
            text: text.into(),
            ..ContinueRequest::default()
        })
    }
}
