//! Words whose pronunciation depends on context: `the`, and the words of `data/heteronyms.txt`, by part of speech and
//! neighbouring words.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::assemble::Unit;
use super::derive::push_plural;
use super::{Source, tagger};
use crate::inventory::{Phone, parse_arpabet};
use crate::lexicon::Lexicon;

const TABLE: &str = include_str!("../../data/heteronyms.txt");

/// Largest distance of a context word, words.
const CONTEXT_WORDS: usize = 6;

/// Words after which a word is a noun, regardless of the tagger.
const BEFORE_NOUN: &[&str] = &[
    "the", "a", "an", "my", "your", "his", "its", "our", "their", "every", "each", "another", "no",
];
/// Words after which a word is a verb, regardless of the tagger.
const BEFORE_VERB: &[&str] = &[
    "will",
    "would",
    "can",
    "could",
    "should",
    "may",
    "might",
    "must",
    "shall",
    "cannot",
    "can't",
    "couldn't",
    "don't",
    "didn't",
    "doesn't",
    "won't",
    "wouldn't",
    "shouldn't",
    "let's",
    "please",
    "i",
    "we",
    "they",
    "i'll",
    "you'll",
    "we'll",
    "they'll",
    "he'll",
    "she'll",
    "it'll",
    "i'd",
];

static READINGS: LazyLock<HashMap<String, Vec<Reading>>> = LazyLock::new(|| parse(TABLE));

/// One pronunciation of a heteronym.
#[derive(Debug)]
struct Reading {
    phones: Vec<Phone>,
    /// Alternative lists of conditions; a list holds if all of its conditions hold.
    conditions: Vec<Vec<Condition>>,
}

/// Condition on the context of a word, possibly negated.
#[derive(Debug)]
struct Condition {
    negated: bool,
    kind: ConditionKind,
}

#[derive(Debug)]
enum ConditionKind {
    Always,
    /// The word is a verb by its tag or by the previous word.
    Verb,
    Tag(u8),
    Near(Vec<&'static str>),
    Before(Vec<&'static str>),
    /// The second previous word is one of these.
    SecondBefore(Vec<&'static str>),
    After(Vec<&'static str>),
    Capital,
}

/// A word in its sentence.
struct SentenceContext<'s> {
    words: &'s [&'s str],
    tags: &'s [u8],
    index: usize,
    /// Whether the word has a capital, but is not at the beginning of the sentence.
    capital: bool,
}

/// Chooses the pronunciations of words from the dictionary. Pronunciations of the user's lexicon and inline
/// pronunciations are unchanged.
pub(super) fn resolve(units: &mut [Unit], lexicon: &Lexicon) {
    resolve_articles(units, lexicon);
    let mut start = 0;
    while start < units.len() {
        let rest = &units[start..];
        let length = rest.iter().position(Unit::ends_sentence).map_or(rest.len(), |at| at + 1);
        resolve_sentence(&mut units[start..start + length]);
        start += length;
    }
}

/// Sets the full vowel of "the" before vowels.
fn resolve_articles(units: &mut [Unit], lexicon: &Lexicon) {
    for index in 0..units.len() {
        let before_vowel = match units.get(index + 1) {
            Some(Unit::Word { phones, .. }) => phones.first().is_some_and(|p| p.is_vowel()),
            _ => false,
        };
        if let Unit::Word { spoken, phones, source: Source::Lexicon, .. } = &mut units[index]
            && spoken == "the"
        {
            *phones = the(before_vowel, lexicon, phones);
        }
    }
}

/// Returns the phones of "the": DH IY0 before a vowel, otherwise `usual`.
fn the(before_vowel: bool, lexicon: &Lexicon, usual: &[Phone]) -> Vec<Phone> {
    let known = lexicon.lookup_cmu("the");
    let full = known.and_then(|all| {
        all.iter().find(|sounds| sounds.last().is_some_and(|p| p.arpabet().starts_with("IY")))
    });
    if before_vowel { full.unwrap_or(usual).to_vec() } else { usual.to_vec() }
}

fn resolve_sentence(units: &mut [Unit]) {
    let is_heteronym = |unit: &Unit| matches!(unit, Unit::Word { spoken, source: Source::Lexicon, .. } if READINGS.contains_key(spoken));
    if !units.iter().any(is_heteronym) {
        return;
    }
    let chosen = {
        let lower: Vec<String> = units.iter().map(Unit::token).collect();
        let words: Vec<&str> = lower.iter().map(String::as_str).collect();
        let tags = tagger::tags(&words);
        let choose = |index: usize| {
            let Unit::Word { spoken, written, source: Source::Lexicon, .. } = &units[index] else {
                return None;
            };
            let capital = index > 0 && is_capitalized(written);
            let context = SentenceContext { words: &words, tags: &tags, index, capital };
            READINGS.get(spoken)?.iter().find(|reading| reading.fits(&context)).map(|r| &r.phones)
        };
        (0..units.len()).map(choose).collect::<Vec<_>>()
    };
    for (unit, chosen) in units.iter_mut().zip(chosen) {
        if let (Unit::Word { phones, .. }, Some(chosen)) = (unit, chosen) {
            phones.clone_from(chosen);
        }
    }
}

/// Whether a word begins with a capital and continues in lower case.
fn is_capitalized(written: &str) -> bool {
    let mut chars = written.chars();
    chars.next().is_some_and(char::is_uppercase) && chars.any(char::is_lowercase)
}

impl Reading {
    fn fits(&self, context: &SentenceContext<'_>) -> bool {
        self.conditions.iter().any(|parts| parts.iter().all(|part| part.holds(context)))
    }
}

impl Condition {
    fn holds(&self, context: &SentenceContext<'_>) -> bool {
        let SentenceContext { words, tags, index, capital } = context;
        let before = index.checked_sub(1).and_then(|at| words.get(at)).copied().unwrap_or("");
        let after = words.get(index + 1).copied().unwrap_or(".");
        let holds = match &self.kind {
            ConditionKind::Always => true,
            ConditionKind::Tag(tag) => tags[*index] == *tag,
            ConditionKind::Verb if BEFORE_NOUN.contains(&before) => false,
            ConditionKind::Verb if BEFORE_VERB.contains(&before) => true,
            ConditionKind::Verb => b"BPZDL".contains(&tags[*index]),
            ConditionKind::Near(near) => {
                let from = index.saturating_sub(CONTEXT_WORDS);
                let to = (index + CONTEXT_WORDS + 1).min(words.len());
                let around = words[from..*index].iter().chain(&words[index + 1..to]);
                around.copied().any(|word| near.contains(&word))
            }
            ConditionKind::Before(expected) => expected.contains(&before),
            ConditionKind::SecondBefore(expected) => {
                index.checked_sub(2).is_some_and(|at| expected.contains(&words[at]))
            }
            ConditionKind::After(expected) => expected.contains(&after),
            ConditionKind::Capital => *capital,
        };
        holds != self.negated
    }
}

/// Parses the readings by word. Invalid lines are skipped; a test checks that there are none.
fn parse(table: &'static str) -> HashMap<String, Vec<Reading>> {
    let mut readings = HashMap::new();
    let lines = || table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines() {
        if let Some((word, found)) = word_line(line) {
            readings.insert(word.to_owned(), found);
        }
    }
    for (word, [other, verb]) in lines().filter_map(verb_line) {
        readings.entry(s_form(word)).or_insert_with(|| verb_or(plural(&other), plural(&verb)));
        readings.entry(word.to_owned()).or_insert_with(|| verb_or(other, verb));
    }
    readings
}

fn verb_or(other: Vec<Phone>, verb: Vec<Phone>) -> Vec<Reading> {
    let reading = |phones, kind| Reading {
        phones,
        conditions: vec![vec![Condition { negated: false, kind }]],
    };
    vec![reading(verb, ConditionKind::Verb), reading(other, ConditionKind::Always)]
}

fn plural(phones: &[Phone]) -> Vec<Phone> {
    let mut phones = phones.to_vec();
    push_plural(&mut phones);
    phones
}

/// Returns the written form of a word with -s.
fn s_form(word: &str) -> String {
    match word.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if word.ends_with(['s', 'x', 'z']) || word.ends_with("ch") || word.ends_with("sh") => {
            format!("{word}es")
        }
        _ => format!("{word}s"),
    }
}

fn verb_line(line: &'static str) -> Option<(&'static str, [Vec<Phone>; 2])> {
    let (word, sounds) = line.strip_prefix("verb ")?.split_once(' ')?;
    let (other, verb) = sounds.split_once(" ; ")?;
    Some((word, [parse_arpabet(other).ok()?, parse_arpabet(verb).ok()?]))
}

fn word_line(line: &'static str) -> Option<(&'static str, Vec<Reading>)> {
    let (word, rest) = line.strip_prefix("word ")?.split_once(' ')?;
    let reading = |text: &'static str| {
        let (sounds, conditions) = text.split_once(" : ")?;
        let conditions = conditions.split(' ').map(|all| all.split('&').map(part).collect());
        let conditions = conditions.collect::<Option<Vec<Vec<Condition>>>>()?;
        Some(Reading { phones: parse_arpabet(sounds).ok()?, conditions })
    };
    Some((word, rest.split(" ; ").map(reading).collect::<Option<_>>()?))
}

fn part(text: &'static str) -> Option<Condition> {
    let (negated, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
    let words = |list: &'static str| list.split(',').collect();
    let kind = match text.split_at_checked(1)? {
        ("*", "") => ConditionKind::Always,
        ("^", "") => ConditionKind::Capital,
        ("~", list) => ConditionKind::Near(words(list)),
        ("<", list) => ConditionKind::Before(words(list)),
        ("-", list) => ConditionKind::SecondBefore(words(list)),
        (">", list) => ConditionKind::After(words(list)),
        (tag, "") if tagger::TAGS.contains(&tag.as_bytes()[0]) => {
            ConditionKind::Tag(tag.as_bytes()[0])
        }
        _ => return None,
    };
    Some(Condition { negated, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            assert!(word_line(line).is_some() || verb_line(line).is_some(), "{line}");
        }
        assert!(READINGS.len() >= 60, "{}", READINGS.len());
    }

    #[test]
    fn every_word_ends_with_a_reading_that_always_fits() {
        for (word, readings) in &*READINGS {
            let last = readings.last().expect("a word has readings");
            let always =
                last.conditions.iter().flatten().any(|p| matches!(p.kind, ConditionKind::Always));
            assert!(always, "{word}");
        }
    }
}
