//! Words written in capitals for emphasis.

use super::capital_words::is_ordinary;
use super::lines::BREAK;

/// The beginning of a text, and whether it is written in capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Bytes.
    pub(super) length: usize,
    pub(super) shouting: bool,
}

/// Marks around a word in capitals.
const CLOSING: [char; 5] = ['"', '\'', ')', ']', '*'];

/// Returns the sentence with which a text begins. It is shouted if nearly all its letters are capitals, and one of its
/// words is an ordinary one.
pub(super) fn sentence(rest: &str, is_known: &dyn Fn(&str) -> bool) -> Stretch {
    const FEWEST_WORDS: usize = 2;
    let length = rest
        .find(['.', '?', '!', '\n', BREAK])
        .map_or(rest.len(), |end| end + rest[end..].chars().next().map_or(1, char::len_utf8));
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

/// Returns the run of words in capitals with which a text begins, or the word before the next run. A run is shouted if
/// it has two words or more, and one of them is an ordinary one.
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
        let closes = token.trim_end().trim_end_matches(CLOSING).ends_with(['.', '?', '!']);
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

/// Returns a token without the marks around it.
fn bare(token: &str) -> &str {
    token.trim_matches(|c: char| !c.is_alphanumeric())
}

/// Whether a word has two letters or more, all of them capitals.
fn is_capitals(word: &str) -> bool {
    const FEWEST_LETTERS: usize = 2;
    word.bytes().filter(u8::is_ascii_uppercase).count() >= FEWEST_LETTERS
        && word.bytes().all(|b| b.is_ascii_uppercase() || matches!(b, b'\'' | b'-'))
}

/// Whether a token neither ends a run of capitals nor belongs to it: `I`, `A`, numbers, signs.
fn is_neutral(word: &str) -> bool {
    matches!(word, "I" | "A") || !word.contains(|c: char| c.is_lowercase())
}
