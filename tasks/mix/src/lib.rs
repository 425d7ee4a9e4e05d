//! Voice mixing: a text is synthesized in a weighted mixture of several voices.
//!
//! The prompts of the voices are combined into one: a weighted sum of their embeddings, a concatenation, or an
//! interleaving. All else is text to speech.

mod example;
mod issue;
mod request;
mod speak;
mod voices;

use rand::RngCore;
use syrinx_speech::{Setup, Speaking, SpeakingTask, text_chunks};
use syrinx_task::{
    Capabilities, Chunks, Clip, Context, Example, Generated, Plan, TaskDescriptor, TaskError, Verb,
};

pub use issue::MixIssue;
pub use request::{MixAnswer, MixConfig, MixMode, MixRequest};

/// Entry of the task in the registry.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Mix>();

/// The task: voice mixing.
pub type Mix = SpeakingTask<VoiceMixing>;

/// Implementation of voice mixing in the family of tasks that synthesize speech.
pub struct VoiceMixing;

impl Speaking for VoiceMixing {
    const ID: &'static str = "mix";
    const SUMMARY: &'static str =
        "synthesizes a text in a mix of voices, or in equal steps from one voice to another";
    const VERB: Verb = Verb {
        name: "mix",
        positional: "text",
        example: "syrinx mix \"Half of each.\" --voices joe --voices heart --weights 0.7 --weights 0.3 -o both.wav",
    };
    const CAPABILITIES: Capabilities = Capabilities {
        required: &["text", "voices"],
        text: Some("text"),
        voices: Some("voices"),
        streaming: true,
        ..Capabilities::NONE
    };
    type Config = MixConfig;
    type Request = MixRequest;
    type Prepared = speak::Prepared;
    type Answer = MixAnswer;

    fn clips(request: &mut MixRequest) -> Vec<(String, &mut Clip)> {
        let voices = request.voices.iter_mut().enumerate();
        voices.map(|(i, clip)| (format!("voices.{i}"), clip)).collect()
    }

    /// Returns chunks of sentences. A rolling reading is one chunk, since its sentences continue each other.
    fn chunks(
        setup: Setup<'_, MixConfig>,
        mut request: MixRequest,
        context: &Context<'_>,
    ) -> Result<Chunks<MixRequest>, TaskError> {
        let cut = text_chunks(setup.speaking(), &request.text);
        if request.rolling || cut.chunks.len() < 2 {
            return Ok(Chunks::one(request));
        }
        let names = context.voice_names();
        for voice in request.voices.iter_mut().filter(|voice| voices::is_recording(voice, &names)) {
            *voice = context.loaded(voice)?;
        }
        Ok(cut.map(|text| MixRequest { text, ..request.clone() }))
    }

    fn plan(
        setup: Setup<'_, MixConfig>,
        request: &MixRequest,
        context: &Context<'_>,
    ) -> Result<(Plan, speak::Prepared), TaskError> {
        speak::plan(setup, request, context)
    }

    fn finish(
        setup: Setup<'_, MixConfig>,
        _request: &MixRequest,
        prepared: speak::Prepared,
        generated: Vec<Generated>,
        context: &Context<'_>,
    ) -> Result<MixAnswer, TaskError> {
        speak::finish(setup, prepared, &generated, context)
    }

    /// Replaces the prompt of an example by a blend of the speaker's own voice.
    fn adapted(_setup: Setup<'_, MixConfig>, example: Example, rng: &mut dyn RngCore) -> Example {
        example::blended(example, rng)
    }
}
