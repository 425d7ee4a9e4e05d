//! Parsing and writing of IPA.
//!
//! Writing is injective for sequences, too: two phones whose symbols would be parsed as other phones are separated by
//! `-` (T SH is `t-ʃ`, CH is `t͡ʃ`). Parsing takes the longest symbol first, accepts common variants (`r`, `g`, `tʃ`
//! without tie bar, British vowels), and ignores length, ties and most diacritics.

use unicode_normalization::UnicodeNormalization;

use crate::error::PhoneError;
use crate::inventory::{Phone, Stress, complete_stress};

/// Accepted symbols (without stress, breve, ties and length marks) and their ARPAbet.
const SIGNS: &[(&str, &str)] = &[
    // Symbols of the inventory.
    ("ɑ", "AA"),
    ("æ", "AE"),
    ("ʌ", "AH"),
    ("ə", "AH0"),
    ("ɔ", "AO"),
    ("aʊ", "AW"),
    ("aɪ", "AY"),
    ("ɛ", "EH"),
    ("ɝ", "ER"),
    ("ɚ", "ER0"),
    ("eɪ", "EY"),
    ("ɪ", "IH"),
    ("i", "IY"),
    ("oʊ", "OW"),
    ("ɔɪ", "OY"),
    ("ʊ", "UH"),
    ("u", "UW"),
    ("b", "B"),
    ("tʃ", "CH"),
    ("d", "D"),
    ("ð", "DH"),
    ("f", "F"),
    ("ɡ", "G"),
    ("h", "HH"),
    ("dʒ", "JH"),
    ("k", "K"),
    ("l", "L"),
    ("m", "M"),
    ("n", "N"),
    ("ŋ", "NG"),
    ("p", "P"),
    ("ɹ", "R"),
    ("s", "S"),
    ("ʃ", "SH"),
    ("t", "T"),
    ("θ", "TH"),
    ("v", "V"),
    ("w", "W"),
    ("j", "Y"),
    ("z", "Z"),
    ("ʒ", "ZH"),
    // Variants of consonants.
    ("r", "R"),
    ("ɻ", "R"),
    ("ʁ", "R"),
    ("g", "G"),
    ("ɫ", "L"),
    ("ʧ", "CH"),
    ("ʤ", "JH"),
    ("ɾ", "D"),
    ("ʍ", "HH W"),
    ("ʋ", "V"),
    ("ɦ", "HH"),
    ("ç", "HH"),
    ("x", "K"),
    ("ʔ", "T"),
    ("ɲ", "N Y"),
    // Variants of vowels, American and British.
    ("a", "AE"),
    ("ɒ", "AA"),
    ("ɐ", "AH"),
    ("e", "EH"),
    ("o", "OW"),
    ("ɜ", "ER"),
    ("ɜɹ", "ER"),
    ("ɜr", "ER"),
    ("ɜ˞", "ER"),
    ("ə˞", "ER0"),
    ("ɨ", "IH0"),
    ("ᵻ", "IH0"),
    ("ʉ", "UW"),
    ("ai", "AY"),
    ("au", "AW"),
    ("ei", "EY"),
    ("ɛɪ", "EY"),
    ("ou", "OW"),
    ("əʊ", "OW"),
    ("ɔi", "OY"),
    ("oɪ", "OY"),
    ("ɪə", "IH R"),
    ("eə", "EH R"),
    ("ɛə", "EH R"),
    ("ʊə", "UH R"),
    // The cedilla in NFD.
    ("c\u{327}", "HH"),
];

/// Longest symbol of the table, characters.
const LONGEST_SIGN_CHARS: usize = 2;
const BREVE: char = '\u{306}';
const SYLLABIC: char = '\u{329}';

/// Whether a character is a length mark, tie or secondary articulation, which the inventory does not have.
fn is_ignored(c: char) -> bool {
    matches!(
        c,
        'ː' | 'ˑ' | '‿' | '\u{35C}' | '\u{361}' | 'ʰ' | 'ʷ' | 'ʲ' | 'ˠ' | '\u{200D}'
            | '\u{303}' | '\u{30A}' | '\u{31A}' | '\u{31D}'..='\u{326}' | '\u{32A}'..='\u{334}'
    )
}

/// Interpretation of marks and spaces in a transcription.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// A sequence of words: a space is a word boundary, `.` a pause.
    Sequence,
    /// One word: `.` and spaces separate syllables.
    Word,
}

/// Writes phones in IPA. [`parse_ipa`] of the result returns the same phones.
pub fn to_ipa(phones: &[Phone]) -> String {
    let mut out = String::new();
    for (i, phone) in phones.iter().enumerate() {
        if i > 0 && joins_wrongly(phones[i - 1], *phone) {
            out.push('-');
        }
        out.push_str(phone.ipa());
    }
    out
}

/// Whether two phones without a separator would be parsed as other phones.
fn joins_wrongly(a: Phone, b: Phone) -> bool {
    if a.is_mark() || b.is_mark() {
        return false;
    }
    let joined = format!("{}{}", a.ipa(), b.ipa());
    read(&joined, Reading::Sequence).ok().as_deref() != Some(&[a, b])
}

/// Parses a sequence of phones and marks in IPA. Vowels without a stress mark have unknown stress.
///
/// # Errors
/// [`PhoneError`] with the first unknown symbol.
pub fn parse_ipa(text: &str) -> Result<Vec<Phone>, PhoneError> {
    read(text, Reading::Sequence)
}

/// Parses the pronunciation of a word (`həˈloʊ`, `ˈkæt.ə.lɒɡ`), with or without surrounding slashes or brackets. The
/// stress of every vowel is set by [`complete_stress`].
///
/// # Errors
/// [`PhoneError`] with the first unknown symbol, or for an empty pronunciation.
pub fn parse_ipa_word(text: &str) -> Result<Vec<Phone>, PhoneError> {
    let inner = text.trim().trim_matches(|c| matches!(c, '/' | '[' | ']'));
    let mut phones = read(inner, Reading::Word)?;
    if phones.is_empty() {
        return Err(PhoneError::Empty);
    }
    complete_stress(&mut phones);
    Ok(phones)
}

fn read(text: &str, reading: Reading) -> Result<Vec<Phone>, PhoneError> {
    let chars: Vec<char> = text.nfd().filter(|&c| !is_ignored(c)).collect();
    let mut phones = Vec::with_capacity(chars.len());
    let mut pending: Option<Stress> = None;
    let mut at = 0;
    while at < chars.len() {
        if let Some(stress) = stress_mark(chars[at]) {
            pending = Some(stress);
            at += 1;
        } else if let Some((mark, length)) = mark_at(&chars[at..], reading) {
            phones.extend(mark);
            at += length;
        } else if let Some((sign, length)) = sign_at(&chars[at..]) {
            at += length;
            let breve = chars.get(at) == Some(&BREVE);
            at += usize::from(breve);
            if chars.get(at) == Some(&SYLLABIC) {
                // A syllabic consonant is schwa and consonant in the CMU dictionary.
                phones.extend(Phone::from_arpabet("AH0"));
                at += 1;
            }
            push_sign(sign, breve, &mut pending, &mut phones);
        } else {
            return Err(PhoneError::Ipa {
                piece: chars[at].to_string(),
                transcription: text.to_owned(),
            });
        }
    }
    match pending {
        Some(_) => Err(PhoneError::Stress { transcription: text.to_owned() }),
        None => Ok(phones),
    }
}

/// Appends the phones of a symbol. A pending stress is set on the first vowel among them.
fn push_sign(sign: &str, breve: bool, pending: &mut Option<Stress>, phones: &mut Vec<Phone>) {
    for phone in sign.split(' ').filter_map(Phone::from_arpabet) {
        let phone = match (phone.is_vowel(), pending.take()) {
            (true, Some(stress)) => phone.with_stress(stress),
            (true, None) if breve => phone.with_stress(Stress::None),
            (_, kept) => {
                *pending = kept;
                phone
            }
        };
        phones.push(phone);
    }
}

fn stress_mark(c: char) -> Option<Stress> {
    match c {
        'ˈ' | '\'' | '’' => Some(Stress::Primary),
        'ˌ' => Some(Stress::Secondary),
        _ => None,
    }
}

/// Returns the mark or separator at the start of `chars`, with its number of characters.
fn mark_at(chars: &[char], reading: Reading) -> Option<(Option<Phone>, usize)> {
    let word = reading == Reading::Word;
    let mark = match chars[0] {
        '-' => None,
        '.' if word => None,
        c if c.is_whitespace() && word => None,
        c if c.is_whitespace() => Some(Phone::BOUNDARY),
        '(' if chars.starts_with(&['(', '.', ')']) => return Some((Some(Phone::SILENCE), 3)),
        ',' if !word => Some(Phone::COMMA),
        '.' => Some(Phone::PERIOD),
        '?' if !word => Some(Phone::QUESTION),
        '!' if !word => Some(Phone::EXCLAMATION),
        _ => return None,
    };
    Some((mark, 1))
}

/// Returns the longest symbol at the start of `chars`: its ARPAbet and its number of characters.
fn sign_at(chars: &[char]) -> Option<(&'static str, usize)> {
    (1..=LONGEST_SIGN_CHARS.min(chars.len())).rev().find_map(|length| {
        SIGNS
            .iter()
            .find(|(sign, _)| sign.chars().eq(chars[..length].iter().copied()))
            .map(|&(_, arpabet)| (arpabet, length))
    })
}
