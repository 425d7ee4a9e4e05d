//! From written pieces to words with phones, and from those to one sequence.

use super::inline::{Inline, placeholder_index};
use super::{Phonemized, Source, SpokenWord, derive, letters};
use crate::inventory::Phone;
use crate::lexicon::Lexicon;
use crate::normalize::{self, Piece};

/// A word on its way to phones, or a pause.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Unit {
    /// A word; `phones` is empty while nobody knows them.
    Word { written: String, spoken: String, phones: Vec<Phone>, source: Source, piece: usize },
    /// A pause after the word before it.
    Pause(Phone),
}

impl Unit {
    pub(super) fn is_word(&self) -> bool {
        matches!(self, Unit::Word { .. })
    }

    /// The word to ask for, if it has no phones yet: without its possessive ending.
    pub(super) fn unknown_word(&self) -> Option<&str> {
        match self {
            Unit::Word { spoken, phones, .. } if phones.is_empty() => Some(stem_of(spoken)),
            _ => None,
        }
    }

    /// Set the phones of [`Unit::unknown_word`]; a possessive ending is added to them.
    pub(super) fn set_phones(&mut self, new: Vec<Phone>, from: Source) {
        if let Unit::Word { spoken, phones, source, .. } = self {
            *phones = new;
            *source = from;
            if stem_of(spoken).len() < spoken.len() && spoken.ends_with('s') {
                derive::push_plural(phones);
            }
        }
    }
}

fn stem_of(spoken: &str) -> &str {
    let stem = spoken.strip_suffix("'s").or_else(|| spoken.strip_suffix('\'')).unwrap_or(spoken);
    if stem.is_empty() { spoken } else { stem }
}

/// Normalise a text whose inline pronunciations are placeholders, and look its words up.
pub(super) fn units(text: &str, inlines: &[Inline], lexicon: &Lexicon) -> Vec<Unit> {
    let is_user_word = |word: &str| lexicon.lookup_user(word).is_some();
    let mut units = Vec::new();
    for (index, piece) in normalize::pieces(text, &is_user_word).into_iter().enumerate() {
        let placeholder = piece.said.chars().next().and_then(placeholder_index);
        match placeholder.and_then(|number| inlines.get(number)) {
            Some(inline) => push_inline(&mut units, inline, piece.attached, index),
            None => push_piece(&mut units, &piece, index, lexicon),
        }
    }
    units
}

/// An inline pronunciation replaces the word it is attached to, or is a word of its own.
fn push_inline(units: &mut Vec<Unit>, inline: &Inline, attached: bool, piece: usize) {
    if attached && let Some(Unit::Word { phones, source, .. }) = units.last_mut() {
        phones.clone_from(&inline.phones);
        *source = Source::Inline;
        return;
    }
    units.push(Unit::Word {
        written: inline.written.clone(),
        spoken: inline.written.clone(),
        phones: inline.phones.clone(),
        source: Source::Inline,
        piece,
    });
}

fn push_piece(units: &mut Vec<Unit>, piece: &Piece, index: usize, lexicon: &Lexicon) {
    for token in piece.said.split_whitespace() {
        let word = token.trim_end_matches([',', '.', '?', '!']);
        for (spoken, found) in pronounce_word(word, lexicon) {
            let (phones, source) = found.unwrap_or((Vec::new(), Source::Rules));
            units.push(Unit::Word {
                written: piece.written.clone(),
                spoken,
                phones,
                source,
                piece: index,
            });
        }
        if let Some(pause) = token[word.len()..].chars().next_back() {
            push_pause(units, pause);
        }
    }
}

/// Remember a pause; of several the strongest stays. A pause before the first word is none.
fn push_pause(units: &mut Vec<Unit>, mark: char) {
    let Some(pause) = Phone::from_arpabet(mark.encode_utf8(&mut [0; 4])) else { return };
    match units.last_mut() {
        None => {}
        Some(Unit::Pause(last)) => {
            let strength =
                |phone: Phone| phone.arpabet().chars().next().and_then(normalize::pause_strength);
            if strength(pause) > strength(*last) {
                *last = pause;
            }
        }
        Some(Unit::Word { .. }) => units.push(Unit::Pause(pause)),
    }
}

type Found = Option<(Vec<Phone>, Source)>;

/// The words that one normalised token is said as, each with its phones if the lexicon knows it.
fn pronounce_word(word: &str, lexicon: &Lexicon) -> Vec<(String, Found)> {
    if word.is_empty() {
        return Vec::new();
    }
    let found = look_up(word, lexicon);
    if found.is_some() || !word.contains('-') {
        return vec![(word.to_owned(), found)];
    }
    if let Some(phones) = derive::prefixed(word, lexicon) {
        return vec![(word.to_owned(), Some((phones, Source::Lexicon)))];
    }
    word.split('-')
        .filter(|part| !part.is_empty())
        .map(|part| (part.to_owned(), look_up(part, lexicon)))
        .collect()
}

fn look_up(word: &str, lexicon: &Lexicon) -> Found {
    if let Some(known) = lexicon.lookup_user(word) {
        return Some((known.first().to_vec(), Source::User));
    }
    letters::name(word)
        .or_else(|| lexicon.lookup_cmu(word).map(|known| known.first().to_vec()))
        .or_else(|| derive::derived(word, lexicon))
        .map(|phones| (phones, Source::Lexicon))
}

/// One sequence out of resolved words.
pub(super) fn phonemized(units: Vec<Unit>) -> Phonemized {
    let mut out = Phonemized::default();
    for unit in units {
        match unit {
            Unit::Pause(pause) => out.push_mark(pause),
            Unit::Word { written, spoken, phones, source, piece } => {
                if !out.words.is_empty() {
                    out.push_mark(Phone::BOUNDARY);
                }
                out.word_of_phone.extend(phones.iter().map(|_| Some(out.words.len())));
                out.phones.extend(&phones);
                out.words.push(SpokenWord { written, spoken, phones, source, piece });
            }
        }
    }
    out
}

impl Phonemized {
    fn push_mark(&mut self, mark: Phone) {
        self.phones.push(mark);
        self.word_of_phone.push(None);
    }
}
