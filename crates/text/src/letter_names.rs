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

/// Returns the phones of a capital letter's name; empty for other characters.
pub(crate) fn letter_name(letter: char) -> Vec<Phone> {
    let index = u32::from(letter).checked_sub(u32::from('A'));
    let name = index.and_then(|index| NAMES.get(index as usize));
    name.and_then(|name| parse_arpabet(name).ok()).unwrap_or_default()
}
