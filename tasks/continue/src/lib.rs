//! Continuation: a recording continues with a given text in its own voice (the "continual" setting of VALL-E, arXiv
//! 2301.02111, section 5.2).
//!
//! The frames at the end of the recording and their alignment are the first frames of the AR stage's response;
//! generation continues after them. The samples of the recording stay unchanged.

mod issue;
mod request;
mod speak;

use syrinx_speech::{Setup, Speaking, SpeakingTask};
use syrinx_task::{Capabilities, Clip, Context, Generated, Plan, TaskDescriptor, TaskError, Verb};

pub use issue::ContinueIssue;
pub use request::{ContinueAnswer, ContinueConfig, ContinueRequest};

/// Entry of the task in the registry.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Continue>();

/// The task: continuation of a recording.
pub type Continue = SpeakingTask<Continuation>;

/// Implementation of continuation in the family of tasks that synthesize speech.
pub struct Continuation;

impl Speaking for Continuation {
    const ID: &'static str = "continue";
    const SUMMARY: &'static str =
        "continues a recording in its own voice, with the words of a text";
    const VERB: Verb = Verb {
        name: "continue",
        positional: "audio",
        example: "syrinx continue talk.wav --text \"And so it went on.\" -o longer.wav",
    };
    const CAPABILITIES: Capabilities = Capabilities {
        required: &["audio", "text"],
        recordings: &["audio"],
        text: Some("text"),
        ..Capabilities::NONE
    };
    type Config = ContinueConfig;
    type Request = ContinueRequest;
    type Prepared = speak::Prepared;
    type Answer = ContinueAnswer;

    fn clips(request: &mut ContinueRequest) -> Vec<(String, &mut Clip)> {
        vec![("audio".to_owned(), &mut request.audio)]
    }

    fn plan(
        setup: Setup<'_, ContinueConfig>,
        request: &ContinueRequest,
        context: &Context<'_>,
    ) -> Result<(Plan, speak::Prepared), TaskError> {
        speak::plan(setup, request, context)
    }

    fn finish(
        setup: Setup<'_, ContinueConfig>,
        request: &ContinueRequest,
        prepared: speak::Prepared,
        generated: Vec<Generated>,
        context: &Context<'_>,
    ) -> Result<ContinueAnswer, TaskError> {
        speak::finish(setup, request, prepared, &generated, context)
    }
}
