//! Voice conversion: a recording is resynthesized in another voice, with the same words and timing.
//!
//! The phones of the recording are aligned with its frames ([`AlignedRecording`](syrinx_speech::AlignedRecording)). The
//! AR stage predicts the codes of level 1 with the phone index of this alignment, the NAR stage the levels above.
//! Conversion is text to speech with a given timing, in the same layout.

mod issue;
mod request;
mod speak;

use syrinx_speech::{Setup, Speaking, SpeakingTask, speech_sections};
use syrinx_task::{
    Capabilities, Chunks, Clip, Context, Generated, Plan, RequestChunk, TaskDescriptor, TaskError,
    Verb,
};

pub use issue::ConvertIssue;
pub use request::{ConvertAnswer, ConvertConfig, ConvertRequest};

/// Maximum length of a section that is converted at once, in seconds.
const MAX_SECTION_S: f64 = 60.0;

/// Entry of the task in the registry.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Convert>();

/// The task: voice conversion.
pub type Convert = SpeakingTask<VoiceConversion>;

/// Implementation of voice conversion in the family of tasks that synthesize speech.
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

    /// Returns sections of the recording that end in pauses. A recording with known words is one section.
    fn chunks(
        _setup: Setup<'_, ConvertConfig>,
        mut request: ConvertRequest,
        context: &Context<'_>,
    ) -> Result<Chunks<ConvertRequest>, TaskError> {
        if request.says.is_some() {
            return Ok(Chunks::one(request));
        }
        let sections = speech_sections(&request.audio, MAX_SECTION_S, context)?;
        if sections.len() > 1
            && let Some(prompt) = &mut request.prompt
        {
            *prompt = context.loaded(prompt)?;
        }
        let chunk = |(audio, start_s)| RequestChunk {
            request: ConvertRequest { audio, ..request.clone() },
            start_s: Some(start_s),
        };
        Ok(Chunks { chunks: sections.into_iter().map(chunk).collect(), pause_s: 0.0 })
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
