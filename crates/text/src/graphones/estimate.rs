//! Estimation of a graphone model from a lexicon.

use std::collections::BTreeMap;

use super::Graphone;
use super::align::{Aligner, Pair, is_alignable};
use super::packed;
use super::trie::{CountTrie, FIRST_GRAPHONE};
use crate::error::{GraphoneFault, TextError};
use crate::lexicon::{Lexicon, is_held_out};

/// Order of the n-grams.
const ORDER: usize = 6;

/// Estimates a graphone model from the dictionary of a lexicon, and returns it as the bytes of a file. Held-out words
/// ([`is_held_out`]) and words with characters other than `a` to `z` and apostrophes are left out. All pronunciations
/// of a word are used.
///
/// # Errors
/// [`TextError::Graphones`] if the bytes can't be deflated.
pub fn estimate(lexicon: &Lexicon) -> Result<Vec<u8>, TextError> {
    let mut pairs = Vec::new();
    for (word, pronunciations) in lexicon.iter() {
        if is_alignable(word) && !is_held_out(word) {
            let pair = |phones: &[_]| Pair { letters: word.into(), phones: phones.to_vec() };
            pairs.extend(pronunciations.iter().map(pair));
        }
    }
    packed(&pairs).map_err(|fault| TextError::Graphones { fault })
}

fn packed(pairs: &[Pair]) -> Result<Vec<u8>, GraphoneFault> {
    let aligner = Aligner::estimate(pairs);
    let words: Vec<Vec<Graphone>> = pairs.iter().filter_map(|p| graphones(&aligner, p)).collect();
    let mut counts: BTreeMap<&Graphone, usize> = BTreeMap::new();
    for graphone in words.iter().flatten() {
        *counts.entry(graphone).or_default() += 1;
    }
    // The most frequent graphones come first, since small numbers take fewer bytes.
    let mut all: Vec<(&Graphone, usize)> = counts.into_iter().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let symbols: BTreeMap<&Graphone, u16> = all
        .iter()
        .zip(FIRST_GRAPHONE..)
        .map(|((graphone, _), symbol)| (*graphone, symbol))
        .collect();
    let sequences: Vec<Vec<u16>> =
        words.iter().map(|word| word.iter().map(|graphone| symbols[graphone]).collect()).collect();
    let trie = CountTrie::of_sequences(sequences.iter().map(Vec::as_slice), ORDER);
    let inventory: Vec<Graphone> = all.into_iter().map(|(graphone, _)| graphone.clone()).collect();
    packed::write(&inventory, &trie)
}

/// Returns the graphones of a pair in its most probable segmentation.
fn graphones(aligner: &Aligner, pair: &Pair) -> Option<Vec<Graphone>> {
    let (mut letters, mut phones) = (pair.letters.as_slice(), pair.phones.as_slice());
    let cut = |(letter_count, phone_count)| {
        let (own_letters, own_phones);
        (own_letters, letters) = letters.split_at(letter_count);
        (own_phones, phones) = phones.split_at(phone_count);
        Graphone { letters: own_letters.to_vec(), phones: own_phones.to_vec() }
    };
    Some(aligner.segment(pair)?.into_iter().map(cut).collect())
}
