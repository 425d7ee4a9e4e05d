//! Phones in letters.

use syrinx_task::{
    Content, Contents, Generated, Phones, Plan, RowPlan, StageRun, TaskError, TaskKit, TextContent,
    WordPhones,
};
use syrinx_text::inventory::{parse_arpabet, to_arpabet};
use syrinx_text::ipa::{parse_ipa, to_ipa};
use syrinx_text::{Phone, TextError};

use crate::G2pConfig;
use crate::layout::{PHONES, TO_LETTERS};

/// The words of a line of phones, without marks.
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
        return Err(TaskError::input(
            "the request has no phones",
            "give some like `HH AH0 L OW1 | W ER1 L D`",
        ));
    }
    Ok(words)
}

/// One row a word.
pub(crate) fn plan(
    config: &G2pConfig,
    kit: &TaskKit,
    phones: &str,
) -> Result<(Plan, Vec<Vec<Phone>>), TaskError> {
    let words = words(phones)?;
    let row = |word: &Vec<Phone>| {
        let given = TextContent::plain(kit.vocab.encode_phones(word));
        let contents = Contents::from([(PHONES.to_owned(), Content::Text(given))]);
        let limit = config.limit(word.len());
        RowPlan::new(vec![StageRun::new(TO_LETTERS, contents, limit)])
    };
    Ok((Plan { rows: words.iter().map(row).collect() }, words))
}

/// The words in letters.
pub(crate) fn finish(kit: &TaskKit, words: &[Vec<Phone>], generated: &[Generated]) -> Phones {
    let converted: Vec<WordPhones> = words
        .iter()
        .zip(generated)
        .map(|(word, generated)| WordPhones {
            word: kit.vocab.decode_letters(&generated.text),
            phones: to_arpabet(word),
            ipa: to_ipa(word),
            source: "model".into(),
        })
        .collect();
    let line = words.join(&Phone::BOUNDARY);
    Phones {
        phones: to_arpabet(&line),
        ipa: to_ipa(&line),
        text: converted.iter().map(|w| w.word.as_str()).collect::<Vec<_>>().join(" "),
        words: converted,
    }
}
