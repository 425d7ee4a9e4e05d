//! Names of letters as words.

use crate::inventory::Phone;
use crate::letter_names::letter_name;

/// Returns the phones of a letter's name if the word is a single capital letter, also in the plural or possessive
/// (`C's`).
pub(super) fn name(word: &str) -> Option<Vec<Phone>> {
    let (letter, plural) = match word.as_bytes() {
        [letter] => (letter, false),
        [letter, b'\'', b's'] => (letter, true),
        _ => return None,
    };
    let mut phones = letter_name(char::from(*letter));
    if phones.is_empty() {
        return None;
    }
    if plural {
        super::derive::push_plural(&mut phones);
    }
    Some(phones)
}
