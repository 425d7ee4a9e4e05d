//! Language model of word recognition.
//!
//! A mixture of three models:
//!
//! - Example sentences: bigrams with interpolated Kneser-Ney smoothing (Kneser & Ney 1995). The discount [`DISCOUNT`]
//!   of each seen pair is distributed in proportion to the number of different words that a word follows. These numbers
//!   are discounted in the same way, and their discount is distributed evenly over the dictionary, so that every word
//!   can be recognized.
//! - Web pages: bigrams of frequent pairs. The remaining probability is distributed by the frequency of the second
//!   word.
//! - Spoken English: trigrams ([`Trigrams`]).

use std::collections::BTreeMap;

use crate::counts::{BigramCounts, EDGE, Frequencies, WordFrequency};
use crate::trie::WordList;
use crate::trigrams::Trigrams;
use crate::{DecoderConfig, SttError};

/// Discount of the counts of seen pairs.
const DISCOUNT: f64 = 0.75;
/// Minimum share of a word's occurrences that is left for unlisted pairs.
const RARE_SHARE: f64 = 0.05;
/// Count of words that are not in the list of web pages: a sixth of the smallest count in the list.
const UNLISTED: f64 = 2_000.0;

/// Probabilities of words, given one or two previous words.
#[derive(Debug, Clone, PartialEq)]
pub struct WordModel {
    /// Weights and models of the bigrams. All weights sum to 1, including that of the trigrams.
    parts: Vec<(f64, Smoothed)>,
    trigrams: Option<(f64, Trigrams)>,
    words: usize,
}

/// The two words before a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordHistory {
    /// Word before the previous one; `None` if the previous one is the start of the text.
    pub earlier: Option<u32>,
    /// Previous word; the edge at the start of a text.
    pub before: u32,
}

impl WordModel {
    /// Returns the mixture of WordNet's example sentences (without the test texts of the corpus), web pages and spoken
    /// English. `config` has the weights of the last two: `web_share` and `spoken_share`.
    ///
    /// # Errors
    /// [`SttError::Data`] if a built-in file is invalid, which a test excludes.
    pub fn english(words: &WordList, config: &DecoderConfig) -> Result<Self, SttError> {
        let (web_share, spoken_share) = (config.web_share, config.spoken_share);
        let sentences = || Ok(Smoothed::of_counts(&BigramCounts::wordnet()?, words));
        let web = || Ok(Smoothed::of_frequencies(&Frequencies::web()?, words));
        let smoothed = || -> (Result<_, SttError>, Result<_, SttError>) { (sentences(), web()) };
        let ((sentences, web), spoken) = rayon::join(smoothed, || Trigrams::spoken(words));
        let parts = vec![(1.0 - web_share - spoken_share, sentences?), (web_share, web?)];
        Ok(Self { parts, trigrams: Some((spoken_share, spoken?)), words: words.len() })
    }

    /// Builds a model from counts of word pairs. Words outside the list are omitted.
    pub fn new(counts: &BigramCounts, words: &WordList) -> Self {
        Self::of(Smoothed::of_counts(counts, words), words)
    }

    /// Builds a model from counts of words and frequent pairs. Words outside the list are omitted.
    pub fn of_frequencies(frequencies: &Frequencies, words: &WordList) -> Self {
        Self::of(Smoothed::of_frequencies(frequencies, words), words)
    }

    fn of(model: Smoothed, words: &WordList) -> Self {
        Self { parts: vec![(1.0, model)], trigrams: None, words: words.len() }
    }

    /// Returns the index of the edge, the symbol for the start and the end of a text.
    pub fn edge(&self) -> u32 {
        self.words as u32
    }

    /// Returns the log-probability of a word given its history, in nats.
    pub fn log_prob(&self, history: WordHistory, word: u32) -> f32 {
        let WordHistory { earlier, before } = history;
        let of = |(share, model): &(f64, Smoothed)| share * model.probability(before, word);
        let triples = self
            .trigrams
            .iter()
            .map(|(share, model)| share * f64::from(model.probability(earlier, before, word)));
        (self.parts.iter().map(of).sum::<f64>() + triples.sum::<f64>()).ln() as f32
    }

    /// Returns the unigram log-probability of a word, in nats.
    pub fn log_unigram(&self, word: u32) -> f32 {
        let of = |(share, model): &(f64, Smoothed)| share * model.unigrams[word as usize];
        let triples =
            self.trigrams.iter().map(|(share, model)| share * f64::from(model.unigram(word)));
        (self.parts.iter().map(of).sum::<f64>() + triples.sum::<f64>()).ln() as f32
    }
}

/// Bigram probabilities with backoff to unigrams.
#[derive(Debug, Clone, PartialEq)]
struct Smoothed {
    /// Probability of each word without a context; the end of the text is the last. // (words + 1)
    unigrams: Vec<f64>,
    /// Weight of the unigrams after each word; the start of the text is the last. // (words + 1)
    backoff: Vec<f64>,
    rows: Vec<(u32, u32)>,  // (words + 1), from and to in `pairs`
    pairs: Vec<(u32, f64)>, // sorted by word within a row
}

impl Smoothed {
    fn of_counts(counts: &BigramCounts, words: &WordList) -> Self {
        let number = |word: &str| number(words, word);
        let rows: BTreeMap<u32, Vec<(u32, f64)>> = counts
            .rows()
            .filter_map(|(before, row)| {
                let mut row: Vec<(u32, f64)> =
                    row.filter_map(|(after, c)| Some((number(after)?, c))).collect();
                row.sort_unstable_by_key(|pair| pair.0);
                Some((number(before)?, row))
            })
            .filter(|(_, row)| !row.is_empty())
            .collect();
        let mut model = Self::of_unigrams(unigrams(&rows, words.len() + 1));
        for (&before, row) in &rows {
            let total: f64 = row.iter().map(|(_, c)| c).sum();
            let left = DISCOUNT * row.len() as f64 / total;
            model.add(before, row.iter().map(|&(after, c)| (after, (c - DISCOUNT) / total)), left);
        }
        model
    }

    fn of_frequencies(frequencies: &Frequencies, words: &WordList) -> Self {
        let mut counts = vec![UNLISTED; words.len() + 1];
        let mut rows = BTreeMap::new();
        for WordFrequency { word, count, after } in frequencies.words() {
            let Some(before) = number(words, word) else { continue };
            if word != EDGE {
                counts[before as usize] = *count;
            }
            let known = |(after, c): &(String, f64)| Some((number(words, after)?, *c));
            let mut row: Vec<(u32, f64)> = after.iter().filter_map(known).collect();
            row.sort_unstable_by_key(|pair| pair.0);
            rows.insert(before, (*count, row));
        }
        let total: f64 = counts.iter().sum();
        let mut model = Self::of_unigrams(counts.iter().map(|count| count / total).collect());
        for (before, (count, row)) in rows {
            let listed: f64 = row.iter().map(|(_, c)| c).sum();
            let count = count.max(listed / (1.0 - RARE_SHARE));
            model.add(
                before,
                row.iter().map(|&(after, c)| (after, c / count)),
                1.0 - listed / count,
            );
        }
        model
    }

    /// Returns a model without pairs.
    fn of_unigrams(unigrams: Vec<f64>) -> Self {
        let size = unigrams.len();
        Self { unigrams, backoff: vec![1.0; size], rows: vec![(0, 0); size], pairs: Vec::new() }
    }

    /// Adds the pairs of a word, sorted by the second word, and the weight `left` of the unigrams after it.
    fn add(&mut self, before: u32, row: impl Iterator<Item = (u32, f64)>, left: f64) {
        let from = self.pairs.len() as u32;
        self.pairs.extend(row);
        self.rows[before as usize] = (from, self.pairs.len() as u32);
        self.backoff[before as usize] = left;
    }

    fn probability(&self, before: u32, word: u32) -> f64 {
        let (from, to) = self.rows[before as usize];
        let row = &self.pairs[from as usize..to as usize];
        let seen = row.binary_search_by_key(&word, |p| p.0).map_or(0.0, |i| row[i].1);
        seen + self.backoff[before as usize] * self.unigrams[word as usize]
    }
}

/// Returns the index of a word or of the edge.
fn number(words: &WordList, word: &str) -> Option<u32> {
    if word == EDGE { Some(words.len() as u32) } else { words.find(word) }
}

/// Returns unigram probabilities by the number of different words that each word follows (Kneser-Ney). // (size)
fn unigrams(rows: &BTreeMap<u32, Vec<(u32, f64)>>, size: usize) -> Vec<f64> {
    let mut followed = vec![0_u32; size];
    for (after, _) in rows.values().flatten() {
        followed[*after as usize] += 1;
    }
    let pairs: f64 = followed.iter().map(|&c| f64::from(c)).sum();
    if pairs == 0.0 {
        return vec![1.0 / size as f64; size];
    }
    let kinds = followed.iter().filter(|&&c| c > 0).count() as f64;
    let floor = DISCOUNT * kinds / pairs / size as f64;
    followed.iter().map(|&c| (f64::from(c) - DISCOUNT).max(0.0) / pairs + floor).collect()
}
