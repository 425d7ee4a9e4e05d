//! Counts of words and word pairs, and their file formats.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::DeflateDecoder;
use syrinx_text::{normalize, normalize_for_scoring};

use crate::{DataFault, SttError};

/// Word pairs of WordNet's example sentences, without the test texts of the corpus; built by the example `build_data`.
const WORDNET_PAIRS: &[u8] = include_bytes!("../data/bigrams.deflate");
/// Words and word pairs of web pages; built by `data/web_pairs.py`.
const WEB_PAIRS: &[u8] = include_bytes!("../data/web_pairs.deflate");
/// Logarithms of counts are stored as integers in units of 1 / `LOG_PARTS` nats.
const LOG_PARTS: f64 = 8.0;

/// Symbol for the start and the end of a text; no word equals it.
pub(crate) const EDGE: &str = "</s>";

fn inflated(bytes: &[u8], file: &'static str) -> Result<String, SttError> {
    let mut lines = String::new();
    let read = DeflateDecoder::new(bytes).read_to_string(&mut lines);
    read.map_err(|e| SttError::Data {
        file,
        line: 0,
        fault: DataFault::Inflate { message: e.to_string() },
    })?;
    Ok(lines)
}

/// Counts of word pairs: for each word, the words that follow it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BigramCounts(BTreeMap<String, BTreeMap<String, u32>>);

impl BigramCounts {
    /// Counts the word pairs of texts, including their start and end.
    pub fn of_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut counts = Self::default();
        for text in texts {
            let mut words = normalize_for_scoring(&normalize(text));
            // Numbers are spelled out; any remaining digits would be read as a count in the file.
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

    /// Returns lines `word next count next count ...`; a count of 1 is omitted.
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

    /// Parses the format of [`BigramCounts::to_lines`].
    ///
    /// # Errors
    /// [`SttError::Data`] names the line that can't be parsed.
    pub fn from_lines(lines: &str) -> Result<Self, SttError> {
        let mut counts = Self::default();
        for (i, line) in lines.lines().enumerate() {
            let bad = |fault| SttError::Data { file: "word pairs", line: i + 1, fault };
            let mut entries = line.split(' ');
            let before =
                entries.next().filter(|w| !w.is_empty()).ok_or_else(|| bad(DataFault::NoWord))?;
            let row = counts.0.entry(before.to_owned()).or_default();
            let mut last: Option<&str> = None;
            for entry in entries {
                match entry.parse::<u32>() {
                    Ok(count) => {
                        let word = last.take().ok_or_else(|| bad(DataFault::StrayCount))?;
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

    /// Returns the counts of WordNet's example sentences, without the test texts of the corpus.
    ///
    /// # Errors
    /// [`SttError::Data`] if the built-in file is invalid, which a test excludes.
    pub(crate) fn wordnet() -> Result<Self, SttError> {
        Self::from_lines(&inflated(WORDNET_PAIRS, "word pairs")?)
    }

    /// Returns each word with the words that follow it and their counts.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = (&str, f64)>)> {
        self.0.iter().map(|(before, row)| {
            let row = row.iter().map(|(after, count)| (after.as_str(), f64::from(*count)));
            (before.as_str(), row)
        })
    }
}

/// Counts of words and word pairs; rare pairs are missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frequencies(Vec<WordFrequency>);

/// Count of a word, and of each word that follows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WordFrequency {
    pub(crate) word: String,
    pub(crate) count: f64,
    pub(crate) after: Vec<(String, f64)>,
}

impl Frequencies {
    /// Parses lines `word count next count next count ...`, in which a count is its natural logarithm times 8.
    ///
    /// # Errors
    /// [`SttError::Data`] names the line that can't be parsed.
    pub fn from_lines(lines: &str) -> Result<Self, SttError> {
        let entry = |entries: &mut std::str::Split<'_, char>| -> Option<(String, f64)> {
            let word = entries.next().filter(|word| !word.is_empty())?;
            let eighths: u16 = entries.next()?.parse().ok()?;
            Some((word.to_owned(), (f64::from(eighths) / LOG_PARTS).exp()))
        };
        let row = |line: &str| {
            let mut entries = line.split(' ');
            let (word, count) = entry(&mut entries)?;
            let mut after = Vec::new();
            while entries.clone().next().is_some() {
                after.push(entry(&mut entries)?);
            }
            Some(WordFrequency { word, count, after })
        };
        let bad = |i: usize| SttError::Data {
            file: "words of web pages",
            line: i + 1,
            fault: DataFault::NoLogarithm,
        };
        let rows = lines.lines().enumerate().map(|(i, line)| row(line).ok_or_else(|| bad(i)));
        Ok(Self(rows.collect::<Result<_, _>>()?))
    }

    /// Returns the counts of web pages.
    ///
    /// # Errors
    /// [`SttError::Data`] if the built-in file is invalid, which a test excludes.
    pub(crate) fn web() -> Result<Self, SttError> {
        Self::from_lines(&inflated(WEB_PAIRS, "words of web pages")?)
    }

    /// Returns all words with their counts.
    pub(crate) fn words(&self) -> &[WordFrequency] {
        &self.0
    }
}
