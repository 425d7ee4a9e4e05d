//! Conversion of text to phones: normalization, dictionary, pronunciation of unknown words, pause marks.

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

/// Pronouncer of words that are not in a lexicon, such as a model's grapheme-to-phoneme task.
pub trait Pronounce {
    /// Returns one pronunciation for each word (in lower case), in the same order and without marks. An empty
    /// pronunciation stands for an unknown word, which the letter-to-sound rules then pronounce.
    ///
    /// # Errors
    /// Any failure of the pronouncer, which ends the conversion of the text.
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
    /// A pronunciation between slashes in the text.
    Inline,
    /// A [`Pronounce`] implementation.
    Model,
    /// The letter-to-sound rules.
    Rules,
}

/// One spoken word.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpokenWord {
    /// The text as written: `$5` for both `five` and `dollars`.
    pub written: String,
    /// Spoken form, in lower case; letters read by their names are in upper case.
    pub spoken: String,
    /// Phones of the word, without marks.
    pub phones: Vec<Phone>,
    /// Origin of the phones.
    pub source: Source,
    /// Index of the written piece. A piece may have several words.
    pub piece: usize,
}

/// A text as phones.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Phonemized {
    /// The words in order; never empty.
    pub words: Vec<SpokenWord>,
    /// All phones: words with `|` between them, and a pause mark `,` `.` `?` `!` right after a word where the text has
    /// one. No silence at the ends.
    pub phones: Vec<Phone>,
    /// Index in `words` of each phone; `None` for marks.
    pub word_of_phone: Vec<Option<usize>>,
    /// Symbols of the text without a spoken name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<UnspokenSymbol>,
}

impl Phonemized {
    /// Returns the range of a word's phones in `phones`.
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

/// Converter of English text to phones.
#[derive(Debug, Clone)]
pub struct Frontend {
    lexicon: Lexicon,
    speller: RuleSpeller,
    reader: Option<Reader>,
    /// Loaded at the first word that needs it, and shared by clones.
    graphones: Arc<OnceLock<Graphones>>,
}

/// Pronouncer that is used before the letter-to-sound rules.
#[derive(Clone)]
struct Reader(Arc<dyn Pronounce + Send + Sync>);

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}

/// Inflates the shared tables (dictionary and weights of the part-of-speech tagger), which otherwise happens with the
/// first text.
pub fn preload() {
    // A fault of the dictionary is reported at its first use.
    let _ = Lexicon::english();
    tagger::preload();
}

impl Frontend {
    /// Builds a front end with the CMU dictionary alone.
    ///
    /// # Errors
    /// [`TextError::Embedded`] if the embedded data is invalid, which means that the build is broken.
    pub fn english() -> Result<Self, TextError> {
        Ok(Self::new(Lexicon::english()?))
    }

    /// Builds a front end with a lexicon, for instance one with a user's words.
    pub fn new(lexicon: Lexicon) -> Self {
        Self { lexicon, speller: RuleSpeller, reader: None, graphones: Arc::default() }
    }

    /// Sets a pronouncer of unknown words for [`Frontend::phonemize`]. The letter-to-sound rules pronounce the words
    /// that it does not know.
    pub fn with_pronounce(self, reader: Arc<dyn Pronounce + Send + Sync>) -> Self {
        Self { reader: Some(Reader(reader)), ..self }
    }

    /// Returns the lexicon in use.
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// Returns the n-gram model of graphones, which is loaded at the first call.
    ///
    /// # Errors
    /// [`TextError::Embedded`] if the embedded data is invalid, which means that the build is broken.
    pub fn graphones(&self) -> Result<&Graphones, TextError> {
        if let Some(read) = self.graphones.get() {
            return Ok(read);
        }
        let read = Graphones::english()?;
        Ok(self.graphones.get_or_init(|| read))
    }

    /// Converts a text to phones. Unknown words are pronounced by the pronouncer ([`Frontend::with_pronounce`]), if
    /// there is one, else by the letter-to-sound rules.
    ///
    /// A pronunciation between slashes, in ARPAbet (`/HH AH0 L OW1/`) or IPA (`/həˈloʊ/`), directly after a word
    /// replaces the pronunciation of that word (`Nguyen/W IH1 N/`); otherwise it is a word of its own.
    ///
    /// # Errors
    /// [`TextError::NothingToSay`] for a text without words, [`TextError::NotEnglish`] for a text mostly in another
    /// script than Latin, and errors of the pronouncer.
    pub fn phonemize(&self, text: &str) -> Result<Phonemized, TextError> {
        match &self.reader {
            Some(Reader(reader)) => self.phonemize_by(text, Some(reader.as_ref())),
            None => self.phonemize_by(text, None),
        }
    }

    /// Converts a text to phones. `unknown` pronounces all unknown words in one call; the letter-to-sound rules
    /// pronounce the words that it does not know.
    ///
    /// # Errors
    /// Errors of [`Frontend::phonemize`] and of `unknown`.
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

    /// Sets the pronunciation of every word without phones: by `unknown`, else by the letter-to-sound rules.
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
