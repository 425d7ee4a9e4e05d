//! Signs: pauses, and those that are said.

use super::cursor::{Cursor, Match, pattern};
use super::money;
use super::numbers::cardinal_of_digits;

pattern!(PLUS_MINUS, r"\+/-|\+-( ?)");
pattern!(POWER, r"\^(-?)([0-9]{1,3})");

/// Verbalizes the sign at the cursor. Empty when it is not said at all.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    if let Some(length) = plus_minus(cursor) {
        return Some(Match::new(length, "plus or minus"));
    }
    let c = cursor.rest.chars().next()?;
    let length = c.len_utf8();
    let next = cursor.char_after(length);
    let spaced =
        cursor.before.is_none_or(char::is_whitespace) && next.is_none_or(char::is_whitespace);
    let digit_next = |skip: usize| cursor.char_after(skip).is_some_and(|c| c.is_ascii_digit());
    let after_digit = cursor.previous.ends_with(|c: char| c.is_ascii_digit());
    let said = match c {
        ',' | ';' | ':' | '(' | ')' | '[' | ']' | '{' | '}' | '|' => ",",
        '!' => "!",
        '?' => "?",
        '.' => return Some(dots(cursor)),
        '-' => return Some(dashes(cursor, spaced)),
        '^' if next.is_some_and(char::is_alphabetic) => "to the power of",
        '^' => return Some(power(cursor)),
        '&' => "and",
        '+' if next == Some('+') || cursor.before == Some('+') => "plus",
        '+' if next.is_some_and(|n| n.is_ascii_digit()) || spaced || after_digit => "plus",
        '=' if cursor.before != Some('=') => "equals",
        '@' => "at",
        '\\' if next.is_some_and(char::is_alphanumeric) => "backslash",
        '#' if digit_next(length) => "number",
        '%' => "percent",
        '$' => "dollars",
        '£' => "pounds",
        '€' => "euros",
        '¥' => "yen",
        '₹' => "rupees",
        '¢' => "cents",
        '°' => "degrees",
        'Ω' => "ohms",
        'μ' => "micro",
        '§' => "section",
        '±' => "plus or minus",
        '×' => "times",
        '÷' => "divided by",
        '*' if after_digit && (digit_next(length) || spaced && digit_next(length + 1)) => "times",
        '~' if digit_next(length) => "about",
        // A quoted line of a mail.
        '>' if cursor.previous.is_empty() && opens_line(cursor) => "",
        '<' if digit_next(length) || spaced => "less than",
        '>' if digit_next(length) || spaced => "greater than",
        '/' if cursor.before.is_some_and(char::is_alphanumeric)
            && next.is_some_and(char::is_alphanumeric) =>
        {
            "slash"
        }
        '/' if spaced && after_digit && digit_next(length + 1) => "divided by",
        _ => "",
    };
    Some(Match::new(length, said))
}

/// Returns the length of `+/-` at the cursor, or of `+-` before an amount.
fn plus_minus(cursor: &Cursor<'_>) -> Option<usize> {
    let found = PLUS_MINUS.captures(cursor.rest)?;
    let length = found[0].len();
    let after = &cursor.rest[length..];
    (found.get(1).is_none() || opens_amount(after)).then_some(length)
}

/// Whether a text begins with a number or a sum of money.
fn opens_amount(text: &str) -> bool {
    let digits = text.strip_prefix('.').unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit()) || money::opens(text)
}

/// Whether a sign stands at the beginning of a line, or behind others of its kind there.
fn opens_line(cursor: &Cursor<'_>) -> bool {
    cursor.before.is_none_or(|c| c.is_whitespace() || c == '>')
}

/// One dot ends a sentence, several are a pause unless a new sentence follows.
fn dots(cursor: &Cursor<'_>) -> Match {
    let length = cursor.rest.len() - cursor.rest.trim_start_matches('.').len();
    let next = cursor.char_after(length);
    let touching = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    if length == 1 && touching(cursor.before) && next.is_some_and(|c| c.is_ascii_lowercase()) {
        return Match::new(length, "dot");
    }
    // `.NET`
    let opens = cursor.before.is_none_or(char::is_whitespace);
    if length == 1 && opens && next.is_some_and(|c| c.is_ascii_alphabetic()) {
        return Match::new(length, "dot");
    }
    let following = cursor.rest[length..].trim_start().chars().next();
    let goes_on =
        following.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == ',');
    Match::new(length, if length > 1 && goes_on { "," } else { "." })
}

/// Reads a dash: a pause, a minus, or a joint of words.
fn dashes(cursor: &Cursor<'_>, spaced: bool) -> Match {
    let length = cursor.rest.len() - cursor.rest.trim_start_matches('-').len();
    let amount_next = opens_amount(&cursor.rest[length..]);
    let digit_follows =
        cursor.rest[length..].trim_start().starts_with(|c: char| c.is_ascii_digit());
    let after_digit = cursor.previous.ends_with(|c: char| c.is_ascii_digit());
    let open = cursor
        .before
        .is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '[' | '"' | '=' | '<' | '>'));
    let said = match length {
        1 if spaced && after_digit && digit_follows => "minus",
        1 if open && amount_next => "minus",
        1 if spaced && cursor.previous.is_empty() => "",
        1 if spaced => ",",
        1 => "",
        _ => ",",
    };
    Match::new(length, said)
}

fn power(cursor: &Cursor<'_>) -> Match {
    match POWER.captures(cursor.rest) {
        Some(found) => {
            let said = match (&found[1], &found[2]) {
                ("", "2") => "squared".to_owned(),
                ("", "3") => "cubed".to_owned(),
                ("", exponent) => format!("to the power of {}", cardinal_of_digits(exponent)),
                (_, exponent) => format!("to the power of minus {}", cardinal_of_digits(exponent)),
            };
            Match::new(found[0].len(), said)
        }
        None => Match::new(1, ""),
    }
}
