//! Bigram language model.
//!
//! Interpolated Kneser-Ney smoothing (Kneser & Ney 1995, with one discount): a pair that was seen loses
//! [`DISCOUNT`] of its count; what is lost goes to words by the number of different words that they followed; and
//! what those lose goes to all words of the dictionary alike, so that every word can be recognized.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::DeflateDecoder;
use syrinx_text::{normalize, normalize_for_scoring};

use crate::SttError;
use crate::trie::WordList;

/// The pairs of WordNet's example sentences, but for the test texts of the corpus; made by the example `build_data`.
const BIGRAMS: &[u8] = include_bytes!("../data/bigrams.deflate");

/// Discount of seen counts.
const DISCOUNT: f64 = 0.75;

/// The name of a text's beginning and end in the counts. No word looks like it.
const EDGE: &str = "</s>";

/// Counts of word pairs: for each word those after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BigramCounts(BTreeMap<String, BTreeMap<String, u32>>);

impl BigramCounts {
    /// Counts the pairs of words of texts, each with its beginning and its end.
    pub fn of_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut counts = Self::default();
        for text in texts {
            let mut words = normalize_for_scoring(&normalize(text));
            // Numbers are written out; remaining digits would look like a count in the file.
            words.retain(|word| !word.bytes().all(|b| b.is_ascii_digit()));
            if words.is_empty() {
                continue;
            }
            let befores = std::iter::once(EDGE).chain(words.iter().map(String::as_str));
            let afters = words.iter().map(String::as_str).chain([EDGE]);
            for (before, after) in befores.zip(afters) {
                let row = counts.0.entry(before.to_owned()).or_default();
                *row.entry(after.to_owned()).or_default() += 1;
            }
        }
        counts
    }

    /// Lines `word next count next count ...`, the count left out where it is 1.
    pub fn to_lines(&self) -> String {
        let mut lines = String::new();
        for (before, row) in &self.0 {
            lines.push_str(before);
            for (after, count) in row {
                lines.push(' ');
                lines.push_str(after);
                if *count > 1 {
                    lines.push_str(&format!(" {count}"));
                }
            }
            lines.push('\n');
        }
        lines
    }

    /// Reads what [`BigramCounts::to_lines`] wrote.
    ///
    /// # Errors
    /// [`SttError::Data`] names the line.
    pub fn from_lines(lines: &str) -> Result<Self, SttError> {
        let mut counts = Self::default();
        for (i, line) in lines.lines().enumerate() {
            let bad = |reason: &str| SttError::Data {
                file: "word pairs",
                line: i + 1,
                reason: reason.to_owned(),
            };
            let mut entries = line.split(' ');
            let before = entries.next().filter(|w| !w.is_empty()).ok_or_else(|| bad("no word"))?;
            let row = counts.0.entry(before.to_owned()).or_default();
            let mut last: Option<&str> = None;
            for entry in entries {
                match entry.parse::<u32>() {
                    Ok(count) => {
                        let word = last.take().ok_or_else(|| bad("a count without a word"))?;
                        row.insert(word.to_owned(), count);
                    }
                    Err(_) => {
                        row.insert(entry.to_owned(), 1);
                        last = Some(entry);
                    }
                }
            }
        }
        Ok(counts)
    }
}

/// Probabilities of words after words.
#[derive(Debug, Clone, PartialEq)]
pub struct Bigrams {
    /// Log-probabilities of a word after any other: (words + 1), the end last.
    unigrams: Vec<f64>,
    /// Share that goes to the unigrams after each word: (words + 1), the beginning last.
    backoff: Vec<f64>,
    rows: Vec<(u32, u32)>,  // (words + 1), from and to in `pairs`
    pairs: Vec<(u32, f64)>, // sorted by word within a row
}

impl Bigrams {
    /// Returns the model of WordNet's example sentences, but for the test texts of the corpus.
    ///
    /// # Errors
    /// Only when the build is broken.
    pub fn english(words: &WordList) -> Result<Self, SttError> {
        let mut lines = String::new();
        DeflateDecoder::new(BIGRAMS).read_to_string(&mut lines).map_err(|e| SttError::Data {
            file: "word pairs",
            line: 0,
            reason: e.to_string(),
        })?;
        Ok(Self::new(&BigramCounts::from_lines(&lines)?, words))
    }

    /// Returns the model of some counts. Words that aren't in the list are left out.
    pub fn new(counts: &BigramCounts, words: &WordList) -> Self {
        let edge = words.len() as u32;
        let number = |word: &str| if word == EDGE { Some(edge) } else { words.find(word) };
        let rows: BTreeMap<u32, Vec<(u32, u32)>> = counts
            .0
            .iter()
            .filter_map(|(before, row)| {
                let mut row: Vec<(u32, u32)> =
                    row.iter().filter_map(|(after, &c)| Some((number(after)?, c))).collect();
                row.sort_unstable();
                Some((number(before)?, row))
            })
            .filter(|(_, row)| !row.is_empty())
            .collect();
        let size = words.len() + 1;
        let mut model = Self {
            unigrams: unigrams(&rows, size),
            backoff: vec![1.0; size],
            rows: vec![(0, 0); size],
            pairs: Vec::new(),
        };
        for (&before, row) in &rows {
            let total: f64 = row.iter().map(|(_, c)| f64::from(*c)).sum();
            let from = model.pairs.len() as u32;
            let share = |&(after, c): &(u32, u32)| (after, (f64::from(c) - DISCOUNT) / total);
            model.pairs.extend(row.iter().map(share));
            model.rows[before as usize] = (from, model.pairs.len() as u32);
            model.backoff[before as usize] = DISCOUNT * row.len() as f64 / total;
        }
        model
    }

    /// Returns the number of the edge: the beginning (before words) and the end (after them).
    pub fn edge(&self) -> u32 {
        self.unigrams.len() as u32 - 1
    }

    /// Returns the log-probability of a word after another one, natural.
    pub fn log_prob(&self, before: u32, word: u32) -> f32 {
        let (from, to) = self.rows[before as usize];
        let row = &self.pairs[from as usize..to as usize];
        let seen = row.binary_search_by_key(&word, |p| p.0).map_or(0.0, |i| row[i].1);
        let prob = seen + self.backoff[before as usize] * self.unigrams[word as usize];
        prob.ln() as f32
    }

    /// Returns the log-probability of a word after anything, natural.
    pub fn log_unigram(&self, word: u32) -> f32 {
        self.unigrams[word as usize].ln() as f32
    }
}

/// By the number of different words that each word followed.
fn unigrams(rows: &BTreeMap<u32, Vec<(u32, u32)>>, size: usize) -> Vec<f64> {
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
