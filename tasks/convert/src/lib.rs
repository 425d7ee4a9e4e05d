//! Voice conversion: a recording is spoken again in another voice, with the same words in the same timing.
//!
//! The sounds of the recording are placed in time ([`Recording`](syrinx_speech::Recording)); the AR stage writes the
//! level-1 codes with its pointer forced along them, the NAR stage the further levels. So it is speaking, as in text to
//! speech, with the timing given, and has the same layout.

mod request;
mod speak;

use rand::RngCore;
use syrinx_speech::{check_stage, example, layout};
use syrinx_task::{
    AnswerKind, Clip, Example, Generated, Layout, Plan, Task, TaskDescriptor, TaskError, TaskKit,
    Verb, one_recording,
};
use syrinx_types::{Audio, Sample};

pub use request::{ConvertAnswer, ConvertConfig, ConvertRequest};

/// What the registry lists.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Convert>();

/// Voice conversion.
pub struct Convert {
    config: ConvertConfig,
    kit: TaskKit,
}

impl Task for Convert {
    const ID: &'static str = "convert";
    const SUMMARY: &'static str =
        "speaks a recording again in another voice, with the same words and timing";
    const VERB: Verb = Verb {
        name: "convert",
        positional: "audio",
        example: "syrinx convert talk.wav --voice joe -o joe.wav",
    };
    const ANSWER: AnswerKind = AnswerKind::Speech;
    type Config = ConvertConfig;
    type Request = ConvertRequest;
    type Answer = ConvertAnswer;

    fn new(config: ConvertConfig, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check(Self::ID)?;
        Ok(Self { config, kit: kit.clone() })
    }

    fn layout(&self) -> Layout {
        layout(Self::ID, &self.kit)
    }

    fn plan(&self, request: &ConvertRequest) -> Result<Plan, TaskError> {
        speak::plan(&self.config, &self.kit, request)
    }

    fn finish(
        &self,
        request: &ConvertRequest,
        generated: Vec<Generated>,
    ) -> Result<ConvertAnswer, TaskError> {
        speak::finish(&self.config, &self.kit, request, generated)
    }

    fn recordings(answer: &ConvertAnswer) -> Vec<(String, Audio)> {
        one_recording(&answer.audio)
    }

    /// An utterance in the voice of another one of the same speaker: what conversion to this speaker has to give.
    fn example(
        &self,
        stage: &str,
        sample: Option<&Sample>,
        _rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        check_stage(Self::ID, &self.kit, stage)?;
        Ok(sample.and_then(|sample| example(&self.config.speaking, &self.kit, sample)))
    }

    /// The recording is what the codec makes of the codes; it is in memory, so only a typed request carries it.
    fn request_for(&self, sample: &Sample) -> Option<ConvertRequest> {
        let audio = self.kit.studio.as_ref()?.decode(&sample.codes).ok()?;
        Some(ConvertRequest { audio: Clip::from(audio), ..ConvertRequest::default() })
    }
}
