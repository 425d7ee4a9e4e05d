//! Training examples: random words of the lexicon.

use rand::{Rng, RngCore};
use syrinx_task::{
    Content, Contents, Example, LayoutIssue, Response, TaskError, TaskKit, TextContent,
};
use syrinx_text::{Lexicon, Phone, is_held_out};

use crate::G2pConfig;
use crate::config::has_graphemes;
use crate::layout::{LETTERS, PHONES, TO_LETTERS, TO_PHONES};

/// Returns the words for training, each with its first pronunciation.
pub(crate) fn trained_words(lexicon: &Lexicon, max_letters: usize) -> Vec<(String, Vec<Phone>)> {
    lexicon
        .iter()
        .filter(|(word, _)| has_graphemes(word) && word.len() <= max_letters && !is_held_out(word))
        .map(|(word, pronunciations)| (word.to_owned(), pronunciations.first().to_vec()))
        .collect()
}

/// Returns the example of a random word for a stage.
pub(crate) fn example(
    config: &G2pConfig,
    kit: &TaskKit,
    words: &[(String, Vec<Phone>)],
    stage: &str,
    rng: &mut dyn RngCore,
) -> Result<Option<Example>, TaskError> {
    if words.is_empty() {
        return Ok(None);
    }
    let (word, phones) = &words[rng.random_range(0..words.len())];
    let letters = kit.vocab.encode_letters(word);
    let (segment, given, written) = match stage {
        TO_PHONES => (LETTERS, letters, kit.vocab.encode_phones(phones)),
        TO_LETTERS => {
            let unstressed = rng.random::<f64>() < config.unstressed_share;
            let recognized: Vec<Phone> =
                phones.iter().map(|p| if unstressed { p.strip_stress() } else { *p }).collect();
            (PHONES, kit.vocab.encode_phones(&recognized), letters)
        }
        other => {
            let known = vec![TO_PHONES.into(), TO_LETTERS.into()];
            return Err(LayoutIssue::NoStage { task: "g2p".into(), known }.of(other));
        }
    };
    let contents = Contents::from([(segment.to_owned(), Content::Text(TextContent::plain(given)))]);
    Ok(Some(Example { contents, response: Response::Text(written) }))
}
