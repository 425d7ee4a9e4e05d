//! Input and output of a rule.

use super::lines::BREAK;

/// A place in the text where a word or number may begin.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'t> {
    /// The text from here on, a bounded part of it.
    pub(super) rest: &'t str,
    /// The word or number before, as written; empty at the beginning and after the end of a sentence.
    pub(super) previous: &'t str,
    /// The character right before.
    pub(super) before: Option<char>,
    /// The text before, a bounded part of it.
    pub(super) preceding: &'t str,
    /// Whether a quotation in double marks is open.
    pub(super) quoted: bool,
    /// Whether the sentence is written in capitals throughout.
    pub(super) shouting: bool,
    /// Whether the dictionary has a word, given in lower case, and not by the names of its letters.
    pub(super) is_known: &'t dyn Fn(&str) -> bool,
}

/// Result of a rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Match {
    /// Bytes of the text taken.
    pub(super) length: usize,
    /// Words; may end in a pause mark.
    pub(super) said: String,
    /// Whether a `/unit` after it means "per".
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
    /// Whether nothing but white space stands between the word before and here; the dot of an abbreviation belongs to it.
    pub(super) fn follows_directly(&self) -> bool {
        let before = self.preceding.trim_end().chars().next_back();
        before.is_some_and(|c| c.is_alphanumeric() || c == '.')
    }

    /// Returns the words before in the same sentence, the nearest first.
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

    /// Whether a number may end after `length` bytes: also no decimals follow.
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

/// A regular expression that fits at the cursor only.
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
