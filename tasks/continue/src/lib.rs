//! Continuation: continues a recording with a text in its own voice (VALL-E's "continual" setting, arXiv 2301.02111,
//! section 5.2).
//!
//! The end of the recording becomes the first frames of the AR stage's response, with their alignment; generation
//! continues after them. The recording's own samples are unchanged.

mod issue;
mod request;
mod speak;

use syrinx_speech::{Setup, Speaking, SpeakingTask};
use syrinx_task::{Capabilities, Clip, Context, Generated, Plan, TaskDescriptor, TaskError, Verb};

pub use issue::ContinueIssue;
pub use request::{ContinueAnswer, ContinueConfig, ContinueRequest};

/// The registry's entry.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Continue>();

/// Continuation.
pub type Continue = SpeakingTask<Continuation>;

/// Continuation in the family of tasks that synthesize speech.
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
