//! Abbreviations in running text.

use super::cursor::{Cursor, Match, pattern};
use crate::abbreviations::{Surroundings, dot_ends_sentence, find};

pattern!(TOKEN, r"[A-Za-z]+(?:\.[A-Za-z]+)*");
pattern!(SLASHED, r"(?i)(w/out|w/o|w/|c/o|n/a|and/or|b/c|s/he)");

/// Abbreviations whose dot a number may follow without a space.
const REFERENCES: &[&str] = &[
    "No", "no", "Nos", "nos", "Vol", "vol", "Fig", "fig", "Ch", "ch", "p", "pp", "Sec", "sec", "Eq",
];

/// Verbalizes the abbreviation at the cursor.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    slashed(cursor).or_else(|| dotted(cursor))
}

fn slashed(cursor: &Cursor<'_>) -> Option<Match> {
    let found = SLASHED.find(cursor.rest)?;
    let length = found.as_str().len();
    let said = match found.as_str().to_ascii_lowercase().as_str() {
        "w/o" | "w/out" => "without",
        "s/he" => "she or he",
        "w/" => "with",
        "c/o" => "care of",
        "n/a" => "N A",
        "b/c" => "because",
        _ => "and or",
    };
    (said == "with" || cursor.ends(length)).then(|| Match::new(length, said))
}

fn dotted(cursor: &Cursor<'_>) -> Option<Match> {
    let word = TOKEN.find(cursor.rest)?.as_str();
    let dot = cursor.char_after(word.len()) == Some('.');
    let length = word.len() + usize::from(dot);
    // `No.5` has no space.
    let joined = dot
        && REFERENCES.contains(&word)
        && cursor.char_after(length).is_some_and(|c| c.is_ascii_digit());
    if !(joined || cursor.ends(length)) || cursor.char_after(length) == Some('\'') {
        return None;
    }
    let after = &cursor.rest[length..];
    let known = find(word, dot, Surroundings { previous: cursor.previous, after })?;
    let ends = dot && known.may_end && dot_ends_sentence(after);
    Some(Match::new(length, if ends { format!("{}.", known.said) } else { known.said.to_owned() }))
}
