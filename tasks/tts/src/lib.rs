//! Text to speech: codes from phones, in the voice of a prompt.
//!
//! The AR stage predicts the codes of level 1, with a phone index per frame; the NAR stage predicts the levels above.
//! All but request and rows is shared with the family of tasks that synthesize speech: see [`syrinx_speech`].

mod request;
mod speak;

use syrinx_speech::{Setup, Speaking, SpeakingTask, text_chunks};
use syrinx_task::{
    Capabilities, Chunks, Clip, Context, Generated, Plan, Speech, TaskDescriptor, TaskError, Verb,
};
use syrinx_types::WordTime;

pub use syrinx_speech::SpeakConfig as TtsConfig;

pub use request::TtsRequest;

/// Entry of the task in the registry.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Tts>();

/// The task: text to speech.
pub type Tts = SpeakingTask<TextToSpeech>;

/// Implementation of text to speech in the family of tasks that synthesize speech.
pub struct TextToSpeech;

impl Speaking for TextToSpeech {
    const ID: &'static str = "tts";
    const SUMMARY: &'static str = "synthesizes a text in the voice of a prompt of a few seconds";
    const VERB: Verb = Verb {
        name: "say",
        positional: "text",
        example: "syrinx say \"The birch canoe slid on the smooth planks.\" --voice joe -o canoe.wav",
    };
    const CAPABILITIES: Capabilities = Capabilities {
        required: &["text"],
        recordings: &["prompt"],
        text: Some("text"),
        voice: Some("voice"),
        prompt: Some("prompt"),
        streaming: true,
        ..Capabilities::NONE
    };
    const PUBLISHED: bool = true;
    type Config = TtsConfig;
    type Request = TtsRequest;
    type Prepared = speak::Prepared;
    type Answer = Speech;

    fn clips(request: &mut TtsRequest) -> Vec<(String, &mut Clip)> {
        request.prompt.iter_mut().map(|clip| ("prompt".to_owned(), clip)).collect()
    }

    /// Returns chunks of sentences. A rolling reading is one chunk, since its sentences continue each other.
    fn chunks(
        setup: Setup<'_>,
        mut request: TtsRequest,
        context: &Context<'_>,
    ) -> Result<Chunks<TtsRequest>, TaskError> {
        let cut = text_chunks(setup, &request.text);
        if request.rolling || cut.chunks.len() < 2 {
            return Ok(Chunks::one(request));
        }
        if let Some(prompt) = &mut request.prompt {
            *prompt = context.loaded(prompt)?;
        }
        Ok(cut.map(|text| TtsRequest { text, ..request.clone() }))
    }

    fn plan(
        setup: Setup<'_>,
        request: &TtsRequest,
        context: &Context<'_>,
    ) -> Result<(Plan, speak::Prepared), TaskError> {
        speak::plan(setup, request, context)
    }

    fn finish(
        setup: Setup<'_>,
        _request: &TtsRequest,
        prepared: speak::Prepared,
        generated: Vec<Generated>,
        context: &Context<'_>,
    ) -> Result<Speech, TaskError> {
        speak::finish(setup, prepared, &generated, context)
    }

    fn words_so_far(
        prepared: &speak::Prepared,
        pointer: &[u32],
        context: &Context<'_>,
    ) -> Vec<WordTime> {
        speak::words_so_far(prepared, pointer, context)
    }
}
