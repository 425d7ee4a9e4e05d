//! Capitals read letter by letter, initials, and names with letters and digits.

use super::capital_words::{SAID, has, is_interjection, is_said_as_word, is_state};
use super::cursor::{Cursor, Match, pattern};
use super::numbers::plural;
use super::numerals::digits_in_name;
use super::roman;
use crate::abbreviations::dot_ends_sentence;

pattern!(DOTTED, r"(?:[A-Z]\.){2,}(?:[A-Z]\b)?('s\b)?");
pattern!(INITIAL, r"([A-Z])\. ?[A-Z]");
pattern!(CAPITALS, r"([A-Z]{2,})('?s|'S)?");
pattern!(MIXED_CASE, r"([A-Z]+[a-z][A-Z]+|[a-z][A-Z]{2,}|[BM]Sc|[BM]Ed|[BM]Eng|DPhil|pH)(s)?");
pattern!(MIXED_WORD, r"(?:([a-z]{2,})([A-Z]{2,})|([ei])([A-Z][a-z]+))('s)?");
pattern!(
    CAMEL,
    r"(?:[A-Z]?[a-z]+(?:[A-Z][a-z]+|[A-Z]{2,}[a-z]*)+|[A-Z]{3,}[a-z]{2,}(?:[A-Z][a-z]+)*)('s)?"
);
pattern!(WAR, r"WW([12]|II?)");
pattern!(SHARP, r"([A-G])#");
// `i7-9700K`
pattern!(PROCESSOR, r"([a-z])([0-9]{1,2})-([0-9]{3,5})([A-Z]{0,2})\b");
pattern!(MARK, r"([A-F])([+-])(?:[\s,.;:!?)]|$)");
pattern!(
    LETTERS_DIGITS,
    r"(?:[A-Za-z]{1,12}[0-9]{1,8}|[0-9]{1,8}[A-Za-z]{1,12})(?:[0-9]{1,8}|[A-Za-z]{1,12})*"
);
pattern!(SINGLE, r"[A-Za-z]('s)?");
// The plural of an acronym whose last letter follows a sign: `M&Ms`.
pattern!(LAST_LETTER, r"([A-Z])'?s\b");

/// Words after which a single capital is a letter's name, even `A`.
const BEFORE_LETTER: &[&str] = &[
    "grade",
    "plan",
    "vitamin",
    "letter",
    "option",
    "group",
    "type",
    "hepatitis",
    "class",
    "section",
    "exhibit",
    "team",
    "appendix",
    "gate",
    "terminal",
    "block",
    "series",
    "point",
    "an",
    "straight",
    "side",
    "level",
    "hall",
    "room",
    "unit",
    "form",
    "part",
];

/// Matches a grade or a blood group: `A+`.
fn mark(cursor: &Cursor<'_>) -> Option<Match> {
    const LENGTH: usize = 2;
    let found = MARK.captures(cursor.rest)?;
    let sign = if &found[2] == "+" { "plus" } else { "minus" };
    Some(Match::new(LENGTH, format!("{} {sign}", &found[1])))
}

/// Returns the letters of a word as capitals separated by spaces.
pub(super) fn letters(word: &str) -> String {
    let names: Vec<String> = word
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|c| c.to_ascii_uppercase().to_string())
        .collect();
    names.join(" ")
}

/// Verbalizes the capitals, initials or letter-and-digit name at the cursor.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    dotted(cursor)
        .or_else(|| initial(cursor))
        .or_else(|| war(cursor))
        .or_else(|| long_numeral(cursor))
        .or_else(|| capitals(cursor))
        .or_else(|| camel_case(cursor))
        .or_else(|| mixed_case(cursor))
        .or_else(|| name_with_digits(cursor))
        .or_else(|| mark(cursor))
        .or_else(|| single(cursor))
}

/// Matches letters with dots: `U.S.A.`, `J.R.R.`
fn dotted(cursor: &Cursor<'_>) -> Option<Match> {
    let found = DOTTED.captures(cursor.rest)?;
    let (length, possessive) = (found[0].len(), found.get(1).is_some());
    let mut said = letters(found[0].trim_end_matches("'s"));
    if possessive {
        said.push_str("'s");
    } else if found[0].ends_with('.') && dot_ends_sentence(&cursor.rest[length..]) {
        said.push('.');
    }
    cursor.ends(length).then(|| Match::new(length, said))
}

/// Matches an initial, a capital with a dot before a name: `J. Smith`. `I` is a pronoun, except between initials.
fn initial(cursor: &Cursor<'_>) -> Option<Match> {
    const LENGTH: usize = 2;
    let found = INITIAL.captures(cursor.rest)?;
    let lower_before = cursor.previous.starts_with(|c: char| c.is_ascii_lowercase());
    let sentence_follows = crate::abbreviations::is_starter(&cursor.rest[LENGTH..]);
    let is_initial = &found[1] != "I"
        && !sentence_follows
        && (!lower_before || !BEFORE_LETTER.contains(&cursor.previous));
    is_initial.then(|| Match::new(LENGTH, &found[1]))
}

fn capitals(cursor: &Cursor<'_>) -> Option<Match> {
    let found = CAPITALS.captures(cursor.rest)?;
    let mut length = found[0].len();
    // `the CEOs' pay`
    let owners = found.get(2).is_some_and(|ending| ending.as_str() == "s")
        && cursor.char_after(length) == Some('\'')
        && cursor.ends(length + 1);
    length += usize::from(owners);
    if !cursor.ends(length) || cursor.char_after(length) == Some('\'') {
        return None;
    }
    let (word, ending) = (&found[1], found.get(2).is_some());
    // The `S` of "IT'S" is not a possessive ending.
    let is_word = is_said_as_word(word, cursor)
        || word == "IT" && found[0].ends_with("'S")
        || is_interjection(word, cursor);
    let joined_by_and = cursor.char_after(length) == Some('&') || cursor.before == Some('&');
    let mut said = match SAID.iter().find(|(written, _)| *written == word) {
        Some((_, said)) if !is_state(cursor) => (*said).to_owned(),
        _ if !joined_by_and && is_word => word.to_ascii_lowercase(),
        _ => letters(word),
    };
    if ending {
        said.push_str(
            if said.ends_with(|c: char| c.is_ascii_uppercase()) || found[0].contains('\'') {
                "'s"
            } else {
                "s"
            },
        );
    }
    Some(Match::new(length, said))
}

/// `WWII`, `WW2`
fn war(cursor: &Cursor<'_>) -> Option<Match> {
    let found = WAR.captures(cursor.rest)?;
    let which = if matches!(&found[1], "1" | "I") { "one" } else { "two" };
    cursor.ends(found[0].len()).then(|| Match::new(found[0].len(), format!("world war {which}")))
}

/// `MCMXCIX`
fn long_numeral(cursor: &Cursor<'_>) -> Option<Match> {
    let written = CAPITALS.captures(cursor.rest)?.get(1)?.as_str();
    let said = roman::long(written).filter(|_| cursor.ends(written.len()))?;
    Some(Match::new(written.len(), said))
}

/// `YouTube`, `ChatGPT`: words of the dictionary and acronyms that are joined, unless the dictionary has the whole.
fn camel_case(cursor: &Cursor<'_>) -> Option<Match> {
    let found = CAMEL.captures(cursor.rest)?;
    let (length, ending) = (found[0].len(), found.get(1).map_or("", |ending| ending.as_str()));
    let written = &cursor.rest[..length - ending.len()];
    let known = |part: &str| {
        const SHORT: &str = "my no in up on go to we be so of at by or it us do me is an as";
        let part = part.to_ascii_lowercase();
        if part.len() <= 2 { has(SHORT, &part) } else { (cursor.is_known)(&part) }
    };
    if !cursor.ends(length) || known(written) {
        return None;
    }
    let parts = camel_parts(written);
    let capitals = |part: &str| part.len() > 1 && part.bytes().all(|b| b.is_ascii_uppercase());
    let fits = parts.iter().all(|part| capitals(part) || known(part));
    let say = |part: &&str| match SAID.iter().find(|(said, _)| said == part) {
        Some((_, said)) => (*said).to_owned(),
        None if capitals(part) => letters(part),
        None => part.to_ascii_lowercase(),
    };
    let said: Vec<String> = parts.iter().map(say).collect();
    (fits && parts.len() > 1).then(|| Match::new(length, said.join(" ") + ending))
}

/// Splits before a capital behind a small letter, and before the last of several capitals that begins a word.
fn camel_parts(word: &str) -> Vec<&str> {
    let bytes = word.as_bytes();
    let small = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_lowercase);
    let begins = |i: &usize| !small(*i) && (small(i - 1) || small(i + 1));
    let mut parts = Vec::new();
    let mut start = 0;
    for at in (1..word.len()).filter(begins).chain([word.len()]) {
        parts.push(&word[start..at]);
        start = at;
    }
    parts
}

/// Matches names in mixed case: `PhD`, `iOS`, `macOS`, `iPhone`, `C#`.
fn mixed_case(cursor: &Cursor<'_>) -> Option<Match> {
    if let Some(found) = SHARP.captures(cursor.rest) {
        let after = cursor.char_after(found[0].len());
        let ends = after.is_none_or(|c| !c.is_alphabetic());
        return ends.then(|| Match::new(2, format!("{} sharp", &found[1])));
    }
    if let Some(found) = MIXED_WORD.captures(cursor.rest)
        && cursor.ends(found[0].len())
    {
        let part = |index: usize| found.get(index).map_or("", |part| part.as_str());
        let said = match part(1) {
            "" => format!("{} {}", letters(part(3)), part(4).to_ascii_lowercase()),
            word => format!("{word} {}", letters(part(2))),
        } + part(5);
        return Some(Match::new(found[0].len(), said));
    }
    let found = MIXED_CASE.captures(cursor.rest)?;
    let plural = if found.get(2).is_some() { "'s" } else { "" };
    cursor.ends(found[0].len()).then(|| Match::new(found[0].len(), letters(&found[1]) + plural))
}

/// Matches names with digits: `MP3`, `B2B`, `A380`, `3D`.
fn name_with_digits(cursor: &Cursor<'_>) -> Option<Match> {
    if let Some(found) = PROCESSOR.captures(cursor.rest) {
        let digits = [&found[2], &found[3]].map(digits_in_name).join(" ");
        let said = format!("{} {digits} {}", letters(&found[1]), letters(&found[4]));
        return Some(Match::new(found[0].len(), said.trim_end()));
    }
    let found = LETTERS_DIGITS.find(cursor.rest)?;
    let written = found.as_str();
    if !cursor.ends(written.len()) {
        return None;
    }
    if let Some(said) = plural_name(written) {
        return Some(Match::new(written.len(), said));
    }
    let mut words = Vec::new();
    let mut rest = written;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != is_digit).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        words.push(if is_digit { digits_in_name(run) } else { say_letters(run) });
        rest = after;
    }
    Some(Match::new(written.len(), words.join(" ")))
}

/// Returns a name with a number in the plural: `MP3s`.
fn plural_name(written: &str) -> Option<String> {
    let single = written.strip_suffix('s')?;
    let name = single.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &single[name.len()..];
    let is_name = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_alphabetic());
    (is_name && !digits.is_empty())
        .then(|| format!("{} {}", say_letters(name), plural(&digits_in_name(digits))))
}

/// Verbalizes the letters in a name with digits: as a word if they are long and not all capitals, else letter by
/// letter.
fn say_letters(run: &str) -> String {
    const SHORTEST_WORD: usize = 3;
    let capitals = run.chars().all(|c| c.is_ascii_uppercase());
    let has_vowel = run.to_ascii_lowercase().contains(['a', 'e', 'i', 'o', 'u', 'y']);
    // `IPv` in `IPv6`.
    const LONGEST_MIXED: usize = 4;
    let mixed = run.len() <= LONGEST_MIXED && run[1..].contains(|c: char| c.is_ascii_uppercase());
    if mixed && !capitals {
        return letters(run);
    }
    let long_enough = run.len() >= if capitals { SHORTEST_WORD + 1 } else { SHORTEST_WORD };
    if long_enough && has_vowel { run.to_ascii_lowercase() } else { letters(run) }
}

/// Verbalizes a single letter by its name, except for the article `a` and letters next to an apostrophe.
fn single(cursor: &Cursor<'_>) -> Option<Match> {
    if cursor.before == Some('&')
        && let Some(found) = LAST_LETTER.captures(cursor.rest)
    {
        return Some(Match::new(found[0].len(), format!("{}'s", &found[1])));
    }
    let found = SINGLE.captures(cursor.rest)?;
    let length = found[0].len();
    let letter = found[0].chars().next()?;
    let after = cursor.rest.as_bytes();
    // `t-shirt` and `x-ray` are words of the dictionary.
    if after.get(length) == Some(&b'-')
        && after.get(length + 1).is_some_and(u8::is_ascii_alphabetic)
    {
        return None;
    }
    if !cursor.ends(length)
        || cursor.char_after(length) == Some('\'')
        || cursor.before == Some('\'')
    {
        return None;
    }
    // `8.5 x 11`, `6.02 x 10^23`
    let factor = cursor.rest[length..].trim_start();
    if &found[0] == "x"
        && cursor.previous.ends_with(|c: char| c.is_ascii_digit())
        && factor.starts_with(|c: char| c.is_ascii_digit())
    {
        let is_power = factor.starts_with("10^");
        return Some(Match::new(length, if is_power { "times" } else { "by" }));
    }
    if letter.eq_ignore_ascii_case(&'a') && found.get(1).is_none() {
        let named = BEFORE_LETTER.contains(&cursor.previous.to_ascii_lowercase().as_str());
        let closes = cursor.rest[length..].trim_start().chars().next();
        let last =
            closes.is_none_or(|c| c.is_ascii_punctuation() && !matches!(c, '"' | '\'' | '$'));
        let is_letter = letter == 'A' && !cursor.shouting && (named || last);
        return Some(Match::new(length, if is_letter { "A" } else { "a" }));
    }
    let ending = if found.get(1).is_some() { "'s" } else { "" };
    Some(Match::new(length, format!("{}{ending}", letter.to_ascii_uppercase())))
}
