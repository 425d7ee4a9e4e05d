//! Phones in letters.

use syrinx_task::{
    Content, Contents, Generated, Plan, RowPlan, StageRun, TaskError, TaskKit, TextContent,
};
use syrinx_text::inventory::{parse_arpabet, to_arpabet};
use syrinx_text::ipa::{parse_ipa, to_ipa};
use syrinx_text::{Phone, TextError};

use crate::layout::{PHONES, TO_LETTERS};
use crate::{G2pAnswer, G2pConfig, G2pWord};

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
        return Err(TaskError::Input(
            "there is no phone to spell: give some like `HH AH0 L OW1 | W ER1 L D`".into(),
        ));
    }
    Ok(words)
}

/// One row a word.
pub(crate) fn plan(config: &G2pConfig, kit: &TaskKit, phones: &str) -> Result<Plan, TaskError> {
    let row = |word: &Vec<Phone>| {
        let given = TextContent::plain(kit.vocab.encode_phones(word));
        let contents = Contents::from([(PHONES.to_owned(), Content::Text(given))]);
        let limit = config.limit(word.len());
        RowPlan::new(vec![StageRun::new(TO_LETTERS, contents, limit)])
    };
    Ok(Plan { rows: words(phones)?.iter().map(row).collect() })
}

/// The words in letters.
pub(crate) fn finish(
    kit: &TaskKit,
    phones: &str,
    generated: &[Generated],
) -> Result<G2pAnswer, TaskError> {
    let words = words(phones)?;
    if words.len() != generated.len() {
        let reason = format!("{} rows came out of {}", generated.len(), words.len());
        return Err(TaskError::Answer { task: "g2p".into(), reason });
    }
    let spelled: Vec<G2pWord> = words
        .iter()
        .zip(generated)
        .map(|(word, generated)| G2pWord {
            word: kit.vocab.decode_letters(&generated.text),
            phones: to_arpabet(word),
            ipa: to_ipa(word),
            source: "model".into(),
        })
        .collect();
    let line = words.join(&Phone::BOUNDARY);
    Ok(G2pAnswer {
        phones: to_arpabet(&line),
        ipa: to_ipa(&line),
        text: spelled.iter().map(|w| w.word.as_str()).collect::<Vec<_>>().join(" "),
        words: spelled,
    })
}
