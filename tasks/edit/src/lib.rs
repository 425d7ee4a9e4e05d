//! Editing speech: a recording is made to say something else, in its own voice.
//!
//! The words that differ are found and placed in time; the AR stage goes on from what is before them, which is given
//! to it as the first frames of its response, and looks ahead to the words after. Outside the edits the samples are the
//! original's, bit for bit; the cross-fades lie inside them. A background is heard apart, and laid under the new words.

mod background;
pub mod changes;
mod request;
mod spans;
mod splice;

use rand::RngCore;
use syrinx_speech::{check_stage, example, layout};
use syrinx_task::{
    AnswerKind, Clip, Example, Generated, Layout, Plan, Task, TaskDescriptor, TaskError, TaskKit,
    Verb, one_recording,
};
use syrinx_types::{Audio, Sample};

pub use request::{EditAnswer, EditConfig, EditRequest, EditedSpan};

/// What the registry lists.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Edit>();

/// Editing speech.
pub struct Edit {
    config: EditConfig,
    kit: TaskKit,
}

impl Task for Edit {
    const ID: &'static str = "edit";
    const SUMMARY: &'static str = "makes a recording say something else, in its own voice";
    const VERB: Verb = Verb {
        name: "edit",
        positional: "audio",
        example: "syrinx edit talk.wav --says \"It was in May.\" --text \"It was in June.\" -o june.wav",
    };
    const ANSWER: AnswerKind = AnswerKind::Speech;
    type Config = EditConfig;
    type Request = EditRequest;
    type Answer = EditAnswer;

    fn new(config: EditConfig, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check(Self::ID)?;
        Ok(Self { config, kit: kit.clone() })
    }

    fn layout(&self) -> Layout {
        layout(Self::ID, &self.kit)
    }

    fn plan(&self, request: &EditRequest) -> Result<Plan, TaskError> {
        splice::plan(&self.config, &self.kit, request)
    }

    fn finish(
        &self,
        request: &EditRequest,
        generated: Vec<Generated>,
    ) -> Result<EditAnswer, TaskError> {
        splice::finish(&self.config, &self.kit, request, &generated)
    }

    fn recordings(answer: &EditAnswer) -> Vec<(String, Audio)> {
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

    /// A recording of the utterance is to say its text; the recording is what the codec makes of the codes, and what it
    /// says is left to the model's ear, so that there is something to change.
    fn request_for(&self, sample: &Sample) -> Option<EditRequest> {
        let audio = self.kit.studio.as_ref()?.decode(&sample.codes).ok()?;
        let text = sample.text.trim();
        (!text.is_empty()).then(|| EditRequest {
            audio: Clip::from(audio),
            text: text.into(),
            ..EditRequest::default()
        })
    }
}
