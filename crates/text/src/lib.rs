//! Conversion of English text to phones: normalization, sentences, lexicon, phone inventory, vocabularies.
//!
//! [`Frontend::phonemize`] converts written text to [`Phone`]s; its steps can be used alone: [`normalize::normalize`]
//! verbalizes numbers, dates, money, units, abbreviations and symbols, [`sentences::split`] splits long text,
//! [`Lexicon`] holds the CMU dictionary and the user's words, [`inventory`] and [`ipa`] read and write phones, and
//! [`TextVocab`] gives every phone, byte and byte pair its token id.
//!
//! Invariants: the crate uses no model (a [`Pronounce`] implementation may), no network and no environment, and opens
//! no file but a user lexicon. Every text gives phones or a [`TextError`], never a panic, in time linear in its length.
//! The inventory and the order of ids of [`TextVocab`] are fixed, because trained weights depend on them.
//!
//! ```
//! use syrinx_text::{Frontend, inventory::to_arpabet};
//!
//! let spoken = Frontend::english()?.phonemize("Dr. Smith has 2 dogs.")?;
//! let words: Vec<_> = spoken.words.iter().map(|w| w.spoken.as_str()).collect();
//! assert_eq!(words, ["doctor", "smith", "has", "two", "dogs"]);
//! assert_eq!(to_arpabet(&spoken.words[3].phones), "T UW1");
//! # Ok::<(), syrinx_text::TextError>(())
//! ```

mod abbreviations;
pub mod bpe;
mod error;
mod espeak;
pub mod frontend;
pub mod graphones;
mod incoming;
mod inline;
pub mod inventory;
pub mod ipa;
mod ipa_tokens;
mod letter_names;
pub mod lexicon;
pub mod markup;
pub mod normalize;
pub mod scoring;
pub mod sentences;
pub mod subtitles;
mod user_lexicon;
pub mod vocab;

pub use bpe::train_bpe;
pub use error::{EmbeddedFault, GraphoneFault, LexiconFault, PhoneError, TextError};
pub use espeak::espeak_ipa;
pub use frontend::{Frontend, Phonemized, Pronounce, RuleSpeller, Source, SpokenWord, preload};
pub use graphones::{Candidate, Graphones};
pub use incoming::IncomingText;
pub use inventory::{Phone, Stress, strip_stress};
pub use ipa_tokens::{IpaTokenizer, IpaTokenizerError};
pub use lexicon::{Lexicon, Pronunciation, Pronunciations, is_held_out};
pub use normalize::{UnspokenSymbol, normalize, symbols_left_out};
pub use scoring::{normalize_for_scoring, whisper_english};
pub use vocab::{Special, TextToken, TextVocab};
