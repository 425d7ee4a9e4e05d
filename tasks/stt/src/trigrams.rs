//! Trigram model with backoff, and its file format.
//!
//! The file is a raw deflate stream of, in this order: four little-endian `u32` (bytes of the word list; number of
//! words including the edge token, of pairs and of triples); the sorted words, one per line; one byte per word; per
//! word the number of its pairs; the second words of the pairs; one byte per pair; per pair the number of its triples;
//! the third words; one byte per triple. Each byte is a negative natural log probability in units of 1/6. All other
//! numbers are LEB128. Word indices of a row are stored as differences to the previous index. The last word is the edge
//! token of a text.
//!
//! In each context, words without an entry share the remaining probability in proportion to their probability after the
//! shorter context (Katz 1987). These backoff weights are computed when the file is read, so that probabilities sum to
//! 1 after quantization and with any dictionary.

use std::io::Read;

use flate2::read::DeflateDecoder;

use crate::counts::EDGE;
use crate::trie::WordList;
use crate::{DataFault, SttError};

/// Trigram model of the Python package `pocketsphinx`, converted by `data/trigrams.py`.
const SPOKEN: &[u8] = include_bytes!("../data/trigrams.deflate");
/// Maximum size of the decompressed file, in bytes.
const MOST_BYTES: u64 = 1 << 24;
/// Log-probabilities are stored as integers in units of 1 / `LOG_PARTS` nats.
const LOG_PARTS: f64 = 6.0;
/// Total probability of all words that the file lacks.
const UNLISTED: f64 = 5e-4;
/// Maximum total probability of the listed words of a context.
const MOST_LISTED: f64 = 0.98;

/// Probabilities of words, given one or two previous words.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Trigrams {
    unigrams: Vec<f32>, // (words + 1), the edge last
    pairs: Rows,        // a row for each word
    triples: Rows,      // a row for each pair
}

/// Words that may follow each context, with their probabilities.
#[derive(Debug, Clone, PartialEq, Default)]
struct Rows {
    starts: Vec<u32>,        // (contexts + 1), in `words`
    words: Vec<u32>,         // sorted within a row
    probabilities: Vec<f32>, // of `words`
    backoff: Vec<f32>,       // (contexts), factor of the shorter context
}

impl Rows {
    /// Returns the index into `words` of a word after a context.
    fn find(&self, context: usize, word: u32) -> Option<usize> {
        let (from, to) = (self.starts[context] as usize, self.starts[context + 1] as usize);
        self.words[from..to].binary_search(&word).ok().map(|i| from + i)
    }

    /// Scales the probabilities of each row to a sum of at most [`MOST_LISTED`], and computes its backoff weight.
    /// `shorter` returns the probability of a word after the shorter context of a row.
    fn normalize(&mut self, shorter: impl Fn(usize, u32) -> f32) {
        for context in 0..self.starts.len().saturating_sub(1) {
            let row = self.starts[context] as usize..self.starts[context + 1] as usize;
            let listed: f64 = self.probabilities[row.clone()].iter().map(|&p| f64::from(p)).sum();
            let factor = (MOST_LISTED / listed).min(1.0) as f32;
            self.probabilities[row.clone()].iter_mut().for_each(|p| *p *= factor);
            let left = 1.0 - listed.min(MOST_LISTED);
            let lower: f64 =
                self.words[row].iter().map(|&word| f64::from(shorter(context, word))).sum();
            self.backoff.push((left / (1.0 - lower).max(1e-6)) as f32);
        }
    }
}

impl Trigrams {
    /// Returns the model of spoken English.
    ///
    /// # Errors
    /// [`SttError::Data`] if the embedded file does not match the program.
    pub(crate) fn spoken(words: &WordList) -> Result<Self, SttError> {
        Self::read(SPOKEN, words)
    }

    /// Reads a file. Words outside the list are omitted.
    ///
    /// # Errors
    /// [`SttError::Data`] if the file can't be decompressed, is truncated or inconsistent.
    pub(crate) fn read(bytes: &[u8], words: &WordList) -> Result<Self, SttError> {
        let bad = |fault| SttError::Data { file: "word triples", line: 1, fault };
        let mut content = Vec::new();
        let read = DeflateDecoder::new(bytes).take(MOST_BYTES).read_to_end(&mut content);
        read.map_err(|e| bad(DataFault::Inflate { message: e.to_string() }))?;
        File::parse(&content)
            .and_then(|file| file.for_words(words))
            .ok_or_else(|| bad(DataFault::Truncated))
    }

    /// Returns the probability of a word after `before`, and after `earlier` if there is one.
    pub(crate) fn probability(&self, earlier: Option<u32>, before: u32, word: u32) -> f32 {
        let context = earlier.and_then(|earlier| self.pairs.find(earlier as usize, before));
        let Some(context) = context else { return self.after_one(before, word) };
        match self.triples.find(context, word) {
            Some(at) => self.triples.probabilities[at],
            None => self.triples.backoff[context] * self.after_one(before, word),
        }
    }

    /// Returns the probability of a word without a context.
    pub(crate) fn unigram(&self, word: u32) -> f32 {
        self.unigrams[word as usize]
    }

    fn after_one(&self, before: u32, word: u32) -> f32 {
        match self.pairs.find(before as usize, word) {
            Some(at) => self.pairs.probabilities[at],
            None => self.pairs.backoff[before as usize] * self.unigram(word),
        }
    }

    /// Computes the backoff weights of all contexts.
    fn normalize(&mut self) {
        let unigrams = &self.unigrams;
        self.pairs.normalize(|_, word| unigrams[word as usize]);
        let mut triples = std::mem::take(&mut self.triples);
        // The shorter context of a pair of words is its second word.
        let seconds = &self.pairs.words;
        triples.normalize(|pair, word| self.after_one(seconds[pair], word));
        self.triples = triples;
    }
}

/// Content of a file, with the word indices of the file.
struct File<'a> {
    words: Vec<&'a str>,
    unigrams: &'a [u8],
    pairs: FileRows<'a>,
    triples: FileRows<'a>,
}

/// Rows of a file, one per context.
struct FileRows<'a> {
    counts: Vec<u32>,
    words: Vec<u32>,
    logs: &'a [u8],
}

impl<'a> File<'a> {
    /// Parses a file; `None` if it is truncated or inconsistent.
    fn parse(content: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(content);
        let [letters, size, pairs, triples] = reader.header()?;
        let letters = std::str::from_utf8(reader.bytes(letters)?).ok()?;
        let words: Vec<&str> = letters.split('\n').chain([EDGE]).collect();
        if words.len() != size {
            return None;
        }
        let unigrams = reader.bytes(size)?;
        let pairs = reader.rows(size, pairs, size)?;
        let triples = reader.rows(pairs.words.len(), triples, size)?;
        Some(Self { words, unigrams, pairs, triples })
    }

    /// Returns the model with the word indices of a list.
    fn for_words(&self, list: &WordList) -> Option<Trigrams> {
        let edge = list.len() as u32;
        let of = |word: &&str| if *word == EDGE { Some(edge) } else { list.find(word) };
        let numbers: Vec<Option<u32>> = self.words.iter().map(of).collect();
        let mut model = Trigrams { unigrams: vec![0.0; list.len() + 1], ..Trigrams::default() };
        for (number, log) in numbers.iter().zip(self.unigrams) {
            if let Some(number) = number {
                model.unigrams[*number as usize] = probability(*log);
            }
        }
        fill_unlisted(&mut model.unigrams);
        model.pairs.starts.push(0);
        model.triples.starts.push(0);
        let mut row_of_file = 0;
        let mut row_of_pair = 0;
        let mut next_word = 0;
        for (first, &count) in self.pairs.counts.iter().enumerate() {
            // Words of the list that the file lacks have empty rows.
            if let Some(number) = numbers[first] {
                while next_word < number {
                    model.pairs.starts.push(model.pairs.words.len() as u32);
                    next_word += 1;
                }
            }
            for pair in row_of_file..row_of_file + count as usize {
                let third = row_of_pair..row_of_pair + *self.triples.counts.get(pair)? as usize;
                row_of_pair = third.end;
                let (Some(_), Some(second)) =
                    (numbers[first], numbers[self.pairs.words[pair] as usize])
                else {
                    continue;
                };
                model.pairs.words.push(second);
                model.pairs.probabilities.push(probability(self.pairs.logs[pair]));
                for at in third {
                    let Some(word) = numbers[*self.triples.words.get(at)? as usize] else {
                        continue;
                    };
                    model.triples.words.push(word);
                    model.triples.probabilities.push(probability(self.triples.logs[at]));
                }
                model.triples.starts.push(model.triples.words.len() as u32);
            }
            row_of_file += count as usize;
        }
        model.pairs.starts.resize(list.len() + 2, model.pairs.words.len() as u32);
        model.normalize();
        Some(model)
    }
}

/// Returns the probability that a byte of a file encodes.
fn probability(log: u8) -> f32 {
    (-f64::from(log) / LOG_PARTS).exp() as f32
}

/// Distributes the probability [`UNLISTED`] evenly over the words that the file lacks, and scales the sum to 1.
fn fill_unlisted(unigrams: &mut [f32]) {
    let missing = unigrams.iter().filter(|&&p| p == 0.0).count();
    let listed: f64 = unigrams.iter().map(|&p| f64::from(p)).sum();
    let left = if missing == 0 {
        0.0
    } else if listed == 0.0 {
        1.0
    } else {
        UNLISTED
    };
    let each = (left / missing.max(1) as f64) as f32;
    let factor = ((1.0 - left) / listed.max(f64::MIN_POSITIVE)) as f32;
    unigrams.iter_mut().for_each(|p| *p = if *p == 0.0 { each } else { *p * factor });
}

/// Reader of a decompressed file.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn header(&mut self) -> Option<[usize; 4]> {
        let mut sizes = [0; 4];
        for size in &mut sizes {
            *size = u32::from_le_bytes(self.bytes(4)?.try_into().ok()?) as usize;
        }
        Some(sizes)
    }

    /// Reads a LEB128 number of at most 28 bits.
    fn number(&mut self) -> Option<u32> {
        let mut value = 0;
        for shift in [0, 7, 14, 21] {
            let byte = *self.bytes(1)?.first()?;
            value |= u32::from(byte & 127) << shift;
            if byte < 128 {
                return Some(value);
            }
        }
        None
    }

    /// Reads `total` entries of `contexts` rows. Words are below `words`, in ascending order within a row.
    fn rows(&mut self, contexts: usize, total: usize, words: usize) -> Option<FileRows<'a>> {
        // An entry takes at least one byte, so that a wrong total is found before memory is reserved.
        if contexts > self.0.len() || total > self.0.len() {
            return None;
        }
        let counts: Vec<u32> = (0..contexts).map(|_| self.number()).collect::<Option<_>>()?;
        if counts.iter().map(|&c| c as usize).sum::<usize>() != total {
            return None;
        }
        let mut numbers = Vec::with_capacity(total);
        for &count in &counts {
            let mut last = None;
            for _ in 0..count {
                let step = self.number()?;
                let word = last.map_or(Some(step), |last: u32| last.checked_add(step))?;
                if word as usize >= words || last.is_some_and(|last| word <= last) {
                    return None;
                }
                numbers.push(word);
                last = Some(word);
            }
        }
        Some(FileRows { counts, words: numbers, logs: self.bytes(total)? })
    }
}
