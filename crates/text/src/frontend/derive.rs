//! Pronunciations of words that are regularly derived from dictionary words.

use crate::inventory::{Phone, Stress, parse_arpabet};
use crate::lexicon::Lexicon;

/// Shortest part of a compound, letters. Shorter parts are mostly coincidences.
const SHORTEST_PART: usize = 3;

/// Prefixes with a fixed pronunciation before a complete word. Of prefixes with a common beginning the longest is
/// first.
const PREFIXES: &[(&str, &str)] = &[
    ("counter", "K AW2 N T ER0"),
    ("hyper", "HH AY2 P ER0"),
    ("inter", "IH2 N T ER0"),
    ("micro", "M AY2 K R OW0"),
    ("multi", "M AH2 L T IY0"),
    ("super", "S UW2 P ER0"),
    ("under", "AH2 N D ER0"),
    ("trans", "T R AE0 N Z"),
    ("ultra", "AH2 L T R AH0"),
    ("anti", "AE2 N T IY0"),
    ("auto", "AO2 T OW0"),
    ("fore", "F AO2 R"),
    ("mega", "M EH2 G AH0"),
    ("mini", "M IH2 N IY0"),
    ("over", "OW2 V ER0"),
    ("post", "P OW2 S T"),
    ("semi", "S EH2 M IY0"),
    ("dis", "D IH0 S"),
    ("mid", "M IH2 D"),
    ("mis", "M IH0 S"),
    ("non", "N AA2 N"),
    ("out", "AW2 T"),
    ("pre", "P R IY2"),
    ("pro", "P R OW2"),
    ("sub", "S AH2 B"),
    ("bi", "B AY2"),
    ("co", "K OW2"),
    ("de", "D IY0"),
    ("re", "R IY2"),
    ("un", "AH0 N"),
];

/// Endings that leave the pronunciation of their stem unchanged.
const PLAIN_ENDINGS: &[(&str, &str)] = &[
    ("fulness", "F AH0 L N AH0 S"),
    ("lessly", "L AH0 S L IY0"),
    ("fully", "F AH0 L IY0"),
    ("ments", "M AH0 N T S"),
    ("wards", "W ER0 D Z"),
    ("ships", "SH IH2 P S"),
    ("ment", "M AH0 N T"),
    ("ness", "N AH0 S"),
    ("less", "L AH0 S"),
    ("like", "L AY2 K"),
    ("ship", "SH IH2 P"),
    ("some", "S AH0 M"),
    ("ward", "W ER0 D"),
    ("wise", "W AY2 Z"),
    ("hood", "HH UH2 D"),
    ("ful", "F AH0 L"),
    ("ly", "L IY0"),
];

/// Endings that begin with a vowel. Their stem may have lost an `e` or doubled a consonant.
const VOWEL_ENDINGS: &[(&str, &str)] = &[
    ("ability", "AH0 B IH1 L AH0 T IY0"),
    ("ishness", "IH0 SH N AH0 S"),
    ("ingly", "IH0 NG L IY0"),
    ("ings", "IH0 NG Z"),
    ("able", "AH0 B AH0 L"),
    ("ers", "ER0 Z"),
    ("est", "AH0 S T"),
    ("ing", "IH0 NG"),
    ("in'", "IH0 N"),
    ("ish", "IH0 SH"),
    ("ism", "IH2 Z AH0 M"),
    ("ist", "AH0 S T"),
    ("er", "ER0"),
];

/// Returns the phones of a word derived from dictionary words; `None` for other words.
pub(super) fn derived(word: &str, lexicon: &Lexicon) -> Option<Vec<Phone>> {
    inflected(word, lexicon)
        .or_else(|| suffixed(word, lexicon))
        .or_else(|| prefixed(word, lexicon))
        .or_else(|| compound(word, lexicon))
}

fn usual(word: &str, lexicon: &Lexicon) -> Option<Vec<Phone>> {
    lexicon.lookup(word).map(|known| known.first().to_vec())
}

/// Returns the phones of the possessive, plural or past of a known word, or of a word with another ending.
fn inflected(word: &str, lexicon: &Lexicon) -> Option<Vec<Phone>> {
    let base = |stem: &str| {
        usual(stem, lexicon)
            .or_else(|| suffixed(stem, lexicon))
            .or_else(|| prefixed(stem, lexicon))
            .or_else(|| compound(stem, lexicon))
    };
    if let Some(stem) = word.strip_suffix("'s").or_else(|| word.strip_suffix("s'")) {
        let mut phones = base(stem)?;
        push_plural(&mut phones);
        return Some(phones);
    }
    if let Some(stem) = word.strip_suffix('\'') {
        return base(stem);
    }
    if let Some(stem) = word.strip_suffix('s').filter(|stem| !stem.ends_with('s')) {
        let singular = stem.strip_suffix("ie").map(|root| format!("{root}y"));
        let sibilant = stem.strip_suffix('e');
        let mut phones = singular
            .and_then(|whole| base(&whole))
            .or_else(|| base(stem))
            .or_else(|| sibilant.and_then(base))?;
        push_plural(&mut phones);
        return Some(phones);
    }
    let stem = word.strip_suffix("ed")?;
    let mut phones = stems(stem).iter().find_map(|whole| base(whole))?;
    push_past(&mut phones);
    Some(phones)
}

/// Appends the plural or possessive ending: IH0 Z after a sibilant, S after a voiceless sound, else Z.
pub(super) fn push_plural(phones: &mut Vec<Phone>) {
    let ending = match phones.last().map(|p| p.arpabet()) {
        Some("S" | "Z" | "SH" | "ZH" | "CH" | "JH") => "AH0 Z",
        Some("P" | "T" | "K" | "F" | "TH") => "S",
        _ => "Z",
    };
    push(phones, ending);
}

/// Appends the past ending: IH0 D after T and D, T after a voiceless sound, else D.
fn push_past(phones: &mut Vec<Phone>) {
    let ending = match phones.last().map(|p| p.arpabet()) {
        Some("T" | "D") => "IH0 D",
        Some("P" | "K" | "F" | "TH" | "S" | "SH" | "CH") => "T",
        _ => "D",
    };
    push(phones, ending);
}

fn push(phones: &mut Vec<Phone>, arpabet: &str) {
    phones.extend(parse_arpabet(arpabet).unwrap_or_default());
}

/// Returns the possible stems before an ending that begins with a vowel: unchanged, with `e` appended, without the
/// doubled consonant, with `y` for `i`.
fn stems(stem: &str) -> Vec<String> {
    let mut stems = Vec::with_capacity(3);
    let mut ends = stem.bytes().rev();
    let (last, before) = (ends.next(), ends.next());
    if last.is_some() && last == before {
        stems.push(stem.to_owned());
        stems.extend(stem.get(..stem.len() - 1).map(str::to_owned));
    } else {
        // `hoped` comes from `hope`, not `hop`, which would have doubled its consonant.
        stems.push(format!("{stem}e"));
        stems.push(stem.to_owned());
    }
    if let Some(root) = stem.strip_suffix('i') {
        stems.push(format!("{root}y"));
    }
    stems
}

/// Returns the phones of a known word with an ending.
fn suffixed(word: &str, lexicon: &Lexicon) -> Option<Vec<Phone>> {
    for (ending, sounds) in PLAIN_ENDINGS {
        if let Some(stem) = word.strip_suffix(ending).filter(|s| s.len() >= SHORTEST_PART) {
            let y = stem.strip_suffix('i').map(|root| format!("{root}y"));
            let known = usual(stem, lexicon).or_else(|| y.and_then(|y| usual(&y, lexicon)));
            if let Some(mut phones) = known {
                push(&mut phones, sounds);
                return Some(phones);
            }
        }
    }
    for (ending, sounds) in VOWEL_ENDINGS {
        if let Some(stem) = word.strip_suffix(ending).filter(|s| s.len() >= SHORTEST_PART)
            && let Some(mut phones) = stems(stem).iter().find_map(|whole| usual(whole, lexicon))
        {
            push(&mut phones, sounds);
            return Some(phones);
        }
    }
    None
}

/// Returns the phones of a known word after a prefix, with or without a hyphen (`re-create`, `unfollow`).
pub(super) fn prefixed(word: &str, lexicon: &Lexicon) -> Option<Vec<Phone>> {
    PREFIXES.iter().find_map(|(prefix, sounds)| {
        let rest = word.strip_prefix(prefix)?;
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        if rest.len() < SHORTEST_PART {
            return None;
        }
        let rest = usual(rest, lexicon)
            .or_else(|| inflected_known(rest, lexicon))
            .or_else(|| suffixed(rest, lexicon))?;
        let mut phones = Vec::new();
        push(&mut phones, sounds);
        phones.extend(rest);
        Some(phones)
    })
}

/// Returns the phones of the regular plural or past of a dictionary word.
fn inflected_known(word: &str, lexicon: &Lexicon) -> Option<Vec<Phone>> {
    if let Some(stem) = word.strip_suffix('s') {
        let mut phones = usual(stem, lexicon)?;
        push_plural(&mut phones);
        return Some(phones);
    }
    let stem = word.strip_suffix("ed")?;
    let mut phones = stems(stem).iter().find_map(|whole| usual(whole, lexicon))?;
    push_past(&mut phones);
    Some(phones)
}

/// Returns the phones of a compound of two known words (`snowboot`). The most even split is used, and the second part
/// gets secondary stress.
fn compound(word: &str, lexicon: &Lexicon) -> Option<Vec<Phone>> {
    if !word.is_ascii() || word.len() < 2 * SHORTEST_PART + 1 {
        return None;
    }
    let mut cuts: Vec<usize> = (SHORTEST_PART..=word.len() - SHORTEST_PART).collect();
    cuts.sort_by_key(|&cut| (cut * 2).abs_diff(word.len()));
    cuts.into_iter().find_map(|cut| {
        let mut phones = usual(&word[..cut], lexicon)?;
        let second = usual(&word[cut..], lexicon)?;
        phones.extend(second.into_iter().map(|phone| match phone.stress() {
            Some(Stress::Primary) => phone.with_stress(Stress::Secondary),
            _ => phone,
        }));
        Some(phones)
    })
}
