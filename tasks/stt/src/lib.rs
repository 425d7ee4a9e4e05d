//! Speech to text: codes in, words with times out.
//!
//! The model hears phones: a score of every phone for every 20 ms. The decoder ([`decoder`]) finds the words of the
//! lexicon that explain them best, with a bigram language model. `syrinx_speech::align` places known words instead.
//!
//! Invariants: one core is enough, at well below a tenth of real time; the same scores give the same words.

mod config;
pub mod decoder;
mod error;
mod example;
mod hear;
mod layout;
mod lm;
mod request;
mod search;
mod trie;

use std::sync::OnceLock;

use rand::RngCore;
use syrinx_task::{
    AnswerKind, Clip, Example, Generated, Layout, Plan, Task, TaskDescriptor, TaskError, TaskKit,
    Verb,
};
use syrinx_types::Sample;

pub use config::{DecoderConfig, Spelling, SttConfig, SttMode};
pub use decoder::{Decoder, Heard};
pub use error::SttError;
pub use example::heard_labels;
pub use layout::{PHONES, TEXT};
pub use lm::{BigramCounts, Bigrams};
pub use request::{SttAnswer, SttRequest};
pub use trie::{Trie, WordList, dictionary};

/// What the registry lists.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<Stt>();

/// Speech to text.
pub struct Stt {
    config: SttConfig,
    kit: TaskKit,
    /// Built at the first answer: training needs none.
    decoder: OnceLock<Decoder>,
}

impl Stt {
    /// The decoder.
    ///
    /// # Errors
    /// Only when the build is broken.
    pub fn decoder(&self) -> Result<&Decoder, TaskError> {
        if let Some(decoder) = self.decoder.get() {
            return Ok(decoder);
        }
        let config = self.config.decoder.clone();
        let decoder = Decoder::english(self.kit.frontend.lexicon(), config)?;
        Ok(self.decoder.get_or_init(|| decoder))
    }
}

impl Task for Stt {
    const ID: &'static str = "stt";
    const SUMMARY: &'static str =
        "writes down what is said in a recording, with the times of the words";
    const VERB: Verb =
        Verb { name: "transcribe", positional: "audio", example: "syrinx transcribe talk.mp3" };
    const ANSWER: AnswerKind = AnswerKind::Text;
    type Config = SttConfig;
    type Request = SttRequest;
    type Answer = SttAnswer;

    fn new(config: SttConfig, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check()?;
        Ok(Self { config, kit: kit.clone(), decoder: OnceLock::new() })
    }

    fn layout(&self) -> Layout {
        layout::layout(&self.config)
    }

    fn plan(&self, request: &SttRequest) -> Result<Plan, TaskError> {
        hear::plan(&self.config, &self.kit, request)
    }

    fn finish(
        &self,
        request: &SttRequest,
        generated: Vec<Generated>,
    ) -> Result<SttAnswer, TaskError> {
        match (self.config.mode, &request.text) {
            (SttMode::Text, _) => Ok(hear::written(&self.kit, &generated)),
            (SttMode::Aligned, None) => hear::transcribed(self.decoder()?, &self.kit, &generated),
            (SttMode::Aligned, Some(text)) => {
                hear::placed(self.decoder()?, &self.kit, text, &generated)
            }
        }
    }

    fn example(
        &self,
        stage: &str,
        sample: Option<&Sample>,
        _rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        let Some(sample) = sample else { return Ok(None) };
        match (stage, self.config.mode) {
            (PHONES, SttMode::Aligned) => Ok(example::phones(&self.config, sample)),
            (TEXT, SttMode::Text) => example::text(&self.config, &self.kit, sample),
            (other, mode) => {
                let has = if mode == SttMode::Aligned { PHONES } else { TEXT };
                let reason = format!("speech to text in this mode has only the stage `{has}`");
                Err(TaskError::Layout { stage: other.into(), reason })
            }
        }
    }

    /// The recording is what the codec makes of the codes; it is in memory, so only a typed request carries it.
    fn request_for(&self, sample: &Sample) -> Option<SttRequest> {
        let audio = self.kit.studio.as_ref()?.decode(&sample.codes).ok()?;
        Some(SttRequest { audio: Clip::from(audio), text: None })
    }
}
