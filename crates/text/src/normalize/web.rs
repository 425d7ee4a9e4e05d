//! Web and mail addresses, file names, handles and hashtags.

use super::acronyms::letters;
use super::cursor::{Cursor, Match, pattern};
use super::numbers::{cardinal_of_digits, digit_by_digit};
use super::numerals::digits_in_name;

pattern!(MAIL, r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}");
pattern!(PAGE, r#"(?i)(?:https?://|ftp://|www\.)[^\s<>"()]+"#);
pattern!(
    DOMAIN,
    r#"(?:[A-Za-z0-9-]+\.)+(?:com|org|net|edu|gov|io|co|uk|de|eu|ca|au|info|ai|dev|app|tv|me|js|py|rs|txt|pdf|html|exe|zip|csv|json|xml|docx?|jpg|png)\b(?:/[^\s<>"()]*)?"#
);
pattern!(TAG, r"([#@])([A-Za-z][A-Za-z0-9_]*|[0-9]+[A-Z][a-z][A-Za-z0-9_]*)");

/// Short parts of names that are read as words.
const WORDS: &[&str] = &[
    "com", "org", "net", "gov", "edu", "info", "app", "web", "mail", "dot", "zip", "pdf", "dev",
    "api", "the", "and", "you", "get", "my", "go", "me", "to", "in", "on", "at", "we", "be", "or",
    "co", "is", "no", "so", "do", "if", "up", "us", "it", "an", "as", "by", "of", "he",
];

/// Parts of names that are read letter by letter although they have a vowel.
const LETTERS: &[&str] = &["uk", "io", "ai", "eu", "au", "api", "pdf", "de", "ca", "py"];

/// Verbalizes the address at the cursor.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    let token = cursor.rest.split_whitespace().next()?;
    if !token.contains(['.', '@', '#', ':']) {
        return None;
    }
    if let Some(found) = TAG.captures(cursor.rest)
        && (&found[1] == "#" || !found[2].starts_with(|c: char| c.is_ascii_digit()))
    {
        let sign = if &found[1] == "#" { "hashtag" } else { "at" };
        let said = format!("{sign} {}", say_name(&found[2]));
        return cursor.ends(found[0].len()).then(|| Match::new(found[0].len(), said));
    }
    if cursor.before.is_some_and(|c| c.is_alphanumeric()) {
        return None;
    }
    let found = MAIL
        .find(cursor.rest)
        .or_else(|| PAGE.find(cursor.rest))
        .or_else(|| DOMAIN.find(cursor.rest))?;
    let written = found.as_str().trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '/', ']']);
    let scheme = written.find("://").map_or(0, |at| at + 3);
    let said = say_address(&written[scheme..]);
    (!said.is_empty() && cursor.ends(written.len())).then(|| {
        Match::new(
            found.as_str().trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', ']']).len(),
            said,
        )
    })
}

/// Verbalizes an address, with symbols by their names.
fn say_address(address: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for run in runs(address) {
        let first = run.chars().next().unwrap_or_default();
        words.push(match first {
            '.' => "dot".to_owned(),
            '/' => "slash".to_owned(),
            '-' => "dash".to_owned(),
            '_' => "underscore".to_owned(),
            '@' => "at".to_owned(),
            ':' => "colon".to_owned(),
            '?' => "question mark".to_owned(),
            '=' => "equals".to_owned(),
            '&' => "and".to_owned(),
            '#' => "hash".to_owned(),
            '%' => "percent".to_owned(),
            '+' => "plus".to_owned(),
            '~' => "tilde".to_owned(),
            c if c.is_ascii_digit() => say_digits(run),
            c if c.is_ascii_alphabetic() => say_part(run),
            _ => continue,
        });
    }
    words.join(" ")
}

/// Splits a text into runs of letters, runs of digits, and single symbols.
fn runs(text: &str) -> Vec<&str> {
    let class = |c: char| match c {
        c if c.is_ascii_digit() => 1,
        c if c.is_ascii_alphabetic() => 2,
        _ => 0,
    };
    let mut runs = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (at, c) in text.char_indices() {
        if last.is_some_and(|l: i32| l != class(c) || l == 0) {
            runs.push(&text[start..at]);
            start = at;
        }
        last = Some(class(c));
    }
    runs.push(&text[start..]);
    runs
}

fn say_digits(digits: &str) -> String {
    const LONGEST_CARDINAL: usize = 2;
    if digits.len() <= LONGEST_CARDINAL && !digits.starts_with('0') {
        cardinal_of_digits(digits)
    } else {
        digit_by_digit(digits)
    }
}

/// Verbalizes a part that consists of letters: as a word, or letter by letter if it is not pronounceable.
fn say_part(part: &str) -> String {
    let lower = part.to_ascii_lowercase();
    let has_vowel = lower.contains(['a', 'e', 'i', 'o', 'u', 'y']);
    let spelled = LETTERS.contains(&lower.as_str())
        || !WORDS.contains(&lower.as_str()) && (lower.len() <= 2 || !has_vowel);
    if spelled { letters(&lower) } else { lower }
}

/// Verbalizes the name in a tag, split at underscores and between a lower-case letter and a capital.
fn say_name(name: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let mut previous_lower = false;
    let flush = |out: &mut String, word: &mut String| {
        if !word.is_empty() {
            let digits = word.starts_with(|c: char| c.is_ascii_digit());
            let said = if digits { digits_in_name(word) } else { say_part(word) };
            out.push(' ');
            out.push_str(&said);
            word.clear();
        }
    };
    for c in name.chars() {
        let changes =
            word.chars().next_back().is_some_and(|l| l.is_ascii_digit() != c.is_ascii_digit());
        if c == '_' || changes || previous_lower && c.is_ascii_uppercase() {
            flush(&mut out, &mut word);
        }
        if c != '_' {
            word.push(c);
        }
        previous_lower = c.is_ascii_lowercase();
    }
    flush(&mut out, &mut word);
    out.trim_start().to_owned()
}
