//! Telephone numbers and the like: digits in groups.

use super::cursor::{Cursor, Match, pattern};
use super::numbers::{cardinal_of_digits, digit_by_digit};
use super::numerals::digits_in_name;

pattern!(
    NATIONAL,
    r"(?:\+?1[-. ])?(?:\([0-9]{3}\) ?|[0-9]{3}[-. ])[0-9]{3}[-. ][0-9]{4}|[0-9]{3}-[0-9]{4}|[0-9]{3}-[0-9]{2}-[0-9]{4}"
);
pattern!(INTERNATIONAL, r"\+[0-9]{1,3}(?:[-. ]?\(?[0-9]{1,6}\)?){1,7}");
// Trunk prefix and area code, then at least two more groups or one long one: 020 7946 0018, 07700 900123.
pattern!(TRUNK, r"(?:\(0[0-9]{1,4}\)|0[0-9]{1,5})(?:[- /][0-9]{2,8}){1,5}");
pattern!(TRUNK_DOTTED, r"0[0-9](?:\.[0-9]{2}){4}");
pattern!(TOLL_FREE, r"1[38]00[- ][0-9]{3}[- ][0-9]{3,4}");
pattern!(GROUPS, r"\(?[0-9]{2,5}\)?(?:[-. ][0-9]{2,5}){0,5}");
// Three groups or more that are no date: 978-3-16-148410-0, 4-4-2.
pattern!(CODE, r"[0-9]{1,10}(?:-[0-9]{1,10}){2,6}");
pattern!(VANITY, r"1-(8[0-9]{2})-([A-Z]{3,10})");

/// Words before a number that make it one of a telephone.
const BEFORE: &[&str] = &[
    "call",
    "calls",
    "called",
    "calling",
    "ring",
    "rang",
    "phone",
    "telephone",
    "tel",
    "dial",
    "dialed",
    "dialled",
    "dialing",
    "fax",
    "text",
    "mobile",
    "cell",
    "hotline",
    "helpline",
    "whatsapp",
];

/// Words after a short code; before other words a number counts.
const AFTER_CODE: &[&str] = &[
    "now",
    "if",
    "for",
    "in",
    "and",
    "or",
    "when",
    "right",
    "immediately",
    "from",
    "to",
    "at",
    "first",
];

/// Fewest and most digits of a telephone number with its area code, and the fewest of one without.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
const FEWEST_LOCAL_DIGITS: usize = 6;
const SHORT_CODE_DIGITS: usize = 3;

/// Verbalizes the telephone number at the cursor digit by digit, with a pause between the groups.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    if let Some(found) = VANITY.captures(cursor.rest) {
        let code = digits_in_name(&found[1]);
        let said = format!("one {code} {}", found[2].to_ascii_lowercase());
        return cursor.ends(found[0].len()).then(|| Match::new(found[0].len(), said));
    }
    let patterns =
        [&NATIONAL, &INTERNATIONAL, &TOLL_FREE, &TRUNK_DOTTED].into_iter().find_map(|pattern| {
            let written = pattern.find(cursor.rest)?.as_str().trim_end();
            cursor.number_ends(written.len()).then_some(written)
        });
    let Some(written) = patterns.or_else(|| trunk(cursor)).or_else(|| after_call(cursor)) else {
        return code(cursor);
    };
    let groups: Vec<String> = written
        .split(|c: char| !c.is_ascii_digit())
        .filter(|group| !group.is_empty())
        .map(digit_by_digit)
        .collect();
    let plus = if written.starts_with('+') { "plus " } else { "" };
    Some(Match::new(written.len(), format!("{plus}{}", groups.join(", "))))
}

/// Says groups with hyphens: digit by digit if one is long, else each as a number.
fn code(cursor: &Cursor<'_>) -> Option<Match> {
    const LONGEST_NUMBER: usize = 2;
    let written = CODE.find(cursor.rest)?.as_str();
    let groups: Vec<&str> = written.split('-').collect();
    let short = groups.iter().all(|group| group.len() <= LONGEST_NUMBER && !group.starts_with('0'));
    let say = if short { cardinal_of_digits } else { digit_by_digit };
    let said: Vec<String> = groups.into_iter().map(say).collect();
    let separator = if short { " " } else { ", " };
    cursor.number_ends(written.len()).then(|| Match::new(written.len(), said.join(separator)))
}

/// Returns a number with a trunk prefix.
fn trunk<'t>(cursor: &Cursor<'t>) -> Option<&'t str> {
    let written = TRUNK.find(cursor.rest)?.as_str();
    let fits = DIGITS.contains(&digits(written)) && !written.contains('/');
    (fits && cursor.number_ends(written.len())).then_some(written)
}

/// Returns a number after a word of telephony; a short one is a code such as 911.
fn after_call<'t>(cursor: &Cursor<'t>) -> Option<&'t str> {
    let previous = cursor.previous.to_ascii_lowercase();
    if !BEFORE.contains(&previous.as_str()) {
        return None;
    }
    let written = GROUPS.find(cursor.rest)?.as_str();
    let count = digits(written);
    let next = cursor.word_after(written.len());
    let alone = next.is_empty() || AFTER_CODE.contains(&next);
    let fits = count >= FEWEST_LOCAL_DIGITS || count == SHORT_CODE_DIGITS && alone;
    (fits && cursor.number_ends(written.len())).then_some(written)
}

fn digits(written: &str) -> usize {
    written.bytes().filter(u8::is_ascii_digit).count()
}
