//! Speech editing: words of a recording are replaced, inserted or deleted in its own voice.
//!
//! The words of the recording are aligned with its frames, and the changed ones are found. The AR stage continues the
//! frames before an edit, which are the first frames of its response, and reads the words after it. Samples outside the
//! edits stay unchanged, bit for bit; cross-fades are inside the edits. A background is separated first, and mixed with
//! the new words afterwards.

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

/// Entry of the task in the registry.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Edit>();

/// The task: speech editing.
pub type Edit = SpeakingTask<SpeechEditing>;

/// Implementation of speech editing in the family of tasks that synthesize speech.
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
