//! Phoneme-to-grapheme conversion.

use syrinx_task::{
    Content, Contents, Generated, Phones, Plan, RowPlan, StageRun, TaskError, TaskKit, TextContent,
    WordPhones,
};
use syrinx_text::inventory::{parse_arpabet, to_arpabet};
use syrinx_text::ipa::{parse_ipa, to_ipa};
use syrinx_text::{Phone, TextError};

use crate::layout::{PHONES, TO_LETTERS};
use crate::{G2pConfig, G2pIssue};

/// Parses ARPAbet, or IPA between slashes, and returns the phones of each word, without boundaries and punctuation.
fn words(phones: &str) -> Result<Vec<Vec<Phone>>, TaskError> {
    let phones = phones.trim();
    let read = if phones.starts_with('/') {
        parse_ipa(phones.trim_matches('/'))
    } else {
        parse_arpabet(phones)
    };
    let read = read.map_err(|e| TaskError::Text(TextError::Phone(e)))?;
    let words = read.split(|p| p.is_mark()).filter(|word| !word.is_empty());
    let words: Vec<Vec<Phone>> = words.map(<[Phone]>::to_vec).collect();
    if words.is_empty() {
        return Err(G2pIssue::NoPhones.into());
    }
    Ok(words)
}

/// A word to convert to letters.
pub struct Spelled {
    /// Phones of the word.
    phones: Vec<Phone>,
    /// Word of the lexicon with these phones; `None` if the model converts the word.
    known: Option<String>,
}

/// Plans one row per word whose phones are not in the lexicon.
pub(crate) fn plan(
    config: &G2pConfig,
    kit: &TaskKit,
    phones: &str,
) -> Result<(Plan, Vec<Spelled>), TaskError> {
    let lexicon = kit.frontend.lexicon();
    let spelled = |phones: Vec<Phone>| {
        let known = if config.always_model { None } else { lexicon.word_of(&phones) };
        Spelled { phones, known }
    };
    let words: Vec<Spelled> = words(phones)?.into_iter().map(spelled).collect();
    let row = |word: &Spelled| {
        let given = TextContent::plain(kit.vocab.encode_phones(&word.phones));
        let contents = Contents::from([(PHONES.to_owned(), Content::Text(given))]);
        let limit = config.limit(word.phones.len());
        RowPlan::new(vec![StageRun::new(TO_LETTERS, contents, limit)])
    };
    let rows = words.iter().filter(|word| word.known.is_none()).map(row).collect();
    Ok((Plan { rows }, words))
}

/// Returns the words in letters with their phones.
pub(crate) fn finish(kit: &TaskKit, words: &[Spelled], generated: &[Generated]) -> Phones {
    let mut generated = generated.iter();
    let mut word = |word: &Spelled| {
        let (letters, source) = match &word.known {
            Some(known) => (known.clone(), "lexicon"),
            None => {
                let tokens = generated.next().map(|g| kit.vocab.decode_letters(&g.text));
                (tokens.unwrap_or_default(), "model")
            }
        };
        WordPhones {
            word: letters,
            phones: to_arpabet(&word.phones),
            ipa: to_ipa(&word.phones),
            source: source.into(),
        }
    };
    let converted: Vec<WordPhones> = words.iter().map(&mut word).collect();
    let phones: Vec<&[Phone]> = words.iter().map(|word| word.phones.as_slice()).collect();
    let line = phones.join(&Phone::BOUNDARY);
    Phones {
        phones: to_arpabet(&line),
        ipa: to_ipa(&line),
        text: converted.iter().map(|w| w.word.as_str()).collect::<Vec<_>>().join(" "),
        words: converted,
    }
}
