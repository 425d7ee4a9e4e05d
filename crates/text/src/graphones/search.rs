//! Beam search for the pronunciations of a word over graphones, letter by letter.

use std::collections::BTreeMap;

use super::ngrams::History;
use super::trie::END;
use super::{Candidate, Graphones};
use crate::inventory::Phone;

/// Largest number of hypotheses kept after each letter.
const BEAM: usize = 32;
/// Difference in log-probability from the best hypothesis beyond which a hypothesis is dropped, nats.
const WIDTH: f64 = 9.0;

/// Hypotheses for the letters so far, with their log-probabilities summed over all segmentations that end in the same
/// history.
type Hypotheses = BTreeMap<(History, Vec<Phone>), f64>;

/// Returns the most probable pronunciations of a word, the best first.
pub(super) fn pronunciations(model: &Graphones, word: &[u8], most: usize) -> Vec<Candidate> {
    let mut at: Vec<Hypotheses> = vec![Hypotheses::new(); word.len() + 1];
    at[0].insert((model.ngrams.start(), Vec::new()), 0.0);
    for letter in 0..word.len() {
        for ((history, phones), log_prob) in continued(std::mem::take(&mut at[letter])) {
            for letters in 1..=model.longest.min(word.len() - letter) {
                for &symbol in model.symbols_of(&word[letter..letter + letters]) {
                    let (step, next) = model.ngrams.next(history, symbol);
                    let phones = [&phones, model.phones_of(symbol)].concat();
                    add(&mut at[letter + letters], (next, phones), log_prob + step);
                }
            }
        }
    }
    let mut ended: BTreeMap<Vec<Phone>, f64> = BTreeMap::new();
    for ((history, phones), log_prob) in std::mem::take(&mut at[word.len()]) {
        if !phones.is_empty() {
            add(&mut ended, phones, log_prob + model.ngrams.next(history, END).0);
        }
    }
    let candidate = |(phones, log_prob)| Candidate { phones, log_prob };
    let mut candidates: Vec<Candidate> = ended.into_iter().map(candidate).collect();
    candidates.sort_by(|a, b| b.log_prob.total_cmp(&a.log_prob));
    candidates.truncate(most);
    candidates
}

/// Returns the kept hypotheses, the best first.
fn continued(hypotheses: Hypotheses) -> Vec<((History, Vec<Phone>), f64)> {
    let mut all: Vec<_> = hypotheses.into_iter().collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    let best = all.first().map_or(0.0, |(_, log_prob)| *log_prob);
    all.truncate(BEAM);
    all.retain(|(_, log_prob)| *log_prob >= best - WIDTH);
    all
}

/// Returns the log-probability of a word with a pronunciation, summed over all segmentations; minus infinity if there
/// is none.
pub(super) fn log_prob(model: &Graphones, word: &[u8], phones: &[Phone]) -> f64 {
    let columns = phones.len() + 1;
    let mut cells: Vec<BTreeMap<History, f64>> = vec![BTreeMap::new(); (word.len() + 1) * columns];
    cells[0].insert(model.ngrams.start(), 0.0);
    for letter in 0..word.len() {
        for phone in 0..columns {
            for (history, log_prob) in std::mem::take(&mut cells[letter * columns + phone]) {
                for letters in 1..=model.longest.min(word.len() - letter) {
                    for &symbol in model.symbols_of(&word[letter..letter + letters]) {
                        let own = model.phones_of(symbol);
                        if phones[phone..].starts_with(own) {
                            let cell = (letter + letters) * columns + phone + own.len();
                            let (step, next) = model.ngrams.next(history, symbol);
                            add(&mut cells[cell], next, log_prob + step);
                        }
                    }
                }
            }
        }
    }
    let ended = cells.pop().unwrap_or_default();
    let ends = ended.into_iter().map(|(history, sum)| sum + model.ngrams.next(history, END).0);
    ends.fold(f64::NEG_INFINITY, log_add)
}

/// Adds a probability to the sum of a key.
fn add<K: Ord>(sums: &mut BTreeMap<K, f64>, key: K, log_prob: f64) {
    let sum = sums.entry(key).or_insert(f64::NEG_INFINITY);
    *sum = log_add(*sum, log_prob);
}

/// Returns the logarithm of the sum of two probabilities given by their logarithms.
fn log_add(a: f64, b: f64) -> f64 {
    let (most, least) = if a >= b { (a, b) } else { (b, a) };
    if least == f64::NEG_INFINITY { most } else { most + (least - most).exp().ln_1p() }
}
