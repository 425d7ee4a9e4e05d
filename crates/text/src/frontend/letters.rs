//! Names of the letters.

use crate::inventory::{Phone, parse_arpabet};

/// Names of A to Z in ARPAbet.
const NAMES: [&str; 26] = [
    "EY1",
    "B IY1",
    "S IY1",
    "D IY1",
    "IY1",
    "EH1 F",
    "JH IY1",
    "EY1 CH",
    "AY1",
    "JH EY1",
    "K EY1",
    "EH1 L",
    "EH1 M",
    "EH1 N",
    "OW1",
    "P IY1",
    "K Y UW1",
    "AA1 R",
    "EH1 S",
    "T IY1",
    "Y UW1",
    "V IY1",
    "D AH1 B AH0 L Y UW0",
    "EH1 K S",
    "W AY1",
    "Z IY1",
];

/// Phones of the name of a capital letter; none for other characters.
pub(crate) fn letter_name(letter: char) -> Vec<Phone> {
    name(letter.encode_utf8(&mut [0; 4])).unwrap_or_default()
}

/// The phones of a letter's name, when the word is one capital letter, also in the plural or possessive (`C's`).
pub(super) fn name(word: &str) -> Option<Vec<Phone>> {
    let (letter, plural) = match word.as_bytes() {
        [letter] => (letter, false),
        [letter, b'\'', b's'] => (letter, true),
        _ => return None,
    };
    let index = usize::from(letter.checked_sub(b'A')?);
    let mut phones = parse_arpabet(NAMES.get(index)?).ok()?;
    if plural {
        super::derive::push_plural(&mut phones);
    }
    Some(phones)
}
