//! Input and output of a rule.

use super::lines::BREAK;

/// Position in the text at which a word or number may begin.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'t> {
    /// Text from the position on, up to a limited length.
    pub(super) rest: &'t str,
    /// Previous word or number, as written; empty at the beginning of a sentence.
    pub(super) previous: &'t str,
    /// Previous character.
    pub(super) before: Option<char>,
    /// Text before the position, up to a limited length.
    pub(super) preceding: &'t str,
    /// Whether a quotation in double marks is open.
    pub(super) quoted: bool,
    /// Whether the sentence is written in capitals.
    pub(super) shouting: bool,
    /// Whether the dictionary has a word (in lower case) that is not pronounced by the names of its letters.
    pub(super) is_known: &'t dyn Fn(&str) -> bool,
}

/// Result of a rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Match {
    /// Number of matched bytes.
    pub(super) length: usize,
    /// Spoken words, optionally with a pause mark at the end.
    pub(super) said: String,
    /// Whether the match is a quantity, after which `/unit` is "per".
    pub(super) is_quantity: bool,
}

impl Match {
    pub(super) fn new(length: usize, said: impl Into<String>) -> Self {
        Self { length, said: said.into(), is_quantity: false }
    }

    pub(super) fn quantity(length: usize, said: impl Into<String>) -> Self {
        Self { length, said: said.into(), is_quantity: true }
    }
}

impl<'t> Cursor<'t> {
    /// Whether only white space separates the previous word and the position. The dot of an abbreviation is part of the
    /// word.
    pub(super) fn follows_directly(&self) -> bool {
        let before = self.preceding.trim_end().chars().next_back();
        before.is_some_and(|c| c.is_alphanumeric() || c == '.')
    }

    /// Returns the previous words of the sentence, the nearest first.
    pub(super) fn words_before(&self) -> impl Iterator<Item = &'t str> + use<'t> {
        let ends = ['.', '?', '!', BREAK];
        let start = self
            .preceding
            .rfind(ends)
            .map_or(0, |end| end + self.preceding[end..].chars().next().map_or(1, char::len_utf8));
        self.preceding[start..]
            .rsplit(|c: char| !c.is_alphanumeric() && c != '\'')
            .filter(|word| !word.is_empty())
    }

    /// Returns the character after the first `length` bytes.
    pub(super) fn char_after(&self, length: usize) -> Option<char> {
        self.rest.get(length..)?.chars().next()
    }

    /// Whether a token may end after `length` bytes: no letter or digit follows.
    pub(super) fn ends(&self, length: usize) -> bool {
        !self.char_after(length).is_some_and(char::is_alphanumeric)
    }

    /// Whether a number may end after `length` bytes: no letter, digit or decimals follow.
    pub(super) fn number_ends(&self, length: usize) -> bool {
        let after = self.rest.get(length..).unwrap_or_default();
        let mut chars = after.chars();
        match chars.next() {
            None => true,
            Some(c) if c.is_alphanumeric() => false,
            Some('.' | ',' | ':' | '/') => !chars.next().is_some_and(|c| c.is_ascii_digit()),
            Some(_) => true,
        }
    }

    /// Returns the next word after `length` bytes, letters only.
    pub(super) fn word_after(&self, length: usize) -> &'t str {
        let after = self.rest.get(length..).unwrap_or_default().trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        &after[..end]
    }
}

/// Regular expression that matches only at the cursor.
macro_rules! pattern {
    ($name:ident, $expression:expr) => {
        static $name: std::sync::LazyLock<regex::Regex> = std::sync::LazyLock::new(|| {
            regex::Regex::new(&format!(r"\A(?:{})", $expression)).expect("the pattern is valid")
        });
    };
}
pub(super) use pattern;

/// A number as written.
pub(super) const NUMBER: &str = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+";
