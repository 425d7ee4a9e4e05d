//! Normalization of English text to plain words: numbers, dates, money, units, abbreviations, letters and symbols are
//! verbalized.
//!
//! The result has lower-case words, the pauses `,` `.` `?` `!`, and capitals only for letters read by their names
//! (`BBC` is `B B C`) and for `I`. Apostrophes and hyphens inside words are kept.
//!
//! The text is read once. Wherever a word, number or symbol may begin, the rules of the submodules are tried in order,
//! and the first match is consumed. A rule examines a limited length of text, so the time is linear in the length of
//! the text.

mod acronyms;
mod capital_words;
mod cursor;
mod dashes;
mod dates;
mod durations;
mod emoticons;
mod fold;
mod lines;
mod money;
mod numbers;
mod numerals;
mod operators;
mod phone_numbers;
mod roman;
mod scan;
mod shortened;
mod shouting;
mod spoken_symbols;
mod symbols;
mod times;
mod unit_table;
mod units;
mod web;

use std::collections::HashMap;

use serde::Serialize;

use crate::lexicon::Lexicon;

pub(crate) use dates::begins_with_month;
pub(crate) use lines::{breaks, item_marker};
pub(crate) use scan::Piece;
pub(crate) use unit_table::is_dotted_unit;

/// Returns a text as words and pauses, with all other content verbalized.
///
/// ```
/// use syrinx_text::normalize;
/// assert_eq!(normalize("It cost $5.50 on May 3rd."), "it cost five dollars and fifty cents on may third.");
/// ```
///
/// Inline pronunciations (`/.../`) are unchanged. Text in other scripts is left out (see [`symbols_left_out`]); for
/// [`Frontend`](crate::Frontend), a text mostly in another script is an error.
pub fn normalize(text: &str) -> String {
    let (text, inlines) = crate::inline::extract(text);
    let mut out = String::with_capacity(text.len());
    let lexicon = Lexicon::english().ok();
    let is_known = |word: &str| lexicon.as_ref().is_some_and(|lexicon| lexicon.is_word(word));
    let words = Words { is_kept: &|_| false, is_known: &is_known };
    for piece in pieces(&text, &words).pieces {
        let inline = piece.said.chars().next().and_then(crate::inline::placeholder_index);
        match inline.and_then(|index| inlines.get(index)) {
            Some(inline) => push_words(&mut out, &inline.written, piece.attached),
            None => push_words(&mut out, &piece.said, false),
        }
    }
    out
}

/// Appends words after a space, and pauses without a space. Of consecutive pauses the strongest is kept.
fn push_words(out: &mut String, said: &str, attached: bool) {
    if said.len() == 1
        && let Some(strength) = said.chars().next().and_then(pause_strength)
    {
        match out.chars().next_back().map(pause_strength) {
            None => {}
            Some(None) => out.push_str(said),
            Some(Some(there)) if there < strength => {
                out.pop();
                out.push_str(said);
            }
            Some(Some(_)) => {}
        }
        return;
    }
    if !out.is_empty() && !attached {
        out.push(' ');
    }
    out.push_str(said);
}

/// Returns the strength of a pause mark; `None` for other characters.
pub(crate) fn pause_strength(mark: char) -> Option<u8> {
    match mark {
        ',' => Some(0),
        '.' => Some(1),
        '!' => Some(2),
        '?' => Some(3),
        _ => None,
    }
}

/// Queries about words during normalization.
#[derive(Clone, Copy)]
pub(crate) struct Words<'w> {
    /// Whether a word is kept as written, such as a word of the user's lexicon.
    pub(crate) is_kept: &'w dyn Fn(&str) -> bool,
    /// Whether the dictionary has a word (in lower case) that is not pronounced by the names of its letters.
    pub(crate) is_known: &'w dyn Fn(&str) -> bool,
}

/// Normalized text.
pub(crate) struct Pieces {
    /// The pieces in order.
    pub(crate) pieces: Vec<Piece>,
    /// Symbols without a spoken name.
    pub(crate) left_out: Vec<UnspokenSymbol>,
}

/// A symbol without a spoken name that was left out of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnspokenSymbol {
    /// The symbol.
    pub symbol: char,
    /// Number of its occurrences.
    pub count: usize,
}

impl std::fmt::Display for UnspokenSymbol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { symbol, count } = self;
        let times = if *count == 1 { "once" } else { "" };
        write!(f, "`{symbol}` (U+{:04X}", u32::from(*symbol))?;
        if times.is_empty() { write!(f, ", {count} times)") } else { write!(f, ", {times})") }
    }
}

/// Returns the symbols of a text without a spoken name, each once, in the order of their first occurrence. The result
/// is empty for a text mostly in another script.
///
/// ```
/// let left_out = syrinx_text::symbols_left_out("5 ₿, 6 ₿");
/// assert_eq!(left_out[0].to_string(), "`₿` (U+20BF, 2 times)");
/// ```
pub fn symbols_left_out(text: &str) -> Vec<UnspokenSymbol> {
    let (text, _) = crate::inline::extract(text);
    if !text.contains(symbols::may_be_left_out) || crate::frontend::script::check(&text).is_err() {
        return Vec::new();
    }
    let lexicon = Lexicon::english().ok();
    let is_known = |word: &str| lexicon.as_ref().is_some_and(|lexicon| lexicon.is_word(word));
    pieces(&text, &Words { is_kept: &|_| false, is_known: &is_known }).left_out
}

/// Returns symbols with the number of their occurrences, in the order of their first occurrence in `text`.
fn counted(symbols: impl IntoIterator<Item = char>, text: &str) -> Vec<UnspokenSymbol> {
    let mut counts: HashMap<char, usize> = HashMap::new();
    for symbol in symbols {
        *counts.entry(symbol).or_default() += 1;
    }
    let first = |symbol| counts.remove(&symbol).map(|count| UnspokenSymbol { symbol, count });
    text.chars().filter_map(first).collect()
}

/// Splits a text into pieces.
pub(crate) fn pieces(text: &str, words: &Words<'_>) -> Pieces {
    let folded = fold::fold(&lines::mark_breaks(text));
    let (pieces, unsaid) = scan::Scanner::new(&folded.text, words).pieces();
    Pieces { pieces, left_out: counted(folded.left_out.into_iter().chain(unsaid), text) }
}
