//! The phones: ARPAbet as the CMU dictionary writes it, and the IPA for each of them.
//!
//! The inventory is closed and its order is fixed, because token ids derive from it: six marks, 24 consonants, then
//! 15 vowels in four writings each (without stress digit, 0, 1, 2). `to_ipa` is injective: no two phones share a
//! writing. Where plain IPA has only one sign, the writings are told apart like this:
//!
//! - primary and secondary stress stand right before the vowel: `AH1` is `ˈʌ`, `AH2` is `ˌʌ`;
//! - a vowel without digit (stress unknown) is the plain sign: `AH` is `ʌ`, `IH` is `ɪ`;
//! - stress 0 is the reduced sign where English has one, `AH0` = `ə` and `ER0` = `ɚ`, and otherwise the plain sign
//!   with the IPA's "extra short" breve (U+0306): `IH0` = `ɪ̆`, `OW0` = `oʊ̆`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::PhoneError;

/// One phone or mark of the inventory. Copy, one byte; the order of phones is the order of their ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(u8);

/// Stress of a vowel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stress {
    /// Not said: a vowel without digit.
    Unmarked,
    /// Digit 0.
    None,
    /// Digit 1.
    Primary,
    /// Digit 2.
    Secondary,
}

impl Stress {
    /// All four, in the order of the inventory.
    pub const ALL: [Stress; 4] =
        [Stress::Unmarked, Stress::None, Stress::Primary, Stress::Secondary];
}

const MARKS: usize = 6;
const CONSONANTS: usize = 24;
const VOWELS: usize = 15;
const WRITINGS: usize = Stress::ALL.len();
const FIRST_VOWEL: usize = MARKS + CONSONANTS;
const COUNT: usize = FIRST_VOWEL + VOWELS * WRITINGS;

/// ARPAbet and IPA of the four writings of a vowel.
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

/// Marks: ARPAbet side as the corpora write them; `SIL` is the extended IPA's short pause.
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

    /// Returns the position in the fixed order, below [`Phone::COUNT`].
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Returns the phone at a position of the fixed order.
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

    /// ARPAbet, for instance `AH0`.
    pub fn arpabet(self) -> &'static str {
        self.row().0
    }

    /// IPA, for instance `ə`; see the module's notes for the writings. Join phones with
    /// [`to_ipa`](crate::ipa::to_ipa), which keeps the joins readable back.
    pub fn ipa(self) -> &'static str {
        self.row().1
    }

    /// Returns the phone of an ARPAbet symbol, exactly as the inventory writes it (upper case).
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

    /// Whether it is a vowel, in any writing.
    pub fn is_vowel(self) -> bool {
        self.index() >= FIRST_VOWEL
    }

    /// Whether it is a consonant.
    pub fn is_consonant(self) -> bool {
        (MARKS..FIRST_VOWEL).contains(&self.index())
    }

    /// Whether it is a boundary, a pause mark or silence, that is: no sound of a word.
    pub fn is_mark(self) -> bool {
        self.index() < MARKS
    }

    /// Whether it is one of the written pauses `,` `.` `?` `!`.
    pub fn is_pause(self) -> bool {
        (Self::COMMA..=Self::EXCLAMATION).contains(&self)
    }

    /// Stress of a vowel; nothing for consonants and marks.
    pub fn stress(self) -> Option<Stress> {
        self.is_vowel().then(|| Stress::ALL[(self.index() - FIRST_VOWEL) % WRITINGS])
    }

    /// Returns the same vowel with another stress; consonants and marks stay as they are.
    pub fn with_stress(self, stress: Stress) -> Phone {
        if !self.is_vowel() {
            return self;
        }
        let first = self.index() - (self.index() - FIRST_VOWEL) % WRITINGS;
        Phone((first + stress as usize) as u8)
    }

    /// Without its stress digit, except that the schwa `AH0` stays: it is another sound than `AH`.
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

    /// Reads ARPAbet in any case, with the usual synonyms `AX`, `AXR`, `IX`, `H`.
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

/// Drop the stress digit of a phone, keeping `AH0`; see [`Phone::strip_stress`].
pub fn strip_stress(phone: Phone) -> Phone {
    phone.strip_stress()
}

/// Reads phones written in ARPAbet with white space between them, marks included.
///
/// Errors name the first symbol that is no phone.
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

/// Gives every vowel of one word a stress, as the dictionary does.
///
/// Transcriptions by hand often leave it out. If the word has no stressed vowel, the first vowel of unknown stress
/// gets the primary one; all others of unknown stress get 0.
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
