//! Words that sound differently by their neighbours. Only cheap, safe cases: "the" and "a", and a few words whose
//! noun and verb differ.

use super::Source;
use super::assemble::Unit;
use crate::inventory::{Phone, parse_arpabet};
use crate::lexicon::Lexicon;

/// What stands before a word tells which reading it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// "the", "a", "my" and the like: a noun follows.
    Determiner,
    /// "to", "will", "they" and the like: the plain form of a verb follows.
    VerbSign,
    /// "have", "was" and the like: a participle follows.
    Perfect,
    Other,
}

/// A word with two readings: after a determiner, after a sign of a verb, after a perfect auxiliary, after anything
/// else. An empty reading means the dictionary's first one.
struct Heteronym {
    word: &'static str,
    noun: &'static str,
    verb: &'static str,
    participle: &'static str,
    other: &'static str,
}

const fn noun_verb(word: &'static str, noun: &'static str, verb: &'static str) -> Heteronym {
    Heteronym { word, noun, verb, participle: "", other: "" }
}

const HETERONYMS: &[Heteronym] = &[
    Heteronym {
        word: "read",
        noun: "R IY1 D",
        verb: "R IY1 D",
        participle: "R EH1 D",
        other: "R IY1 D",
    },
    Heteronym {
        word: "live",
        noun: "L AY1 V",
        verb: "L IH1 V",
        participle: "L AY1 V",
        other: "L IH1 V",
    },
    Heteronym { word: "lead", noun: "L IY1 D", verb: "L IY1 D", participle: "", other: "L IY1 D" },
    Heteronym {
        word: "wind",
        noun: "W IH1 N D",
        verb: "W AY1 N D",
        participle: "",
        other: "W IH1 N D",
    },
    noun_verb("use", "Y UW1 S", "Y UW1 Z"),
    noun_verb("close", "K L OW1 S", "K L OW1 Z"),
    noun_verb("record", "R EH1 K ER0 D", "R AH0 K AO1 R D"),
    noun_verb("records", "R EH1 K ER0 D Z", "R AH0 K AO1 R D Z"),
    noun_verb("object", "AA1 B JH EH0 K T", "AH0 B JH EH1 K T"),
    noun_verb("project", "P R AA1 JH EH0 K T", "P R AH0 JH EH1 K T"),
    noun_verb("present", "P R EH1 Z AH0 N T", "P R IY0 Z EH1 N T"),
    noun_verb("produce", "P R OW1 D UW0 S", "P R AH0 D UW1 S"),
    noun_verb("permit", "P ER1 M IH2 T", "P ER0 M IH1 T"),
    noun_verb("conduct", "K AA1 N D AH0 K T", "K AH0 N D AH1 K T"),
    noun_verb("contract", "K AA1 N T R AE2 K T", "K AH0 N T R AE1 K T"),
    noun_verb("increase", "IH1 N K R IY2 S", "IH0 N K R IY1 S"),
    noun_verb("house", "HH AW1 S", "HH AW1 Z"),
    noun_verb("excuse", "IH0 K S K Y UW1 S", "IH0 K S K Y UW1 Z"),
];

const DETERMINERS: &[&str] = &[
    "the", "a", "an", "this", "that", "my", "your", "his", "her", "its", "our", "their", "no",
    "some", "any", "every", "each", "of", "new", "first",
];
const VERB_SIGNS: &[&str] = &[
    "to", "will", "would", "can", "could", "shall", "should", "may", "might", "must", "don't",
    "didn't", "doesn't", "won't", "can't", "couldn't", "wouldn't", "i", "you", "we", "they",
    "please", "let's", "i'll", "you'll", "we'll", "they'll", "he'll", "she'll", "i'd", "did",
    "does", "do",
];
const PERFECTS: &[&str] = &[
    "have", "has", "had", "having", "haven't", "hasn't", "hadn't", "i've", "you've", "we've",
    "they've", "was", "were", "been", "be", "is", "are", "being",
];

fn class_of(word: &str) -> Before {
    if DETERMINERS.contains(&word) {
        Before::Determiner
    } else if VERB_SIGNS.contains(&word) {
        Before::VerbSign
    } else if PERFECTS.contains(&word) {
        Before::Perfect
    } else {
        Before::Other
    }
}

/// Choose the readings of words that the dictionary gave; a user's and inline pronunciations stay.
pub(super) fn resolve(units: &mut [Unit], lexicon: &Lexicon) {
    let mut before = Before::Other;
    for index in 0..units.len() {
        let next_begins_with_vowel = match units.get(index + 1) {
            Some(Unit::Word { phones, .. }) => phones.first().is_some_and(|p| p.is_vowel()),
            _ => false,
        };
        let Unit::Word { spoken, phones, source, .. } = &mut units[index] else {
            before = Before::Other;
            continue;
        };
        if *source == Source::Lexicon {
            if spoken == "the" {
                *phones = the(next_begins_with_vowel, lexicon, phones);
            } else if let Some(chosen) = reading(spoken, before) {
                *phones = chosen;
            }
        }
        before = class_of(&spoken.to_ascii_lowercase());
    }
}

/// "the" is DH IY0 before a vowel.
fn the(before_vowel: bool, lexicon: &Lexicon, usual: &[Phone]) -> Vec<Phone> {
    let known = lexicon.lookup_cmu("the");
    let full = known.and_then(|all| {
        all.iter().find(|sounds| sounds.last().is_some_and(|p| p.arpabet().starts_with("IY")))
    });
    if before_vowel { full.unwrap_or(usual).to_vec() } else { usual.to_vec() }
}

fn reading(word: &str, before: Before) -> Option<Vec<Phone>> {
    let heteronym = HETERONYMS.iter().find(|h| h.word == word)?;
    let sounds = match before {
        Before::Determiner => heteronym.noun,
        Before::VerbSign => heteronym.verb,
        Before::Perfect => heteronym.participle,
        Before::Other => heteronym.other,
    };
    if sounds.is_empty() { None } else { parse_arpabet(sounds).ok() }
}
