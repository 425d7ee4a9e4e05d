//! Speech editing: changes words of a recording in its own voice.
//!
//! The changed words are found and aligned. The AR stage continues the frames before them, which are the first frames
//! of its response, and reads the words after them. Outside the edits the samples are unchanged, bit for bit; the
//! cross-fades are inside the edits. A background is separated first and mixed back under the new words.

mod background;
pub mod changes;
mod issue;
mod request;
mod spans;
mod splice;

use syrinx_speech::{Setup, Speaking, SpeakingTask};
use syrinx_task::{Capabilities, Clip, Context, Generated, Plan, TaskDescriptor, TaskError, Verb};

pub use issue::EditIssue;
pub use request::{EditAnswer, EditConfig, EditRequest, EditedSpan};

/// The registry's entry.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Edit>();

/// Editing speech.
pub type Edit = SpeakingTask<SpeechEditing>;

/// Speech editing in the family of tasks that synthesize speech.
pub struct SpeechEditing;

impl Speaking for SpeechEditing {
    const ID: &'static str = "edit";
    const SUMMARY: &'static str = "changes words of a recording, in its own voice";
    const VERB: Verb = Verb {
        name: "edit",
        positional: "audio",
        example: "syrinx edit talk.wav --says \"It was in May.\" --text \"It was in June.\" -o june.wav",
    };
    const CAPABILITIES: Capabilities = Capabilities {
        required: &["audio", "text"],
        recordings: &["audio"],
        text: Some("text"),
        ..Capabilities::NONE
    };
    type Config = EditConfig;
    type Request = EditRequest;
    type Prepared = spans::Prepared;
    type Answer = EditAnswer;

    fn clips(request: &mut EditRequest) -> Vec<(String, &mut Clip)> {
        vec![("audio".to_owned(), &mut request.audio)]
    }

    fn plan(
        setup: Setup<'_, EditConfig>,
        request: &EditRequest,
        context: &Context<'_>,
    ) -> Result<(Plan, spans::Prepared), TaskError> {
        let prepared = spans::Prepared::of(setup, request, context)?;
        Ok((splice::plan(setup, &prepared), prepared))
    }

    fn finish(
        setup: Setup<'_, EditConfig>,
        _request: &EditRequest,
        prepared: spans::Prepared,
        generated: Vec<Generated>,
        context: &Context<'_>,
    ) -> Result<EditAnswer, TaskError> {
        splice::finish(setup, &prepared, &generated, context)
    }
}
