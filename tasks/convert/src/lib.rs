//! Voice conversion: a recording is spoken again in another voice, with the same words in the same timing.
//!
//! The phones of the recording are placed in time ([`AlignedRecording`](syrinx_speech::AlignedRecording)); the AR stage predicts the
//! level-1 codes with its pointer forced along them, the NAR stage the further levels: text to speech with a given
//! timing, and with the same layout.

mod issue;
mod request;
mod speak;

use syrinx_speech::{Setup, Speaking, SpeakingTask};
use syrinx_task::{Capabilities, Clip, Context, Generated, Plan, TaskDescriptor, TaskError, Verb};

pub use issue::ConvertIssue;
pub use request::{ConvertAnswer, ConvertConfig, ConvertRequest};

/// The registry's entry.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Convert>();

/// Voice conversion.
pub type Convert = SpeakingTask<VoiceConversion>;

/// Voice conversion among the tasks that speak.
pub struct VoiceConversion;

impl Speaking for VoiceConversion {
    const ID: &'static str = "convert";
    const SUMMARY: &'static str =
        "converts a recording to another voice, with the same words and timing";
    const VERB: Verb = Verb {
        name: "convert",
        positional: "audio",
        example: "syrinx convert talk.wav --voice joe -o joe.wav",
    };
    const CAPABILITIES: Capabilities = Capabilities {
        required: &["audio"],
        recordings: &["audio", "prompt"],
        voice: Some("voice"),
        prompt: Some("prompt"),
        ..Capabilities::NONE
    };
    type Config = ConvertConfig;
    type Request = ConvertRequest;
    type Prepared = speak::Prepared;
    type Answer = ConvertAnswer;

    fn clips(request: &mut ConvertRequest) -> Vec<(String, &mut Clip)> {
        let prompt = request.prompt.iter_mut().map(|clip| ("prompt".to_owned(), clip));
        std::iter::once(("audio".to_owned(), &mut request.audio)).chain(prompt).collect()
    }

    fn plan(
        setup: Setup<'_, ConvertConfig>,
        request: &ConvertRequest,
        context: &Context<'_>,
    ) -> Result<(Plan, speak::Prepared), TaskError> {
        speak::plan(setup, request, context)
    }

    fn finish(
        setup: Setup<'_, ConvertConfig>,
        _request: &ConvertRequest,
        prepared: speak::Prepared,
        generated: Vec<Generated>,
        context: &Context<'_>,
    ) -> Result<ConvertAnswer, TaskError> {
        speak::finish(setup, prepared, generated, context)
    }
}
