//! Letters to phones, and back.
//!
//! The lexicon of the front end comes first; the model is asked only for words that it doesn't have. Both directions
//! learn from the lexicon, without the words kept for evaluation ([`syrinx_text::is_held_out`]).
//!
//! Invariant: a row is one word; the sentence around it is put together from the front end's own order.

mod config;
mod example;
mod layout;
mod letters;
mod request;
mod sentence;

use rand::RngCore;
use syrinx_task::{
    AnswerKind, Example, Generated, Layout, Plan, Task, TaskDescriptor, TaskError, TaskKit, Verb,
};
use syrinx_types::Sample;

pub use config::G2pConfig;
pub use layout::{TO_LETTERS, TO_PHONES};
pub use request::{G2pAnswer, G2pRequest, G2pWord};

/// What the registry lists.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<G2p>();

/// Letters to phones, and back.
pub struct G2p {
    config: G2pConfig,
    kit: TaskKit,
    /// The lexicon's words that are trained on, with their usual pronunciations.
    words: Vec<(String, Vec<syrinx_text::Phone>)>,
}

impl Task for G2p {
    const ID: &'static str = "g2p";
    const SUMMARY: &'static str = "writes a text in phones (ARPAbet and IPA), or phones in letters";
    const VERB: Verb = Verb {
        name: "phonemize",
        positional: "text",
        example: "syrinx phonemize \"Zyxomma is a dragonfly.\"",
    };
    const ANSWER: AnswerKind = AnswerKind::Phones;
    type Config = G2pConfig;
    type Request = G2pRequest;
    type Answer = G2pAnswer;

    fn new(config: G2pConfig, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check()?;
        let words = example::trained_words(kit.frontend.lexicon(), config.max_letters);
        Ok(Self { config, kit: kit.clone(), words })
    }

    fn layout(&self) -> Layout {
        layout::layout()
    }

    fn plan(&self, request: &G2pRequest) -> Result<Plan, TaskError> {
        match request.direction()? {
            request::Direction::ToPhones(text) => sentence::plan(&self.config, &self.kit, text),
            request::Direction::ToLetters(phones) => letters::plan(&self.config, &self.kit, phones),
        }
    }

    fn finish(
        &self,
        request: &G2pRequest,
        generated: Vec<Generated>,
    ) -> Result<G2pAnswer, TaskError> {
        match request.direction()? {
            request::Direction::ToPhones(text) => {
                sentence::finish(&self.config, &self.kit, text, &generated)
            }
            request::Direction::ToLetters(phones) => letters::finish(&self.kit, phones, &generated),
        }
    }

    fn example(
        &self,
        stage: &str,
        _sample: Option<&Sample>,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        example::example(&self.config, &self.kit, &self.words, stage, rng)
    }

    fn request_for(&self, sample: &Sample) -> Option<G2pRequest> {
        let text = sample.text.trim();
        (!text.is_empty()).then(|| G2pRequest { text: Some(text.into()), phones: None })
    }
}
