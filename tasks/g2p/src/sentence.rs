//! Phones of a text: from the lexicon, and from the model for other words.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Mutex;

use syrinx_task::{Generated, Phones, Plan, TaskError, TaskKit, WordPhones};
use syrinx_text::inventory::to_arpabet;
use syrinx_text::ipa::to_ipa;
use syrinx_text::{Phone, Phonemized, Pronounce, Source};

use crate::G2pConfig;
use crate::rescoring::UnknownWord;

/// Source of pronunciations that only records the words that the front end looks up.
#[derive(Default)]
struct Unknown(Mutex<Vec<String>>);

impl Pronounce for Unknown {
    fn pronounce(&self, words: &[String]) -> Result<Vec<Vec<Phone>>, Box<dyn Error + Send + Sync>> {
        if let Ok(mut unknown) = self.0.lock() {
            unknown.extend_from_slice(words);
        }
        Ok(vec![Vec::new(); words.len()])
    }
}

/// Source of pronunciations that the model generated.
struct Known(HashMap<String, Vec<Phone>>);

impl Pronounce for Known {
    fn pronounce(&self, words: &[String]) -> Result<Vec<Vec<Phone>>, Box<dyn Error + Send + Sync>> {
        Ok(words.iter().map(|w| self.0.get(w).cloned().unwrap_or_default()).collect())
    }
}

/// Returns the words of a text that the model converts, each once, in the order of the text.
fn words_for_model(
    config: &G2pConfig,
    kit: &TaskKit,
    text: &str,
) -> Result<Vec<String>, TaskError> {
    let unknown = Unknown::default();
    let spoken = kit.frontend.phonemize_with(text, &unknown)?;
    let mut words = Vec::new();
    let candidates = if config.always_model {
        let said = spoken.words.iter().filter(|w| w.source != Source::Inline);
        said.map(|w| w.spoken.to_lowercase()).collect()
    } else {
        unknown.0.into_inner().unwrap_or_default()
    };
    for word in candidates {
        if config.can_read(&word) && !words.contains(&word) {
            words.push(word);
        }
    }
    Ok(words)
}

/// Plans the rows of each word that the model converts.
pub(crate) fn plan(
    config: &G2pConfig,
    kit: &TaskKit,
    text: &str,
) -> Result<(Plan, Vec<UnknownWord>), TaskError> {
    let words = words_for_model(config, kit, text)?.into_iter();
    let words: Vec<UnknownWord> =
        words.map(|word| UnknownWord::new(config, kit, word)).collect::<Result<_, _>>()?;
    let rows = words.iter().flat_map(|word| word.rows(config, kit)).collect();
    Ok((Plan { rows }, words))
}

/// Returns the phones of the text, with the pronunciations of the model.
pub(crate) fn finish(
    config: &G2pConfig,
    kit: &TaskKit,
    text: &str,
    words: Vec<UnknownWord>,
    generated: Vec<Generated>,
) -> Result<Phones, TaskError> {
    let mut generated = generated.into_iter();
    let mut pronunciation = |word: UnknownWord| {
        let phones = word.best(config, kit, &mut generated);
        (word.word, phones)
    };
    let known = Known(words.into_iter().map(&mut pronunciation).collect());
    let mut spoken = kit.frontend.phonemize_with(text, &known)?;
    if config.always_model {
        replace(&mut spoken, &known.0);
    }
    Ok(answer(&spoken))
}

/// Replaces the lexicon's pronunciations by those of the model.
fn replace(spoken: &mut Phonemized, known: &HashMap<String, Vec<Phone>>) {
    let (mut phones, mut word_of_phone) = (Vec::new(), Vec::new());
    let mut last = None;
    for (&phone, &word) in spoken.phones.iter().zip(&spoken.word_of_phone) {
        let Some(index) = word else {
            phones.push(phone);
            word_of_phone.push(None);
            continue;
        };
        if last == word {
            continue;
        }
        last = word;
        let entry = &mut spoken.words[index];
        let model = known.get(&entry.spoken.to_lowercase()).filter(|p| !p.is_empty());
        if let Some(model) = model.filter(|_| entry.source != Source::Inline) {
            entry.phones.clone_from(model);
            entry.source = Source::Model;
        }
        word_of_phone.extend(entry.phones.iter().map(|_| word));
        phones.extend_from_slice(&entry.phones);
    }
    (spoken.phones, spoken.word_of_phone) = (phones, word_of_phone);
}

fn answer(spoken: &Phonemized) -> Phones {
    let words = spoken.words.iter().map(|word| WordPhones {
        word: word.spoken.clone(),
        phones: to_arpabet(&word.phones),
        ipa: to_ipa(&word.phones),
        source: match word.source {
            Source::Lexicon => "lexicon",
            Source::User => "user",
            Source::Inline => "inline",
            Source::Model => "model",
            Source::Rules => "rules",
        }
        .into(),
    });
    Phones {
        phones: to_arpabet(&spoken.phones),
        ipa: to_ipa(&spoken.phones),
        text: spoken.spoken_text(),
        words: words.collect(),
    }
}
