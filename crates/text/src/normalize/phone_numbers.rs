//! Telephone numbers and the like: digits in groups.

use super::cursor::{Cursor, Match, pattern};
use super::numbers::digit_by_digit;
use super::numerals::digits_in_name;

pattern!(
    NATIONAL,
    r"(?:\+?1[-. ])?(?:\([0-9]{3}\) ?|[0-9]{3}[-. ])[0-9]{3}[-. ][0-9]{4}|[0-9]{3}-[0-9]{4}|[0-9]{3}-[0-9]{2}-[0-9]{4}"
);
pattern!(INTERNATIONAL, r"\+[0-9]{1,3}(?:[-. ]?\(?[0-9]{1,4}\)?){2,6}");

pattern!(VANITY, r"1-(8[0-9]{2})-([A-Z]{3,10})");

/// Say the telephone number at the cursor: digit by digit, with a pause between the groups.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    if let Some(found) = VANITY.captures(cursor.rest) {
        let code = digits_in_name(&found[1]);
        let said = format!("one {code} {}", found[2].to_ascii_lowercase());
        return cursor.ends(found[0].len()).then(|| Match::new(found[0].len(), said));
    }
    let found = NATIONAL.find(cursor.rest).or_else(|| INTERNATIONAL.find(cursor.rest))?;
    let written = found.as_str().trim_end();
    if !cursor.number_ends(written.len()) {
        return None;
    }
    let groups: Vec<String> = written
        .split(|c: char| !c.is_ascii_digit())
        .filter(|group| !group.is_empty())
        .map(digit_by_digit)
        .collect();
    let plus = if written.starts_with('+') { "plus " } else { "" };
    Some(Match::new(written.len(), format!("{plus}{}", groups.join(", "))))
}
