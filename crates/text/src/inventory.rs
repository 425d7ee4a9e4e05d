//! Phone inventory: ARPAbet as in the CMU dictionary, with the IPA of each phone.
//!
//! The order of the inventory is fixed, because token ids derive from it: six marks, 24 consonants, then 15 vowels in
//! four forms each (without stress digit, 0, 1, 2). `to_ipa` is injective: no two phones have the same IPA. Forms with
//! the same IPA symbol are distinguished as follows:
//!
//! - primary and secondary stress marks are directly before the vowel: `AH1` is `ˈʌ`, `AH2` is `ˌʌ`;
//! - a vowel without stress digit (unknown stress) is the plain symbol: `AH` is `ʌ`, `IH` is `ɪ`;
//! - an unstressed vowel is the reduced symbol if English has one, `AH0` = `ə` and `ER0` = `ɚ`, otherwise the plain
//!   symbol with the "extra short" breve of the IPA (U+0306): `IH0` = `ɪ̆`, `OW0` = `oʊ̆`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::PhoneError;

/// A phone or mark of the inventory, in one byte. The order of phones is that of their ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(u8);

/// Stress of a vowel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stress {
    /// Unknown: a vowel without digit.
    Unmarked,
    /// Digit 0.
    None,
    /// Digit 1.
    Primary,
    /// Digit 2.
    Secondary,
}

impl Stress {
    /// All variants, in the order of the inventory.
    pub const ALL: [Stress; 4] =
        [Stress::Unmarked, Stress::None, Stress::Primary, Stress::Secondary];
}

const MARKS: usize = 6;
const CONSONANTS: usize = 24;
const VOWELS: usize = 15;
const WRITINGS: usize = Stress::ALL.len();
const FIRST_VOWEL: usize = MARKS + CONSONANTS;
const COUNT: usize = FIRST_VOWEL + VOWELS * WRITINGS;

/// ARPAbet and IPA of the four forms of a vowel.
macro_rules! vowel {
    ($arpabet:literal, $ipa:literal, $unstressed:literal) => {
        [
            ($arpabet, $ipa),
            (concat!($arpabet, "0"), $unstressed),
            (concat!($arpabet, "1"), concat!("ˈ", $ipa)),
            (concat!($arpabet, "2"), concat!("ˌ", $ipa)),
        ]
    };
    ($arpabet:literal, $ipa:literal) => {
        [
            ($arpabet, $ipa),
            (concat!($arpabet, "0"), concat!($ipa, "\u{306}")),
            (concat!($arpabet, "1"), concat!("ˈ", $ipa)),
            (concat!($arpabet, "2"), concat!("ˌ", $ipa)),
        ]
    };
}

/// Marks with their ARPAbet form, as in corpora, and their IPA form. `SIL` is the short pause of the extended IPA.
const MARK_TABLE: [(&str, &str); MARKS] =
    [("SIL", "(.)"), ("|", " "), (",", ","), (".", "."), ("?", "?"), ("!", "!")];

const CONSONANT_TABLE: [(&str, &str); CONSONANTS] = [
    ("B", "b"),
    ("CH", "t͡ʃ"),
    ("D", "d"),
    ("DH", "ð"),
    ("F", "f"),
    ("G", "ɡ"),
    ("HH", "h"),
    ("JH", "d͡ʒ"),
    ("K", "k"),
    ("L", "l"),
    ("M", "m"),
    ("N", "n"),
    ("NG", "ŋ"),
    ("P", "p"),
    ("R", "ɹ"),
    ("S", "s"),
    ("SH", "ʃ"),
    ("T", "t"),
    ("TH", "θ"),
    ("V", "v"),
    ("W", "w"),
    ("Y", "j"),
    ("Z", "z"),
    ("ZH", "ʒ"),
];

const VOWEL_TABLE: [[(&str, &str); WRITINGS]; VOWELS] = [
    vowel!("AA", "ɑ"),
    vowel!("AE", "æ"),
    vowel!("AH", "ʌ", "ə"),
    vowel!("AO", "ɔ"),
    vowel!("AW", "aʊ"),
    vowel!("AY", "aɪ"),
    vowel!("EH", "ɛ"),
    vowel!("ER", "ɝ", "ɚ"),
    vowel!("EY", "eɪ"),
    vowel!("IH", "ɪ"),
    vowel!("IY", "i"),
    vowel!("OW", "oʊ"),
    vowel!("OY", "ɔɪ"),
    vowel!("UH", "ʊ"),
    vowel!("UW", "u"),
];

impl Phone {
    /// Number of phones, separators and pauses.
    pub const COUNT: usize = COUNT;
    /// `SIL`, an audible silence.
    pub const SILENCE: Phone = Phone(0);
    /// `|`, between two words.
    pub const BOUNDARY: Phone = Phone(1);
    /// `,`, a pause inside a sentence.
    pub const COMMA: Phone = Phone(2);
    /// `.`, the end of a statement.
    pub const PERIOD: Phone = Phone(3);
    /// `?`, the end of a question.
    pub const QUESTION: Phone = Phone(4);
    /// `!`, the end of an exclamation.
    pub const EXCLAMATION: Phone = Phone(5);

    /// Returns all phones in the fixed order.
    pub fn all() -> impl ExactSizeIterator<Item = Phone> + Clone {
        (0..COUNT as u8).map(Phone)
    }

    /// Returns the index in the fixed order, below [`Phone::COUNT`].
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Returns the phone at an index of the fixed order.
    pub fn from_index(index: usize) -> Option<Phone> {
        (index < COUNT).then_some(Phone(index as u8))
    }

    fn row(self) -> (&'static str, &'static str) {
        let i = self.index();
        if i < MARKS {
            MARK_TABLE[i]
        } else if i < FIRST_VOWEL {
            CONSONANT_TABLE[i - MARKS]
        } else {
            VOWEL_TABLE[(i - FIRST_VOWEL) / WRITINGS][(i - FIRST_VOWEL) % WRITINGS]
        }
    }

    /// Returns the ARPAbet symbol, for instance `AH0`.
    pub fn arpabet(self) -> &'static str {
        self.row().0
    }

    /// Returns the IPA, for instance `ə`; the module's documentation explains the forms. [`to_ipa`](crate::ipa::to_ipa)
    /// joins phones such that the result can be parsed.
    pub fn ipa(self) -> &'static str {
        self.row().1
    }

    /// Returns the phone of an ARPAbet symbol in the exact form of the inventory (upper case).
    pub fn from_arpabet(symbol: &str) -> Option<Phone> {
        let bytes = symbol.as_bytes();
        let (name, stress) = match bytes.last()? {
            b'0' => (&bytes[..bytes.len() - 1], Stress::None),
            b'1' => (&bytes[..bytes.len() - 1], Stress::Primary),
            b'2' => (&bytes[..bytes.len() - 1], Stress::Secondary),
            _ => (bytes, Stress::Unmarked),
        };
        if let Ok(i) = VOWEL_TABLE.binary_search_by(|row| row[0].0.as_bytes().cmp(name)) {
            return Some(Phone((FIRST_VOWEL + i * WRITINGS + stress as usize) as u8));
        }
        if stress != Stress::Unmarked {
            return None;
        }
        if let Ok(i) = CONSONANT_TABLE.binary_search_by(|row| row.0.as_bytes().cmp(name)) {
            return Some(Phone((MARKS + i) as u8));
        }
        MARK_TABLE.iter().position(|row| row.0 == symbol).map(|i| Phone(i as u8))
    }

    /// Whether the phone is a vowel, with or without a stress digit.
    pub fn is_vowel(self) -> bool {
        self.index() >= FIRST_VOWEL
    }

    /// Whether the phone is a consonant.
    pub fn is_consonant(self) -> bool {
        (MARKS..FIRST_VOWEL).contains(&self.index())
    }

    /// Whether the phone is a mark: a word boundary, a pause mark or silence.
    pub fn is_mark(self) -> bool {
        self.index() < MARKS
    }

    /// Whether the phone is one of the pause marks `,` `.` `?` `!`.
    pub fn is_pause(self) -> bool {
        (Self::COMMA..=Self::EXCLAMATION).contains(&self)
    }

    /// Returns the stress of a vowel; `None` for consonants and marks.
    pub fn stress(self) -> Option<Stress> {
        self.is_vowel().then(|| Stress::ALL[(self.index() - FIRST_VOWEL) % WRITINGS])
    }

    /// Returns the vowel with another stress; consonants and marks are returned unchanged.
    pub fn with_stress(self, stress: Stress) -> Phone {
        if !self.is_vowel() {
            return self;
        }
        let first = self.index() - (self.index() - FIRST_VOWEL) % WRITINGS;
        Phone((first + stress as usize) as u8)
    }

    /// Returns the phone without its stress digit. The schwa `AH0` is returned unchanged, since it is another sound
    /// than `AH`.
    pub fn strip_stress(self) -> Phone {
        if self.arpabet() == "AH0" { self } else { self.with_stress(Stress::Unmarked) }
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.arpabet())
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.arpabet())
    }
}

impl FromStr for Phone {
    type Err = PhoneError;

    /// Parses ARPAbet in any case, with the common synonyms `AX`, `AXR`, `IX`, `H`.
    fn from_str(symbol: &str) -> Result<Self, Self::Err> {
        let upper = symbol.to_ascii_uppercase();
        let name = match upper.as_str() {
            "AX" => "AH0",
            "AXR" => "ER0",
            "IX" => "IH0",
            "H" => "HH",
            other => other,
        };
        Phone::from_arpabet(name).ok_or_else(|| PhoneError::Arpabet { symbol: symbol.to_owned() })
    }
}

impl Serialize for Phone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.arpabet())
    }
}

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let symbol = String::deserialize(deserializer)?;
        symbol.parse().map_err(serde::de::Error::custom)
    }
}

/// Returns a phone without its stress digit; see [`Phone::strip_stress`].
pub fn strip_stress(phone: Phone) -> Phone {
    phone.strip_stress()
}

/// Parses phones and marks in ARPAbet, separated by white space.
///
/// # Errors
/// [`PhoneError`] with the first unknown symbol.
pub fn parse_arpabet(text: &str) -> Result<Vec<Phone>, PhoneError> {
    text.split_whitespace().map(str::parse).collect()
}

/// Writes phones in ARPAbet with one space between them.
pub fn to_arpabet(phones: &[Phone]) -> String {
    let mut out = String::with_capacity(phones.len() * 4);
    for phone in phones {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(phone.arpabet());
    }
    out
}

/// Sets the stress of every vowel of a word, as in the dictionary.
///
/// Manual transcriptions often lack stress. If the word has no stressed vowel, the first vowel of unknown stress gets
/// primary stress; all other vowels of unknown stress are unstressed.
pub fn complete_stress(phones: &mut [Phone]) {
    let stressed =
        phones.iter().any(|p| matches!(p.stress(), Some(Stress::Primary | Stress::Secondary)));
    let mut primary_due = !stressed;
    for phone in phones.iter_mut().filter(|p| p.stress() == Some(Stress::Unmarked)) {
        let stress = if primary_due { Stress::Primary } else { Stress::None };
        *phone = phone.with_stress(stress);
        primary_due = false;
    }
}
