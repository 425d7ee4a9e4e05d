//! Text to phones: normalise, look up, spell the rest, put marks between the words.

mod assemble;
mod derive;
mod heteronyms;
mod letters;
mod rules;
mod rules_table;
pub(crate) mod script;
mod tagger;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use serde::Serialize;

use crate::error::{TextError, excerpt};
use crate::graphones::Graphones;
use crate::inline;
use crate::inventory::Phone;
use crate::lexicon::Lexicon;
use crate::normalize::UnspokenSymbol;

pub use rules::RuleSpeller;

/// Finds pronunciations of words that are in no lexicon; the model's own text-to-phoneme task is one.
pub trait Pronounce {
    /// Pronunciations of words in lower case, one per word in the same order, without marks. An empty one means
    /// "don't know", and the spelling rules take over.
    ///
    /// Errors stop the whole text.
    fn pronounce(
        &self,
        words: &[String],
    ) -> Result<Vec<Vec<Phone>>, Box<dyn std::error::Error + Send + Sync>>;
}

/// Origin of a pronunciation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The CMU dictionary, directly or by a regular ending, a compound or a letter's name.
    Lexicon,
    /// The user's lexicon.
    User,
    /// Written between slashes in the text.
    Inline,
    /// The [`Pronounce`] that was given.
    Model,
    /// The spelling rules.
    Rules,
}

/// One spoken word.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpokenWord {
    /// The text as written: `$5` for both `five` and `dollars`.
    pub written: String,
    /// Spoken form, lower case (a letter's name is upper case).
    pub spoken: String,
    /// Phones of the word, without marks.
    pub phones: Vec<Phone>,
    /// Origin of the phones.
    pub source: Source,
    /// Number of the written piece, from 0; words of one piece share it.
    pub piece: usize,
}

/// A text as phones.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Phonemized {
    /// The words in order; never empty.
    pub words: Vec<SpokenWord>,
    /// All phones: words with `|` between them, and a pause mark `,` `.` `?` `!` right after a word where the text
    /// has one. No silence at the ends.
    pub phones: Vec<Phone>,
    /// For each of `phones` the index in `words`; nothing for marks.
    pub word_of_phone: Vec<Option<usize>>,
    /// Symbols of the text without a spoken name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<UnspokenSymbol>,
}

impl Phonemized {
    /// Range of the phones of a word in `phones`.
    pub fn phones_of_word(&self, word: usize) -> std::ops::Range<usize> {
        let start = self.word_of_phone.iter().position(|&w| w == Some(word)).unwrap_or(0);
        let count = self.words.get(word).map_or(0, |w| w.phones.len());
        start..start + count
    }

    /// Returns the spoken words with one space between them.
    pub fn spoken_text(&self) -> String {
        self.words.iter().map(|w| w.spoken.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// Turns English text into phones.
#[derive(Debug, Clone)]
pub struct Frontend {
    lexicon: Lexicon,
    speller: RuleSpeller,
    reader: Option<Reader>,
    /// Read at the first word that needs it; clones share it.
    graphones: Arc<OnceLock<Graphones>>,
}

/// Reads unknown words before the rules do.
#[derive(Clone)]
struct Reader(Arc<dyn Pronounce + Send + Sync>);

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}

/// Reads the tables that are inflated once and shared: the dictionary and the weights of the part-of-speech tagger. Without
/// it that happens at the first text.
pub fn preload() {
    // A broken dictionary is reported by its first use.
    let _ = Lexicon::english();
    tagger::preload();
}

impl Frontend {
    /// With the CMU dictionary alone.
    ///
    /// Errors only when the build is broken.
    pub fn english() -> Result<Self, TextError> {
        Ok(Self::new(Lexicon::english()?))
    }

    /// With a lexicon, for instance one with a user's words.
    pub fn new(lexicon: Lexicon) -> Self {
        Self { lexicon, speller: RuleSpeller, reader: None, graphones: Arc::default() }
    }

    /// Returns the front end with a pronouncer of unknown words for [`Frontend::phonemize`]; the rules pronounce words
    /// that it does not know.
    pub fn with_pronounce(self, reader: Arc<dyn Pronounce + Send + Sync>) -> Self {
        Self { reader: Some(Reader(reader)), ..self }
    }

    /// Returns the lexicon in use.
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// Returns the n-gram model of letters and phones, which is read at the first call.
    ///
    /// Errors only when the build is broken.
    pub fn graphones(&self) -> Result<&Graphones, TextError> {
        if let Some(read) = self.graphones.get() {
            return Ok(read);
        }
        let read = Graphones::english()?;
        Ok(self.graphones.get_or_init(|| read))
    }

    /// Returns the phones of a text; unknown words are spelled by rule, or asked of the reader that was given
    /// ([`Frontend::with_pronounce`]).
    ///
    /// A pronunciation between slashes, ARPAbet (`/HH AH0 L OW1/`) or IPA (`/həˈloʊ/`), right after a word replaces
    /// that word's own (`Nguyen/W IH1 N/`); standing alone it is a word.
    ///
    /// Errors when there is no word in the text, or when it is mostly not in Latin letters.
    pub fn phonemize(&self, text: &str) -> Result<Phonemized, TextError> {
        match &self.reader {
            Some(Reader(reader)) => self.phonemize_by(text, Some(reader.as_ref())),
            None => self.phonemize_by(text, None),
        }
    }

    /// Returns the phones of a text. Unknown words go to `unknown`, all at once; the rules pronounce words that it does
    /// not know.
    ///
    /// Errors as [`Frontend::phonemize`] does, and when `unknown` fails.
    pub fn phonemize_with(
        &self,
        text: &str,
        unknown: &dyn Pronounce,
    ) -> Result<Phonemized, TextError> {
        self.phonemize_by(text, Some(unknown))
    }

    fn phonemize_by(
        &self,
        text: &str,
        unknown: Option<&dyn Pronounce>,
    ) -> Result<Phonemized, TextError> {
        let (text, inlines) = inline::extract(text);
        script::check(&text)?;
        let (mut units, left_out) = assemble::units(&text, &inlines, &self.lexicon);
        if !units.iter().any(|unit| unit.is_word()) {
            return Err(TextError::NothingToSay { excerpt: excerpt(&text) });
        }
        self.resolve_unknown(&mut units, unknown)?;
        heteronyms::resolve(&mut units, &self.lexicon);
        Ok(Phonemized { left_out, ..assemble::phonemized(units) })
    }

    /// Gives every word without phones its pronunciation: that of `unknown`, else that of the rules.
    fn resolve_unknown(
        &self,
        units: &mut [assemble::Unit],
        unknown: Option<&dyn Pronounce>,
    ) -> Result<(), TextError> {
        let mut order: HashMap<String, usize> = HashMap::new();
        let mut words: Vec<String> = Vec::new();
        for word in units.iter().filter_map(assemble::Unit::unknown_word) {
            if !order.contains_key(word) {
                order.insert(word.to_owned(), words.len());
                words.push(word.to_owned());
            }
        }
        if words.is_empty() {
            return Ok(());
        }
        let answered = unknown.map_or(Ok(Vec::new()), |unknown| unknown.pronounce(&words));
        let mut answers = answered.map_err(|cause| {
            const NAMED: usize = 5;
            TextError::Pronounce { words: words.iter().take(NAMED).cloned().collect(), cause }
        })?;
        answers.resize(words.len(), Vec::new());
        for unit in units {
            let Some(index) = unit.unknown_word().and_then(|word| order.get(word)) else {
                continue;
            };
            let answer: Vec<Phone> =
                answers[*index].iter().copied().filter(|p| !p.is_mark()).collect();
            if answer.is_empty() {
                unit.set_phones(self.speller.spell(&words[*index]), Source::Rules);
            } else {
                unit.set_phones(answer, Source::Model);
            }
        }
        Ok(())
    }
}
