//! Joint-sequence model of letters and phones: n-grams over graphones (Bisani and Ney 2008; Chen 2003).
//!
//! A graphone is one or two letters with the phones that they are said as. A word and its pronunciation are a sequence
//! of graphones, whose probability a modified Kneser-Ney model gives. The pronunciations of a word are found by beam
//! search over the graphones of its letters. [`estimate`] makes the model of a lexicon, without the words kept for
//! evaluation ([`crate::is_held_out`]); `data/README.md` describes the embedded one.

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

/// The model of the CMU dictionary; made by the example `build_graphones`.
const ENGLISH: &[u8] = include_bytes!("../../data/graphones.bin");

/// Letters and the phones that they are said as.
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
    /// Graphones by symbol, from [`FIRST_GRAPHONE`].
    graphones: Vec<Graphone>,
    /// Symbols of the graphones of the same letters.
    symbols: BTreeMap<Vec<u8>, Vec<u16>>,
    /// Most letters of a graphone.
    longest: usize,
    ngrams: NGrams,
}

impl Graphones {
    /// Reads the embedded model, estimated from the CMU dictionary; takes some tens of milliseconds.
    ///
    /// Errors only when the build is broken.
    pub fn english() -> Result<Self, TextError> {
        Self::from_packed(ENGLISH)
    }

    /// Builds a model that [`estimate`] made.
    ///
    /// Errors when the bytes are none, or changed.
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

    /// Returns the most probable pronunciations of a word, the best first; fewer than `most` where there are no more, none
    /// for a word with other characters than the lexicon's (`a` to `z` and apostrophes). Case doesn't matter. Time is
    /// linear in the word's length.
    pub fn pronunciations(&self, word: &str, most: usize) -> Vec<Candidate> {
        search::pronunciations(self, word.to_ascii_lowercase().as_bytes(), most)
    }

    /// Returns the logarithm of the joint probability of a word and a pronunciation; minus infinity where no sequence of
    /// graphones makes both.
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
