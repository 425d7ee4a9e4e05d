//! Reading of a user's lexicon file.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};

use crate::error::{LexiconFault, PhoneError, TextError};
use crate::inventory::{Phone, complete_stress, parse_arpabet};
use crate::ipa::parse_ipa_word;

/// Pronunciations of a user's word.
#[derive(Debug, Clone, Default)]
pub(crate) struct UserEntry {
    pub(crate) bounds: Vec<u32>,
    pub(crate) phones: Vec<Phone>,
}

impl UserEntry {
    pub(crate) fn push(&mut self, phones: &[Phone]) {
        if self.bounds.is_empty() {
            self.bounds.push(0);
        }
        self.phones.extend_from_slice(phones);
        self.bounds.push(self.phones.len() as u32);
    }
}

/// Reads all lines, and returns the entries by word in lower case.
pub(crate) fn read(reader: impl Read, file: &str) -> Result<HashMap<String, UserEntry>, TextError> {
    let mut entries: HashMap<String, UserEntry> = HashMap::new();
    for (index, line) in BufReader::new(reader).lines().enumerate() {
        let failed =
            |fault| TextError::LexiconLine { file: file.to_owned(), line: index + 1, fault };
        let line = line.map_err(|e| failed(e.into()))?;
        let line = line.trim_start_matches('\u{FEFF}');
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let (word, sounds) = line
            .split_once(char::is_whitespace)
            .ok_or_else(|| failed(LexiconFault::NoPronunciation { line: line.to_owned() }))?;
        let phones = pronunciation(sounds.trim()).map_err(|e| failed(e.into()))?;
        entries.entry(word.to_lowercase()).or_default().push(&phones);
    }
    Ok(entries)
}

/// Parses the pronunciation of a word: ARPAbet, or IPA between slashes.
///
/// Between slashes, text with a character outside ASCII and lower-case text without spaces is IPA (`/bɪt/`, `/bit/`);
/// other text is ARPAbet (`/B IH1 T/`).
pub(crate) fn pronunciation(text: &str) -> Result<Vec<Phone>, PhoneError> {
    let Some(inner) = text.strip_prefix('/').and_then(|t| t.strip_suffix('/')) else {
        return word_arpabet(text);
    };
    let one_lower = !inner.contains(char::is_whitespace) && inner.contains(char::is_lowercase);
    if !inner.is_ascii() || one_lower { parse_ipa_word(inner) } else { word_arpabet(inner) }
}

fn word_arpabet(text: &str) -> Result<Vec<Phone>, PhoneError> {
    let mut phones = parse_arpabet(text)?;
    if let Some(mark) = phones.iter().find(|p| p.is_mark()) {
        return Err(PhoneError::Arpabet { symbol: mark.arpabet().to_owned() });
    }
    if phones.is_empty() {
        return Err(PhoneError::Empty);
    }
    complete_stress(&mut phones);
    Ok(phones)
}
