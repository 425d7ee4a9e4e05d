//! Phone tokens of vall-e: IPA as espeak writes American English, through the project's own tokenizer file.

use std::path::Path;

use syrinx_text::{Phone, Stress};
use tokenizers::Tokenizer;

use super::error::VallEError;

/// Vowels as espeak's `en-us` writes them: with stress, and without where that differs.
const VOWELS: [(&str, &str, &str); 15] = [
    ("AA", "ɑː", "ɑː"),
    ("AE", "æ", "æ"),
    ("AH", "ʌ", "ə"),
    ("AO", "ɔː", "ɔː"),
    ("AW", "aʊ", "aʊ"),
    ("AY", "aɪ", "aɪ"),
    ("EH", "ɛ", "ɛ"),
    ("ER", "ɜː", "ɚ"),
    ("EY", "eɪ", "eɪ"),
    ("IH", "ɪ", "ɪ"),
    ("IY", "iː", "i"),
    ("OW", "oʊ", "oʊ"),
    ("OY", "ɔɪ", "ɔɪ"),
    ("UH", "ʊ", "ʊ"),
    ("UW", "uː", "uː"),
];

/// Consonants as espeak's `en-us` writes them.
const CONSONANTS: [(&str, &str); 24] = [
    ("B", "b"),
    ("CH", "tʃ"),
    ("D", "d"),
    ("DH", "ð"),
    ("F", "f"),
    ("G", "ɡ"),
    ("HH", "h"),
    ("JH", "dʒ"),
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

/// IPA of a phone in espeak's style, the stress directly before the vowel; `None` for a boundary or a pause.
pub fn espeak_ipa(phone: Phone) -> Option<String> {
    let symbol = phone.strip_stress().arpabet();
    if let Some((_, ipa)) = CONSONANTS.iter().find(|(arpabet, _)| *arpabet == symbol) {
        return Some((*ipa).to_owned());
    }
    let plain = symbol.trim_end_matches(|c: char| c.is_ascii_digit());
    let (_, stressed, unstressed) = VOWELS.iter().find(|(arpabet, ..)| *arpabet == plain)?;
    Some(match phone.stress() {
        Some(Stress::Primary) => format!("ˈ{stressed}"),
        Some(Stress::Secondary) => format!("ˌ{stressed}"),
        _ => (*unstressed).to_owned(),
    })
}

/// The tokenizer of a checkpoint.
pub struct VallETokenizer {
    tokenizer: Tokenizer,
}

impl VallETokenizer {
    /// Reads the project's `tokenizer.json`, and checks that all its tokens are in the model's table of phones.
    ///
    /// # Errors
    /// [`VallEError::Read`], [`VallEError::Broken`].
    pub fn open(path: &Path, phones: usize) -> Result<Self, VallEError> {
        let bytes =
            std::fs::read(path).map_err(|source| VallEError::Read { path: path.into(), source })?;
        Self::from_bytes(&bytes, phones)
            .map_err(|reason| VallEError::Tokenizer { path: path.into(), reason })
    }

    /// The tokenizer of a file's bytes; the error is the reason why it is not usable.
    ///
    /// # Errors
    /// The reason why the bytes are not usable.
    pub fn from_bytes(bytes: &[u8], phones: usize) -> Result<Self, String> {
        let tokenizer = Tokenizer::from_bytes(bytes).map_err(|e| e.to_string())?;
        for token in ["<bos>", "</eos>"] {
            if tokenizer.token_to_id(token).is_none() {
                return Err(format!("token `{token}` is missing"));
            }
        }
        let largest = tokenizer.get_vocab(true).into_values().max().unwrap_or_default() as usize;
        match largest < phones {
            true => Ok(Self { tokenizer }),
            false => Err(format!("token {largest} in a tokenizer of a model with {phones} phones")),
        }
    }

    /// Tokens of IPA, with their begin and end.
    ///
    /// # Errors
    /// The tokenizer's reason.
    pub fn encode(&self, ipa: &str) -> Result<Vec<u32>, String> {
        let encoding = self.tokenizer.encode(ipa, true).map_err(|e| e.to_string())?;
        Ok(encoding.get_ids().to_vec())
    }

    /// IPA of tokens; begin, end and unknown tokens are left out. Where several symbols share a token, the first by name is
    /// written.
    pub fn decode(&self, ids: &[u32]) -> String {
        let mut symbols: Vec<(String, u32)> = self.tokenizer.get_vocab(false).into_iter().collect();
        symbols.sort();
        let symbol = |id: &u32| {
            let found = symbols.iter().find(|(symbol, i)| i == id && !symbol.starts_with('<'));
            found.map(|(symbol, _)| symbol.as_str())
        };
        ids.iter().filter_map(symbol).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn phones_are_written_as_espeak_writes_them() {
        let ipa = |phones: &str| -> String {
            let phones = phones.split(' ').map(|p| Phone::from_arpabet(p).unwrap());
            phones.filter_map(espeak_ipa).collect()
        };
        assert_eq!(ipa("HH AH0 L OW1"), "həlˈoʊ");
        assert_eq!(ipa("W ER1 L D"), "wˈɜːld");
        assert_eq!(ipa("B ER0 CH IY0"), "bɚtʃi");
        assert_eq!(ipa("S IH1 K S T IY2 N"), "sˈɪkstˌiːn");
    }

    #[test]
    fn every_phone_that_sounds_has_a_symbol() {
        for phone in Phone::all().filter(|p| !p.is_mark()) {
            assert!(espeak_ipa(phone).is_some(), "{}", phone.arpabet());
        }
    }
}
