//! Operators of two or more characters, which are tried before single symbols.

use super::cursor::{Cursor, pattern};

pattern!(ARROW, r"<=+>|<-+>|-+>|=+>|<-+");

/// Operators and their names, the longer ones first.
const OPERATORS: &[(&str, &str)] = &[
    ("!==", "is not equal to"),
    ("===", "equals"),
    ("!=", "is not equal to"),
    ("/=", "is not equal to"),
    ("~=", "is about"),
    ("==", "equals"),
    (":=", "equals"),
    (">=", "greater than or equal to"),
    ("<=", "less than or equal to"),
    ("=<", "less than or equal to"),
    ("+=", "plus equals"),
    ("-=", "minus equals"),
    ("*=", "times equals"),
    ("&&", "and"),
    ("||", "or"),
];

/// Operators that need surrounding spaces, because they may be quotation marks otherwise.
const SPACED: &[(&str, &str)] =
    &[("<>", "is not equal to"), ("<<", "much less than"), (">>", "much greater than")];

/// Returns the length and the name of the operator at the cursor.
pub(super) fn find(cursor: &Cursor<'_>) -> Option<(usize, &'static str)> {
    if let Some(found) = arrow(cursor) {
        return Some(found);
    }
    let fits = |(written, _): &&(&str, &str)| {
        // A longer run of the same character is a drawn line, not an operator.
        cursor.rest.starts_with(*written)
            && cursor.char_after(written.len()) != written.chars().next_back()
    };
    let open = |(written, _): &&(&str, &str)| {
        cursor.before.is_none_or(char::is_whitespace)
            && cursor.char_after(written.len()).is_none_or(char::is_whitespace)
    };
    let found = OPERATORS
        .iter()
        .find(fits)
        .or_else(|| SPACED.iter().find(|operator| fits(operator) && open(operator)))?;
    Some((found.0.len(), found.1))
}

/// Matches the arrows `->`, `=>`, `<-`, `<->` and their longer forms. `<-5` is a comparison with a negative number.
fn arrow(cursor: &Cursor<'_>) -> Option<(usize, &'static str)> {
    let written = ARROW.find(cursor.rest)?.as_str();
    let length = written.len();
    let (left, right) = (written.starts_with('<'), written.ends_with('>'));
    let name = match (left, right, written.contains('=')) {
        (true, true, true) => "if and only if",
        (true, true, false) => "left right arrow",
        // Between variables; a path of a menu is "to" (`File => Save`).
        (false, _, true) if cursor.previous.len() <= 1 => "implies",
        (false, ..) => "to",
        (true, false, _) => {
            let alone = cursor.before.is_none_or(char::is_whitespace)
                && cursor.char_after(length).is_none_or(char::is_whitespace);
            return alone.then_some((length, "left arrow"));
        }
    };
    Some((length, name))
}
