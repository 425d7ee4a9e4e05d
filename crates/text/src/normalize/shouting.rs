//! Words written in capitals for emphasis.

use super::capital_words::is_ordinary;
use super::lines::BREAK;
use crate::abbreviations::{Surroundings, find};

/// Section at the beginning of a text, and whether it is written in capitals for emphasis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Length of the section, bytes.
    pub(super) length: usize,
    pub(super) shouting: bool,
}

/// Punctuation around a word in capitals.
const CLOSING: [char; 5] = ['"', '\'', ')', ']', '*'];

/// Returns the first sentence of a text. It is emphasized if nearly all of its letters are capitals and at least one of
/// its words is an ordinary word.
pub(super) fn sentence(rest: &str, is_known: &dyn Fn(&str) -> bool) -> Stretch {
    const FEWEST_WORDS: usize = 2;
    let ends = |&(at, c): &(usize, char)| match c {
        '.' => !is_inner_dot(&rest[..at], &rest[at + 1..]),
        c => matches!(c, '?' | '!' | '\n' | BREAK),
    };
    let end = rest.char_indices().find(ends);
    let length = end.map_or(rest.len(), |(at, c)| at + c.len_utf8());
    let sentence = &rest[..length];
    let letters = sentence.bytes().filter(u8::is_ascii_alphabetic).count();
    let capitals = sentence.bytes().filter(u8::is_ascii_uppercase).count();
    let words = || sentence.split_whitespace().map(bare).filter(|word| is_capitals(word));
    let shouting = letters > 0
        && capitals * 10 >= letters * 8
        && words().count() >= FEWEST_WORDS
        && words().any(|word| is_ordinary(word, is_known));
    Stretch { length, shouting }
}

/// Returns the run of words in capitals at the beginning of a text, or the word before the next run. A run is
/// emphasized if it has at least two words, one of which is an ordinary word.
pub(super) fn run(rest: &str, is_known: &dyn Fn(&str) -> bool) -> Stretch {
    const FEWEST_WORDS: usize = 2;
    let (mut words, mut ordinary, mut run_end, mut end) = (0, false, 0, 0);
    for token in rest.split_inclusive(char::is_whitespace) {
        let word = bare(token);
        if is_capitals(word) {
            words += 1;
            ordinary = ordinary || is_ordinary(word, is_known);
            run_end = end + token.len();
        } else if words > 0 && !is_neutral(word) {
            break;
        }
        end += token.len();
        let closer = token.trim_end().trim_end_matches(CLOSING);
        let inner = closer.strip_suffix('.').is_some_and(|word| is_inner_dot(word, &rest[end..]));
        let closes = closer.ends_with(['.', '?', '!']) && !inner;
        if closes || token.contains('"') && !token.starts_with('"') || token.contains(BREAK) {
            break;
        }
        if words == 0 && !is_neutral(word) {
            break;
        }
    }
    let shouting = words >= FEWEST_WORDS && ordinary;
    Stretch { length: if words > 0 { run_end } else { end }, shouting }
}

/// Whether a dot between two texts is that of a title or an initial: `MRS. POE`, `JOHN F. KENNEDY`.
fn is_inner_dot(before: &str, after: &str) -> bool {
    const AROUND_BYTES: usize = 64;
    let word = before.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    let mut to = after.len().min(AROUND_BYTES);
    while !after.is_char_boundary(to) {
        to -= 1;
    }
    let around = Surroundings { previous: "", after: &after[..to] };
    let initial = word.len() == 1 && word != "I" && after.starts_with(' ');
    let next = after.trim_start().starts_with(|c: char| c.is_ascii_uppercase());
    next && (initial || find(word, true, around).is_some_and(|known| !known.may_end))
}

/// Returns a token without surrounding punctuation.
fn bare(token: &str) -> &str {
    token.trim_matches(|c: char| !c.is_alphanumeric())
}

/// Whether a word has at least two letters, all of them capitals.
fn is_capitals(word: &str) -> bool {
    const FEWEST_LETTERS: usize = 2;
    word.bytes().filter(u8::is_ascii_uppercase).count() >= FEWEST_LETTERS
        && word.bytes().all(|b| b.is_ascii_uppercase() || matches!(b, b'\'' | b'-'))
}

/// Whether a token neither ends a run of capitals nor belongs to it: `I`, `A`, numbers, symbols.
fn is_neutral(word: &str) -> bool {
    matches!(word, "I" | "A") || !word.contains(|c: char| c.is_lowercase())
}
