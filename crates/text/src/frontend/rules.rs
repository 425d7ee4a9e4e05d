//! Letter-to-sound rules, for words that neither a lexicon nor a model knows.
//!
//! Letters are read from left to right. At each position, the first rule of the table whose letters and context match
//! gives the phones (rules of the form of Elovitz et al. 1976, NRL Report 7948; the table is smaller and our own).
//! Afterwards stress is set by the number of syllables and the ending, and unstressed vowels are reduced.

use super::rules_table::{RULES, Rule};
use super::{Pronounce, letters};
use crate::inventory::{Phone, Stress, parse_arpabet};

/// Pronounces English words by rule. Every word with a letter or digit has a pronunciation.
#[derive(Debug, Clone, Copy, Default)]
pub struct RuleSpeller;

/// Endings with the primary stress on the vowel directly before them.
const STRESS_BEFORE: &[&str] = &[
    "tion", "sion", "cian", "tions", "sions", "cians", "ic", "ics", "ical", "ity", "ities", "ian",
    "ians", "ia", "ious", "eous", "ial", "ogy", "aphy", "ify",
];

impl RuleSpeller {
    /// Returns the phones of a word. Letters outside the English alphabet are dropped. A word without vowel letters is
    /// spelled letter by letter.
    pub fn spell(&self, word: &str) -> Vec<Phone> {
        let word: String = word
            .chars()
            .filter(|c| c.is_ascii_alphabetic())
            .map(|c| c.to_ascii_lowercase())
            .collect();
        if !word.contains(['a', 'e', 'i', 'o', 'u', 'y']) {
            return word
                .to_ascii_uppercase()
                .chars()
                .filter_map(|letter| letters::name(letter.encode_utf8(&mut [0; 4])))
                .flatten()
                .collect();
        }
        let mut phones = sounds(word.as_bytes());
        set_stress(&word, &mut phones);
        phones
    }
}

impl Pronounce for RuleSpeller {
    fn pronounce(
        &self,
        words: &[String],
    ) -> Result<Vec<Vec<Phone>>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(words.iter().map(|word| self.spell(word)).collect())
    }
}

/// Returns the phones of lower-case letters, with vowels without stress.
fn sounds(word: &[u8]) -> Vec<Phone> {
    let mut phones: Vec<Phone> = Vec::new();
    let mut at = 0;
    while at < word.len() {
        let Some(rule) = RULES.iter().find(|rule| fits(rule, word, at)) else {
            at += 1;
            continue;
        };
        for phone in parse_arpabet(rule.phones).unwrap_or_default() {
            // Doubled consonants are one phone.
            if phones.last() != Some(&phone) || phone.is_vowel() {
                phones.push(phone);
            }
        }
        at += rule.letters.len();
    }
    phones
}

fn fits(rule: &Rule, word: &[u8], at: usize) -> bool {
    word[at..].starts_with(rule.letters.as_bytes())
        && fits_right(rule.right.as_bytes(), &word[at + rule.letters.len()..])
        && fits_left(rule.left.as_bytes(), &word[..at])
}

fn is_vowel_letter(letter: u8) -> bool {
    matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

/// Whether a pattern symbol matches a letter.
fn fits_letter(symbol: u8, letter: u8) -> bool {
    match symbol {
        b'C' => !is_vowel_letter(letter),
        b'V' => is_vowel_letter(letter),
        b'F' => matches!(letter, b'e' | b'i' | b'y'),
        _ => symbol == letter,
    }
}

/// Endings before which a silent `e` still lengthens the vowel.
const MAGIC: &[&[u8]] =
    &[b"e", b"es", b"ed", b"er", b"ers", b"ing", b"ings", b"ely", b"eless", b"ement"];

/// Whether the following letters match a pattern: `_` is the end, `C` a consonant, `V` a vowel, `F` one of e, i and y,
/// `E` an ending with a silent e; another symbol is the letter itself.
fn fits_right(pattern: &[u8], mut after: &[u8]) -> bool {
    for &symbol in pattern {
        match symbol {
            b'_' => return after.is_empty(),
            b'E' => return MAGIC.contains(&after),
            _ => match after.split_first() {
                Some((&letter, rest)) if fits_letter(symbol, letter) => after = rest,
                _ => return false,
            },
        }
    }
    true
}

/// Whether the preceding letters match a pattern, read backwards: `_` is the beginning, `*` any letters with at least
/// one vowel.
fn fits_left(pattern: &[u8], mut before: &[u8]) -> bool {
    for &symbol in pattern.iter().rev() {
        match symbol {
            b'_' => return before.is_empty(),
            b'*' => return before.iter().any(|&letter| is_vowel_letter(letter)),
            _ => match before.split_last() {
                Some((&letter, rest)) if fits_letter(symbol, letter) => before = rest,
                _ => return false,
            },
        }
    }
    true
}

/// Sets the primary stress on one vowel and reduces short vowels without stress.
fn set_stress(word: &str, phones: &mut [Phone]) {
    let vowels: Vec<usize> = (0..phones.len()).filter(|&i| phones[i].is_vowel()).collect();
    let count = vowels.len();
    if count == 0 {
        return;
    }
    let ending = STRESS_BEFORE.iter().filter(|e| word.ends_with(**e)).max_by_key(|e| e.len());
    let stressed = match (ending, count) {
        (_, 1) => 0,
        (Some(ending), _) => count.saturating_sub(1 + syllables(ending)),
        (None, 2) if word.starts_with("a") && !phones[0].is_consonant() && is_weak_a(word) => 1,
        (None, 2) => 0,
        (None, _) => count - 3,
    };
    for (order, &index) in vowels.iter().enumerate() {
        let phone = phones[index];
        phones[index] = if phone.stress() != Some(Stress::Unmarked) {
            phone
        } else if order == stressed {
            phone.with_stress(Stress::Primary)
        } else if order == 0 && order + 1 != stressed {
            phone.with_stress(Stress::Secondary)
        } else {
            reduced(phone)
        };
    }
}

/// Whether a word begins with an unstressed `a` before a single consonant and a vowel: `about`, `away`.
fn is_weak_a(word: &str) -> bool {
    let letters = word.as_bytes();
    matches!(letters, [b'a', c, v, ..] if !is_vowel_letter(*c) && is_vowel_letter(*v))
}

/// Returns the number of vowels in an ending.
fn syllables(ending: &str) -> usize {
    match ending {
        "ity" | "ities" | "ical" | "ia" | "ian" | "ians" | "ogy" | "aphy" | "ify" | "ious"
        | "eous" => 2,
        _ => 1,
    }
}

/// Returns a vowel without stress.
fn reduced(phone: Phone) -> Phone {
    match phone.arpabet() {
        "AE" | "AA" | "AH" | "EH" => Phone::from_arpabet("AH0").unwrap_or(phone),
        _ => phone.with_stress(Stress::None),
    }
}
