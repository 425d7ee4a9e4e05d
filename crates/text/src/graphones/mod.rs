//! Joint-sequence model of letters and phones: n-grams over graphones (Bisani and Ney 2008; Chen 2003).
//!
//! A graphone is a pair of one or two letters and their phones. A word with its pronunciation is a sequence of
//! graphones, whose probability is given by a modified Kneser-Ney model. A beam search over the graphones of a word's
//! letters finds its pronunciations. [`estimate`] builds a model from a lexicon without the held-out words
//! ([`crate::is_held_out`]); `data/README.md` describes the embedded model.

mod align;
mod estimate;
mod ngrams;
mod packed;
mod search;
mod trie;

use std::collections::BTreeMap;

use crate::error::{GraphoneFault, TextError};
use crate::inventory::Phone;
use ngrams::NGrams;
use trie::FIRST_GRAPHONE;

pub use estimate::estimate;

/// Model of the CMU dictionary, written by the example `build_graphones`.
const ENGLISH: &[u8] = include_bytes!("../../data/graphones.bin");

/// Letters with their phones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Graphone {
    letters: Vec<u8>,
    phones: Vec<Phone>,
}

/// A pronunciation with its probability.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Phones, without marks.
    pub phones: Vec<Phone>,
    /// Natural logarithm of the joint probability of letters and phones.
    pub log_prob: f64,
}

/// N-gram model of graphones.
#[derive(Debug)]
pub struct Graphones {
    /// Graphones; the first has the symbol [`FIRST_GRAPHONE`].
    graphones: Vec<Graphone>,
    /// Symbols of the graphones by their letters.
    symbols: BTreeMap<Vec<u8>, Vec<u16>>,
    /// Largest number of letters of a graphone.
    longest: usize,
    ngrams: NGrams,
}

impl Graphones {
    /// Loads the embedded model of the CMU dictionary, in some tens of milliseconds.
    ///
    /// # Errors
    /// [`TextError::Graphones`] if the embedded model is invalid, which means that the build is broken.
    pub fn english() -> Result<Self, TextError> {
        Self::from_packed(ENGLISH)
    }

    /// Loads a model from the bytes that [`estimate`] returned.
    ///
    /// # Errors
    /// [`TextError::Graphones`] if the bytes are not a model, or were changed.
    pub fn from_packed(packed: &[u8]) -> Result<Self, TextError> {
        let broken = |fault: GraphoneFault| TextError::Graphones { fault };
        let (graphones, trie) = packed::read(packed).map_err(broken)?;
        let mut symbols: BTreeMap<Vec<u8>, Vec<u16>> = BTreeMap::new();
        for (symbol, graphone) in (FIRST_GRAPHONE..).zip(&graphones) {
            symbols.entry(graphone.letters.clone()).or_default().push(symbol);
        }
        let longest = symbols.keys().map(Vec::len).max().unwrap_or(0);
        Ok(Self { graphones, symbols, longest, ngrams: NGrams::new(trie) })
    }

    /// Returns at most `most` pronunciations of a word, the most probable first. The result is empty for a word with
    /// characters other than `a` to `z` and apostrophes. Case is ignored. Time is linear in the word's length.
    pub fn pronunciations(&self, word: &str, most: usize) -> Vec<Candidate> {
        search::pronunciations(self, word.to_ascii_lowercase().as_bytes(), most)
    }

    /// Returns the natural logarithm of the joint probability of a word and a pronunciation; minus infinity if no
    /// sequence of graphones yields both.
    pub fn log_prob(&self, word: &str, phones: &[Phone]) -> f64 {
        search::log_prob(self, word.to_ascii_lowercase().as_bytes(), phones)
    }

    fn symbols_of(&self, letters: &[u8]) -> &[u16] {
        self.symbols.get(letters).map_or(&[], Vec::as_slice)
    }

    fn phones_of(&self, symbol: u16) -> &[Phone] {
        &self.graphones[usize::from(symbol - FIRST_GRAPHONE)].phones
    }
}
