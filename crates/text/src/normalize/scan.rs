//! Scanner that applies the rules to a text.

use super::Words;
use super::cursor::{Cursor, Match, pattern};
use super::lines::BREAK;
use super::{
    acronyms, dates, emoticons, money, numerals, phone_numbers, roman, shortened, shouting,
    symbols, times, units, web,
};
use crate::inline::placeholder_index;

/// A written piece and its spoken form.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    /// Piece as written.
    pub(crate) written: String,
    /// Spoken form: words separated by spaces, possibly with pause marks, or a single pause mark, or a placeholder of
    /// an inline pronunciation.
    pub(crate) said: String,
    /// Whether the piece follows the previous one without a space.
    pub(crate) attached: bool,
}

/// A rule, which returns a match at the cursor, or `None` if it does not apply.
type Rule = fn(&Cursor<'_>) -> Option<Match>;

pattern!(DIFFERENCE, r"-[0-9][0-9.,]*(?: ?[-+*/×] ?[0-9][0-9.,]*)* ?= ?[-0-9?]");

/// Whether the hyphen at the cursor is a minus: the number before it follows `=`, or the result follows.
fn is_difference(cursor: &Cursor<'_>) -> bool {
    let number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let before = cursor.preceding.trim_end_matches(number).trim_end();
    before.ends_with('=') || DIFFERENCE.is_match(cursor.rest)
}

/// Rules for text that begins with a digit, a currency symbol, a sign of a number, or an opening bracket.
const NUMBER_RULES: &[Rule] = &[
    emoticons::face,
    web::say,
    dates::say,
    phone_numbers::say,
    times::say,
    money::say,
    units::inches,
    numerals::decade,
    numerals::types,
    numerals::millions,
    units::say,
    numerals::say,
    acronyms::say,
    numerals::in_name,
];

/// Rules for text that begins with a letter.
const LETTER_RULES: &[Rule] = &[
    emoticons::letters,
    web::say,
    dates::say,
    money::say,
    // Numerals come before abbreviations, since `Article V.` is not "versus".
    roman::say,
    shortened::say,
    numerals::prefixed_version,
    units::bare,
    acronyms::say,
];

/// Length of the text that rules examine, bytes.
pub(super) const WINDOW_BYTES: usize = 240;

/// Length of the preceding text that rules examine, bytes.
const PRECEDING_BYTES: usize = 80;

/// Words that begin with an apostrophe.
const ELISIONS: &[&str] = &[
    "'tis", "'twas", "'em", "'til", "'cause", "'bout", "'round", "'course", "'cuse", "'kay", "'n",
];

/// A section of the text.
#[derive(Debug, Clone, Copy, Default)]
struct Stretch {
    end: usize,
    shouting: bool,
}

pub(super) struct Scanner<'t> {
    text: &'t str,
    words: &'t Words<'t>,
    at: usize,
    /// Previous word or number, as written; empty after the end of a sentence.
    previous: &'t str,
    /// Whether a quotation in double marks is open.
    quoted: bool,
    /// Current sentence, and whether it is written in capitals.
    sentence: Stretch,
    /// Current run of words in capitals within the sentence, or the text before the next run.
    run: Stretch,
    /// Offset of the end of the last match. The next match may start there, even between a letter and a digit.
    resume_at: usize,
    signs: symbols::Signs,
    pieces: Vec<Piece>,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str, words: &'t Words<'t>) -> Self {
        Self {
            text,
            words,
            at: 0,
            previous: "",
            quoted: false,
            sentence: Stretch::default(),
            run: Stretch::default(),
            resume_at: 0,
            signs: symbols::Signs::default(),
            pieces: Vec::new(),
        }
    }

    /// Returns the pieces, and the symbols left out, once for each occurrence.
    pub(super) fn pieces(mut self) -> (Vec<Piece>, Vec<char>) {
        self.item_marker();
        while let Some(c) = self.text[self.at..].chars().next() {
            self.look_for_shouting();
            if c == BREAK {
                (self.previous, self.quoted) = ("", false);
                self.push(c.len_utf8(), ".".to_owned());
                self.item_marker();
            } else if c.is_whitespace() {
                self.at += c.len_utf8();
            } else if placeholder_index(c).is_some() {
                self.push(c.len_utf8(), c.to_string());
            } else if !self.kept_word() && !self.by_rule(c) && !self.plain_word() {
                self.sign();
            }
        }
        (self.pieces, self.signs.left_out)
    }

    /// Determines whether the sentence, or the run of words at the position, is written in capitals for emphasis.
    fn look_for_shouting(&mut self) {
        let rest = &self.text[self.at..];
        let stretch = |found: shouting::Stretch| Stretch {
            end: self.at + found.length,
            shouting: found.shouting,
        };
        if self.at >= self.sentence.end {
            self.sentence = stretch(shouting::sentence(rest, self.words.is_known));
        }
        if self.at >= self.run.end {
            self.run = stretch(shouting::run(rest, self.words.is_known));
        }
    }

    /// Skips the bullet of a list item, or verbalizes its label. Numbers are left to the rules.
    fn item_marker(&mut self) {
        let rest = &self.text[self.at..];
        let line = rest.trim_start_matches([' ', '\t']);
        let indent = rest.len() - line.len();
        if let Some((length, said)) = super::lines::spoken_label(line) {
            self.at += indent;
            self.push(length, said);
        } else if let Some(length) = super::item_marker(line)
            && !line.starts_with(|c: char| c == '(' || c.is_ascii_alphanumeric())
        {
            self.at += indent + length;
        }
    }

    fn before(&self) -> Option<char> {
        self.text[..self.at].chars().next_back()
    }

    fn cursor(&self) -> Cursor<'t> {
        let mut end = (self.at + WINDOW_BYTES).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let mut start = self.at.saturating_sub(PRECEDING_BYTES);
        while !self.text.is_char_boundary(start) {
            start += 1;
        }
        Cursor {
            rest: &self.text[self.at..end],
            previous: self.previous,
            before: self.before(),
            preceding: &self.text[start..self.at],
            quoted: self.quoted,
            shouting: self.sentence.shouting || self.run.shouting,
            is_known: self.words.is_known,
        }
    }

    /// Appends the spoken form of the next `length` bytes and skips them.
    fn push(&mut self, length: usize, said: String) {
        let written = &self.text[self.at..self.at + length];
        let attached = self.before().is_some_and(|c| c.is_alphabetic() || matches!(c, '\'' | '-'));
        self.at += length;
        if !said.is_empty() {
            self.pieces.push(Piece { written: written.to_owned(), said, attached });
        }
    }

    /// Consumes a word of the user's lexicon, with or without a possessive ending; returns `false` if there is none.
    fn kept_word(&mut self) -> bool {
        if self.before().is_some_and(|c| c.is_alphanumeric() || c == '\'') {
            return false;
        }
        let rest = self.cursor().rest;
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let token = rest[..end].trim_end_matches(|c: char| !c.is_alphanumeric());
        let stem = token.strip_suffix("'s").unwrap_or(token);
        const LONGEST_BYTES: usize = 64;
        if token.is_empty() || token.len() > LONGEST_BYTES || !(self.words.is_kept)(stem) {
            return false;
        }
        self.previous = token;
        self.push(token.len(), token.to_lowercase());
        true
    }

    /// Applies the first matching rule; returns `false` if none matches.
    fn by_rule(&mut self, first: char) -> bool {
        let rules = match first {
            '0'..='9' | '+' | '.' | '(' | '\'' | '#' | '@' => NUMBER_RULES,
            c if money::is_symbol(c) => NUMBER_RULES,
            c if c.is_ascii_alphabetic() => LETTER_RULES,
            _ => return false,
        };
        let cursor = self.cursor();
        let inside = self.at != self.resume_at && cursor.before.is_some_and(char::is_alphanumeric);
        // Digits are always verbalized, even after letters that are a word.
        if first.is_ascii_alphabetic() && inside {
            return false;
        }
        let Some(found) = rules.iter().find_map(|rule| rule(&cursor)) else { return false };
        debug_assert!(found.length > 0, "a rule takes something");
        let written = &self.text[self.at..self.at + found.length];
        self.previous = if found.said.ends_with('.') { "" } else { last_word(written) };
        let is_number = written.ends_with(|c: char| !c.is_ascii_alphabetic())
            || written.starts_with(|c: char| !c.is_ascii_alphabetic());
        self.push(found.length, found.said);
        self.resume_at = self.at;
        if is_number {
            self.after_number(found.is_quantity);
        }
        true
    }

    /// Consumes a dash between numbers as "to", and a slash after a quantity as "per".
    fn after_number(&mut self, is_quantity: bool) {
        let cursor = self.cursor();
        let mut next = cursor.rest.chars();
        match (next.next(), next.next()) {
            // `10-3=7`
            (Some('-'), Some(c)) if c.is_ascii_digit() && is_difference(&cursor) => {
                self.push(1, "minus".to_owned());
            }
            // `invoice 2024-001`
            (Some('-'), Some('0')) if next.next().is_some_and(|c| c.is_ascii_digit()) => {
                self.push(1, String::new());
            }
            (Some('-'), Some(c)) if c.is_ascii_digit() || money::is_symbol(c) => {
                self.push(1, "to".to_owned());
            }
            (Some('/'), Some(_)) if is_quantity => {
                if let Some(found) = units::per(&cursor) {
                    self.push(found.length, found.said);
                }
            }
            _ => {}
        }
    }

    /// Consumes a word with apostrophes and hyphens inside; returns `false` if there is none.
    fn plain_word(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let elision = ELISIONS.iter().find(|e| {
            rest.get(..e.len()).is_some_and(|head| head.eq_ignore_ascii_case(e))
                && !rest[e.len()..].starts_with(|c: char| c.is_alphanumeric())
        });
        let length = elision.map_or_else(|| word_length(rest), |e| e.len());
        if length == 0 {
            return false;
        }
        let written = &rest[..length];
        self.previous = written;
        let mut said = written.to_ascii_lowercase();
        if written == "I" || written.starts_with("I'") {
            said.replace_range(..1, "I");
        }
        self.push(length, said);
        true
    }

    /// Consumes a symbol or an unknown character.
    fn sign(&mut self) {
        let cursor = self.cursor();
        if cursor.rest.starts_with('"') || cursor.rest.starts_with("''") {
            self.quoted = opens_quotation(&cursor);
        }
        let Some(found) = self.signs.say(&cursor) else { return };
        if found.said.ends_with(['.', '?', '!']) {
            self.previous = "";
        }
        self.push(found.length, found.said);
    }
}

/// Whether the quotation mark at the cursor opens a quotation: a word follows, and no word ends directly before it.
fn opens_quotation(cursor: &Cursor<'_>) -> bool {
    let after = cursor.rest.trim_start_matches(['"', '\'']).chars().next();
    let opens = |c: char| {
        c.is_whitespace()
            || matches!(c, '(' | '[' | '-' | '/' | '=')
            || !cursor.quoted && !c.is_alphanumeric()
    };
    after.is_some_and(|c| !c.is_whitespace()) && cursor.before.is_none_or(opens)
}

/// Returns the last word or number of a match, for rules that examine the previous word.
fn last_word(written: &str) -> &str {
    written
        .split_whitespace()
        .next_back()
        .map_or("", |word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()))
}

/// Returns the length of the word at the start of `rest`: letters, with apostrophes and hyphens only between letters,
/// except for the dropped `g` of `goin'`.
fn word_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let is_letter = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_alphabetic);
    let mut end = 0;
    while is_letter(end)
        || end > 0 && matches!(bytes.get(end), Some(b'\'' | b'-')) && is_letter(end + 1)
    {
        end += 1;
    }
    let dropped_g = end > 3
        && rest[..end].ends_with("in")
        && bytes.get(end) == Some(&b'\'')
        && !is_letter(end + 1);
    end + usize::from(dropped_g)
}
