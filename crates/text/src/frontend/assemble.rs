//! Conversion of normalized pieces to words with phones, and of these to one sequence.

use super::{Phonemized, Source, SpokenWord, derive, letters};
use crate::inline::{Inline, placeholder_index};
use crate::inventory::Phone;
use crate::lexicon::Lexicon;
use crate::normalize::{self, Piece, Pieces, UnspokenSymbol, Words};

/// A word, whose phones may be unknown yet, or a pause.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Unit {
    /// A word; `phones` is empty if unknown.
    Word { written: String, spoken: String, phones: Vec<Phone>, source: Source, piece: usize },
    /// A pause after the previous word.
    Pause(Phone),
}

impl Unit {
    pub(super) fn is_word(&self) -> bool {
        matches!(self, Unit::Word { .. })
    }

    /// Whether the unit is a pause at the end of a sentence.
    pub(super) fn ends_sentence(&self) -> bool {
        matches!(self, Unit::Pause(pause) if pause.arpabet() != ",")
    }

    /// Returns the input of the tagger: the word in lower case, or a comma for a pause.
    pub(super) fn token(&self) -> String {
        match self {
            Unit::Word { spoken, .. } => spoken.to_ascii_lowercase(),
            Unit::Pause(pause) => pause.arpabet().to_owned(),
        }
    }

    /// Returns a word without phones, with its possessive ending removed; `None` for a word with phones.
    pub(super) fn unknown_word(&self) -> Option<&str> {
        match self {
            Unit::Word { spoken, phones, .. } if phones.is_empty() => Some(stem_of(spoken)),
            _ => None,
        }
    }

    /// Sets the phones of [`Unit::unknown_word`], and appends the phones of a possessive ending.
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

/// Normalizes a text in which placeholders stand for inline pronunciations, and looks up its words.
pub(super) fn units(
    text: &str,
    inlines: &[Inline],
    lexicon: &Lexicon,
) -> (Vec<Unit>, Vec<UnspokenSymbol>) {
    let is_kept = |word: &str| lexicon.lookup_user(word).is_some();
    let is_known = |word: &str| lexicon.is_word(word);
    let words = Words { is_kept: &is_kept, is_known: &is_known };
    let Pieces { pieces, left_out } = normalize::pieces(text, &words);
    let mut units = Vec::new();
    for (index, piece) in pieces.into_iter().enumerate() {
        let placeholder = piece.said.chars().next().and_then(placeholder_index);
        match placeholder.and_then(|number| inlines.get(number)) {
            Some(inline) => push_inline(&mut units, inline, piece.attached, index),
            None => push_piece(&mut units, &piece, index, lexicon),
        }
    }
    (units, left_out)
}

/// Adds an inline pronunciation. If it is attached to the previous word or similar to its pronunciation, it replaces
/// that pronunciation; otherwise it is a word of its own.
fn push_inline(units: &mut Vec<Unit>, inline: &Inline, attached: bool, piece: usize) {
    if let Some(Unit::Word { phones, source, .. }) = units.last_mut()
        && *source != Source::Inline
        && (attached || phones.is_empty() || sounds_alike(phones, &inline.phones))
    {
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

/// Whether two pronunciations are similar: at least half of their phones agree, and so does the first or the last.
fn sounds_alike(a: &[Phone], b: &[Phone]) -> bool {
    let plain = |phones: &[Phone]| phones.iter().map(|p| p.strip_stress()).collect::<Vec<_>>();
    let (a, b) = (plain(a), plain(b));
    if a.is_empty() || b.is_empty() || a.first() != b.first() && a.last() != b.last() {
        return false;
    }
    // Length of the longest common subsequence.
    let mut row = vec![0usize; b.len() + 1];
    for x in &a {
        let mut diagonal = 0;
        for (at, y) in b.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if x == y { diagonal + 1 } else { above.max(row[at]) };
            diagonal = above;
        }
    }
    row[b.len()] * 2 >= a.len().max(b.len())
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

/// Adds a pause; of consecutive pauses the strongest is kept. A pause before the first word is dropped.
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

/// Returns the spoken words of a normalized token, each with its phones if the lexicon has them.
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

/// Builds the sequence of phones from words that all have phones.
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
