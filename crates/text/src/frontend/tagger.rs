//! Part-of-speech tagger: an averaged perceptron (Collins 2002) over hashed features of the neighbouring words.
//!
//! `data/README.md` describes the training of the weights and its text.

use std::io::Read;
use std::sync::LazyLock;

use flate2::read::DeflateDecoder;

/// Weights: a count, then for each feature its hash (u32), a count (u8) and pairs of tag (u8) and weight (i8).
const WEIGHTS: &[u8] = include_bytes!("../../data/tagger.deflate");

/// One letter for each tag, in the order of the weights. `data/heteronyms.txt` explains the letters.
pub(super) const TAGS: &[u8; 21] = b"NSBPZDLGJRAIOTMCUWQX.";

/// Token before the first and after the last word.
const START: &str = "<";
const END: &str = ">";

static TAGGER: LazyLock<Tagger> = LazyLock::new(|| Tagger::load(WEIGHTS).unwrap_or_default());

/// Weights of all features, sorted by hash.
#[derive(Debug, Default)]
struct Tagger {
    hashes: Vec<u32>,
    /// Index in `weights` of the end of each feature's weights.
    ends: Vec<u32>,
    weights: Vec<(u8, i8)>,
}

/// Inflates the weights, which otherwise happens with the first sentence.
pub(super) fn preload() {
    LazyLock::force(&TAGGER);
}

/// Returns the tags of the words of a sentence, given in lower case, without punctuation except commas.
pub(super) fn tags(words: &[&str]) -> Vec<u8> {
    let tokens: Vec<Token<'_>> = words.iter().enumerate().flat_map(|(i, w)| split(w, i)).collect();
    let mut tags = vec![b'X'; words.len()];
    let (mut before, mut two_before) = (b'<', b'<');
    for index in 0..tokens.len() {
        let tag = TAGGER.tag(&tokens, index, before, two_before);
        if tokens[index].is_stem {
            tags[tokens[index].word] = tag;
        }
        (two_before, before) = (before, tag);
    }
    tags
}

/// A word, or a part of a contraction.
struct Token<'w> {
    text: &'w str,
    /// Index of the word.
    word: usize,
    /// Whether the token is the first of its word.
    is_stem: bool,
}

/// Splits contractions as treebanks do: `did` and `n't`, `he` and `'ll`.
fn split(word: &str, index: usize) -> Vec<Token<'_>> {
    const ENDINGS: [&str; 7] = ["n't", "'s", "'re", "'ve", "'ll", "'d", "'m"];
    let ending = ENDINGS.iter().find(|e| word.len() > e.len() && word.ends_with(**e));
    let stem = word.len() - ending.map_or(0, |e| e.len());
    let token = |text, is_stem| Token { text, word: index, is_stem };
    let mut tokens = vec![token(&word[..stem], true)];
    if stem < word.len() {
        tokens.push(token(&word[stem..], false));
    }
    tokens
}

impl Tagger {
    fn load(packed: &[u8]) -> Option<Self> {
        let mut bytes = Vec::new();
        DeflateDecoder::new(packed).read_to_end(&mut bytes).ok()?;
        let mut rest = bytes.as_slice();
        let count = u32::from_le_bytes(*take::<4>(&mut rest)?);
        let mut tagger = Self::default();
        for _ in 0..count {
            tagger.hashes.push(u32::from_le_bytes(*take::<4>(&mut rest)?));
            let [weights] = *take::<1>(&mut rest)?;
            for _ in 0..weights {
                let [tag, weight] = *take::<2>(&mut rest)?;
                tagger.weights.push((tag, weight as i8));
            }
            tagger.ends.push(tagger.weights.len() as u32);
        }
        let fits = tagger.weights.iter().all(|(tag, _)| usize::from(*tag) < TAGS.len());
        (fits && tagger.hashes.is_sorted()).then_some(tagger)
    }

    /// Returns the tag of a token with the highest score, given the tags of the two previous tokens.
    fn tag(&self, tokens: &[Token<'_>], index: usize, before: u8, two_before: u8) -> u8 {
        let mut scores = [0i32; TAGS.len()];
        let word = |offset: isize| match index.checked_add_signed(offset) {
            None => START,
            Some(at) => tokens.get(at).map_or(END, |token| token.text),
        };
        let (here, p1, p2, n1, n2) = (word(0), word(-1), word(-2), word(1), word(2));
        let (t1, t2) = (char::from(before), char::from(two_before));
        let mut add = |feature: std::fmt::Arguments<'_>| {
            self.add(hash(feature), &mut scores);
        };
        add(format_args!("b"));
        add(format_args!("w {here}"));
        add(format_args!("s {}", last(here, 3)));
        add(format_args!("e {}", last(here, 1)));
        add(format_args!("f {}", here.chars().next().unwrap_or(' ')));
        add(format_args!("t {t1}"));
        add(format_args!("T {t2}{t1}"));
        add(format_args!("wt {here} {t1}"));
        add(format_args!("wT {here} {t2}{t1}"));
        add(format_args!("p {p1}"));
        add(format_args!("q {p2}"));
        add(format_args!("ps {}", last(p1, 3)));
        add(format_args!("n {n1}"));
        add(format_args!("m {n2}"));
        add(format_args!("ns {}", last(n1, 3)));
        add(format_args!("wn {here} {n1}"));
        add(format_args!("wp {p1} {here}"));
        add(format_args!("tn {t1} {n1}"));
        add(format_args!("pn {p1} {n1}"));
        // The first of equal scores is chosen, as in training.
        let best = (0..TAGS.len()).max_by_key(|&tag| (scores[tag], std::cmp::Reverse(tag)));
        TAGS[best.unwrap_or(0)]
    }

    fn add(&self, hash: u32, scores: &mut [i32; TAGS.len()]) {
        let Ok(at) = self.hashes.binary_search(&hash) else { return };
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        for &(tag, weight) in &self.weights[start..self.ends[at] as usize] {
            scores[usize::from(tag)] += i32::from(weight);
        }
    }
}

fn take<'b, const N: usize>(rest: &mut &'b [u8]) -> Option<&'b [u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(head)
}

/// Returns the last characters of a word.
fn last(word: &str, count: usize) -> &str {
    let start = word.char_indices().rev().nth(count - 1).map_or(0, |(at, _)| at);
    &word[start..]
}

/// Returns the 32-bit FNV-1a hash of a feature, without building a string.
fn hash(feature: std::fmt::Arguments<'_>) -> u32 {
    struct Fnv(u32);
    impl std::fmt::Write for Fnv {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            for byte in text.bytes() {
                self.0 = (self.0 ^ u32::from(byte)).wrapping_mul(0x0100_0193);
            }
            Ok(())
        }
    }
    let mut fnv = Fnv(0x811c_9dc5);
    // Hashing cannot fail.
    let _ = std::fmt::Write::write_fmt(&mut fnv, feature);
    fnv.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_load() {
        assert!(TAGGER.hashes.len() > 10_000);
    }

    #[test]
    fn plain_sentences() {
        let check = |text: &str, expected: &str| {
            let words: Vec<&str> = text.split(' ').collect();
            assert_eq!(String::from_utf8_lossy(&tags(&words)), expected, "{text}");
        };
        check("the dog barked at the old man", "ANDOAJN");
        check("they will close the door", "IMBAN");
        check("she doesn't like it", "IZBI");
    }
}
