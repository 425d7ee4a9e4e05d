//! Grapheme-to-phoneme conversion, and back.
//!
//! The model converts only words that are not in the lexicon of the front end. Both directions learn from the lexicon,
//! without the words held out for evaluation ([`syrinx_text::is_held_out`]).
//!
//! Invariant: a row is one word; the front end determines the order of words in the sentence.

mod config;
mod example;
mod issue;
mod layout;
mod letters;
mod request;
mod sentence;

use std::sync::OnceLock;

use rand::RngCore;
use syrinx_task::{
    Capabilities, Context, Example, Generated, Layout, Phones, Plan, Task, TaskDescriptor,
    TaskError, TaskKit, Verb,
};
use syrinx_types::Sample;

pub use config::G2pConfig;
pub use issue::G2pIssue;
pub use layout::{TO_LETTERS, TO_PHONES};
pub use request::G2pRequest;

/// The registry's entry.
pub static TASK: TaskDescriptor = TaskDescriptor::of::<G2p>();

/// Grapheme-to-phoneme conversion, and back.
pub struct G2p {
    config: G2pConfig,
    kit: TaskKit,
    /// The lexicon's words that are trained on, with their usual pronunciations. Collected at the first training example:
    /// requests need none.
    words: OnceLock<Vec<(String, Vec<syrinx_text::Phone>)>>,
}

/// Words of a request: those that the model converts to phones, or those to be converted to letters.
pub enum Prepared {
    /// Words of a text that are not in the lexicon.
    Words {
        /// The text.
        text: String,
        /// Words, each once.
        words: Vec<String>,
    },
    /// Phones of words.
    Phones(Vec<letters::Spelled>),
}

impl Task for G2p {
    const ID: &'static str = "g2p";
    const SUMMARY: &'static str =
        "converts a text to phones (ARPAbet and IPA), or phones to letters";
    const VERB: Verb = Verb {
        name: "phonemize",
        positional: "text",
        example: "syrinx phonemize \"Zyxomma is a dragonfly.\"",
    };
    const CAPABILITIES: Capabilities =
        Capabilities { forms: &["phones", "ipa", "text"], ..Capabilities::NONE };
    type Config = G2pConfig;
    type Request = G2pRequest;
    type Prepared = Prepared;
    type Answer = Phones;

    fn new(config: G2pConfig, kit: &TaskKit) -> Result<Self, TaskError> {
        config.check().map_err(|issue| TaskError::config(Self::ID, issue))?;
        Ok(Self { config, kit: kit.clone(), words: OnceLock::new() })
    }

    fn layout(&self) -> Layout {
        layout::layout()
    }

    /// Collects the words that are not in the lexicon, each once.
    fn plan(
        &self,
        request: &G2pRequest,
        _context: &Context<'_>,
    ) -> Result<(Plan, Prepared), TaskError> {
        match request.direction()? {
            request::Direction::ToPhones(text) => {
                let (plan, words) = sentence::plan(&self.config, &self.kit, text)?;
                Ok((plan, Prepared::Words { text: text.to_owned(), words }))
            }
            request::Direction::ToLetters(phones) => {
                let (plan, words) = letters::plan(&self.config, &self.kit, phones)?;
                Ok((plan, Prepared::Phones(words)))
            }
        }
    }

    fn finish(
        &self,
        _request: &G2pRequest,
        prepared: Prepared,
        generated: Vec<Generated>,
        _context: &Context<'_>,
    ) -> Result<Phones, TaskError> {
        match prepared {
            Prepared::Words { text, words } => {
                sentence::finish(&self.config, &self.kit, &text, words, &generated)
            }
            Prepared::Phones(words) => Ok(letters::finish(&self.kit, &words, &generated)),
        }
    }

    /// Both directions learn from the lexicon, none from the corpus.
    fn corpus_example(
        &self,
        _stage: &str,
        _sample: &Sample,
        _rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        Ok(None)
    }

    fn own_example(
        &self,
        stage: &str,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Example>, TaskError> {
        let (lexicon, most) = (self.kit.frontend.lexicon(), self.config.max_letters);
        let words = self.words.get_or_init(|| example::trained_words(lexicon, most));
        example::example(&self.config, &self.kit, words, stage, rng)
    }
}
