//! Dates.

use super::cursor::{Cursor, Match, pattern};
use super::numbers::{cardinal, ordinal, year};
use super::times::hours_and_minutes;
use crate::abbreviations::dot_ends_sentence;

pub(super) const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const MONTH: &str = r"(?:January|February|March|April|May|June|July|August|September|October|November|December|JANUARY|FEBRUARY|MARCH|APRIL|MAY|JUNE|JULY|AUGUST|SEPTEMBER|OCTOBER|NOVEMBER|DECEMBER|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?)";

pattern!(MONTH_ONLY, MONTH);
pattern!(
    MONTH_DAY,
    format!(
        r"({MONTH}) ([0-9]{{1,2}})(?:st|nd|rd|th)?(?:-([0-9]{{1,2}})(?:st|nd|rd|th)?)?(?:(,?) ([0-9]{{4}})\b)?"
    )
);
pattern!(MONTH_YEAR, format!(r"({MONTH}),? ([0-9]{{4}})\b"));
pattern!(
    DAY_MONTH,
    format!(r"([0-9]{{1,2}})(st|nd|rd|th)?( of)? ({MONTH})(?:(,?) ([0-9]{{4}})\b)?")
);
pattern!(ISO, r"([12][0-9]{3})[-/]([0-9]{1,2})[-/]([0-9]{1,2})");
// `2024-03-05T14:30:00Z`
pattern!(
    TIMESTAMP,
    r"([12][0-9]{3}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2})(?::00)?(?::([0-9]{2}))?(?:\.[0-9]{1,9})?(?:(Z)|([+-])([0-9]{2}):?([0-9]{2}))?"
);
// A day of the week without its dot, before a date; those that are no words also before a comma.
pattern!(
    WEEKDAY,
    format!(
        r"(?:(Mon|Tues?|Thu(?:rs?)?|Fri)|(Wed|Sat|Sun))(?:,? (?:[0-9]{{1,2}}(?:st|nd|rd|th)? )?{MONTH}| [0-9]{{1,2}}(?:st|nd|rd|th)\b|(,))"
    )
);
const DAY: &str = r"(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)";
const SHORT_MONTH: &str = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)";
// `Mon-Fri`, `Jan.-Mar.`, `Mon/Wed/Fri`
pattern!(DAY_SPAN, format!(r"({DAY})\.?(?: ?(-|/|to\b|and\b|or\b|&)|(,)) ?({DAY})\b"));
pattern!(DAY_FOLLOWS, format!(r"(?:/|,| and| or| &) ?{DAY}\b"));
pattern!(MONTH_SPAN, format!(r"({SHORT_MONTH})\.?(?: ?(-|/|to\b))() ?({SHORT_MONTH})\b"));
pattern!(SLASHES, r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}|[0-9]{2})");
pattern!(HYPHENS, r"([0-9]{1,2})-([0-9]{1,2})-([0-9]{4})");
// `20-Dec-2020`, `20-Dec`, `2020-Dec-20`
pattern!(
    NAMED_HYPHENS,
    format!(
        r"([0-9]{{1,2}})-({SHORT_MONTH})(?:-([0-9]{{4}}|[0-9]{{2}}))?\b|([0-9]{{4}})-({SHORT_MONTH})-([0-9]{{1,2}})\b"
    )
);
pattern!(DOTS, r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})");

/// Whether a text begins with a month, also abbreviated.
pub(crate) fn begins_with_month(text: &str) -> bool {
    MONTH_ONLY.is_match(text)
}

/// Verbalizes the date at the cursor.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    if cursor.rest.starts_with(|c: char| c.is_ascii_digit()) {
        timestamp(cursor)
            .or_else(|| iso(cursor))
            .or_else(|| named_hyphens(cursor))
            .or_else(|| slashes(cursor))
            .or_else(|| dots(cursor))
            .or_else(|| day_month(cursor))
    } else {
        month_day(cursor)
            .or_else(|| month_year(cursor))
            .or_else(|| span(cursor))
            .or_else(|| weekday(cursor))
    }
}

fn month_number(written: &str) -> Option<usize> {
    let start = written.get(..3)?.to_ascii_lowercase();
    MONTHS.iter().position(|name| name.starts_with(&start)).map(|i| i + 1)
}

/// Returns a day of a month, checked and in words.
fn day(digits: &str) -> Option<String> {
    let value: usize = digits.parse().ok()?;
    (1..=31).contains(&value).then(|| ordinal(value))
}

/// `march fifth, twenty twenty four`; nothing if there is no such day or month.
fn month_first(month: usize, day_digits: &str, year_value: Option<usize>) -> Option<String> {
    let name = MONTHS.get(month.checked_sub(1)?)?;
    let day = day(day_digits)?;
    Some(match year_value {
        Some(value) => format!("{name} {day}, {}", year(value)),
        None => format!("{name} {day}"),
    })
}

fn month_day(cursor: &Cursor<'_>) -> Option<Match> {
    let found = MONTH_DAY.captures(cursor.rest)?;
    let length = found[0].len();
    if !cursor.number_ends(length) || cursor.char_after(length) == Some('%') {
        return None;
    }
    let mut said = month_first(month_number(&found[1])?, &found[2], None)?;
    if let Some(last) = found.get(3) {
        said = format!("{said} to {}", day(last.as_str())?);
    }
    if let Some(year_digits) = found.get(5) {
        let comma = found.get(4).map_or("", |c| c.as_str());
        said = format!("{said}{comma} {}", year(year_digits.as_str().parse().ok()?));
    }
    Some(Match::new(length, said))
}

fn month_year(cursor: &Cursor<'_>) -> Option<Match> {
    let found = MONTH_YEAR.captures(cursor.rest)?;
    let name = MONTHS[month_number(&found[1])? - 1];
    let said = format!("{name} {}", year(found[2].parse().ok()?));
    cursor.number_ends(found[0].len()).then(|| Match::new(found[0].len(), said))
}

fn day_month(cursor: &Cursor<'_>) -> Option<Match> {
    let found = DAY_MONTH.captures(cursor.rest)?;
    let name = MONTHS[month_number(&found[4])? - 1];
    let mut said = format!("{} of {name}", day(&found[1])?);
    let has_article = cursor.previous.eq_ignore_ascii_case("the");
    if !has_article && found.get(2).is_none() {
        said = format!("the {said}");
    }
    if let Some(year_digits) = found.get(6) {
        said = format!("{said} {}", year(year_digits.as_str().parse().ok()?));
    }
    let length = found[0].len();
    // The dot of a shortened month may be the end of the sentence too.
    if found[0].ends_with('.') && dot_ends_sentence(&cursor.rest[length..]) {
        said.push('.');
    }
    cursor.ends(length).then(|| Match::new(length, said))
}

fn iso(cursor: &Cursor<'_>) -> Option<Match> {
    let found = ISO.captures(cursor.rest)?;
    let said = month_first(found[2].parse().ok()?, &found[3], Some(found[1].parse().ok()?))?;
    cursor.ends(found[0].len()).then(|| Match::new(found[0].len(), said))
}

/// `2024-03-05T14:30:00Z`
fn timestamp(cursor: &Cursor<'_>) -> Option<Match> {
    let found = TIMESTAMP.captures(cursor.rest)?;
    let date = ISO.captures(&found[1])?;
    let date = month_first(date[2].parse().ok()?, &date[3], Some(date[1].parse().ok()?))?;
    let (hours, minutes) = found[2].split_once(':')?;
    let mut said = format!("{date} at {}", clock_time(hours.parse().ok()?, minutes.parse().ok()?)?);
    if let Some(seconds) = found.get(3) {
        said = format!("{said} and {} seconds", cardinal(seconds.as_str().parse().ok()?));
    }
    if found.get(4).is_some() {
        said.push_str(" U T C");
    } else if let (Some(sign), Some(hours)) = (found.get(5), found.get(6)) {
        let sign = if sign.as_str() == "-" { "minus" } else { "plus" };
        said = format!("{said} U T C {sign} {}", cardinal(hours.as_str().parse().ok()?));
        let minutes = found.get(7).map_or("", |minutes| minutes.as_str());
        if minutes != "00" {
            said = format!("{said} {}", cardinal(minutes.parse().ok()?));
        }
    }
    cursor.ends(found[0].len()).then(|| Match::new(found[0].len(), said))
}

/// `fourteen thirty`, `nine hundred`
fn clock_time(hours: usize, minutes: usize) -> Option<String> {
    let said = match minutes {
        0 => format!("{} hundred", cardinal(hours)),
        _ => hours_and_minutes(hours, minutes),
    };
    (hours <= 24 && minutes < 60).then_some(said)
}

const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// `Mon-Fri`, `Jan.-Mar.`: the first of two days or months; the second is taken with it unless a third follows.
fn span(cursor: &Cursor<'_>) -> Option<Match> {
    let (found, names) = match DAY_SPAN.captures(cursor.rest) {
        Some(found) => (found, &WEEKDAYS[..]),
        None => (MONTH_SPAN.captures(cursor.rest)?, &MONTHS[..]),
    };
    let name = |written: &str| {
        let written = written.to_ascii_lowercase();
        names.iter().find(|name| name.starts_with(&written)).copied()
    };
    let (first, last) = (name(&found[1])?, name(&found[4])?);
    let joint = match found.get(2).map_or(",", |joint| joint.as_str()) {
        "/" | "," => ",",
        "and" | "&" => " and",
        "or" => " or",
        _ => " to",
    };
    let length = found[0].len();
    let after = cursor.rest[length..].trim_start_matches(['.', ' ']);
    // A date or a third day follows: the second is read with it.
    let dated = DAY_MONTH.is_match(after)
        || MONTH_ONLY.is_match(after)
        || names.len() == MONTHS.len() && after.starts_with(|c: char| c.is_ascii_digit());
    let follows = names.len() == WEEKDAYS.len() && DAY_FOLLOWS.is_match(&cursor.rest[length..]);
    if cursor.char_after(length) == Some('/') || follows || dated {
        let second = found.get(4)?.start();
        return Some(Match::new(second, format!("{first}{joint}")));
    }
    let dotted = cursor.char_after(length) == Some('.');
    let ends = dotted && dot_ends_sentence(&cursor.rest[length + 1..]);
    let end = if ends { "." } else { "" };
    Some(Match::new(length + usize::from(dotted), format!("{first}{joint} {last}{end}")))
}

/// `Mon 3 June`, `On Mon, Bob`
fn weekday(cursor: &Cursor<'_>) -> Option<Match> {
    const BEFORE: [&str; 8] = ["on", "every", "by", "until", "next", "last", "from", "this"];
    let found = WEEKDAY.captures(cursor.rest)?;
    let written = found.get(1).or_else(|| found.get(2))?.as_str();
    let before = cursor.previous.to_ascii_lowercase();
    let dated = found.get(3).is_none();
    let fits = dated || found.get(1).is_some() && BEFORE.contains(&before.as_str());
    let name = WEEKDAYS.iter().find(|name| name.starts_with(&written.to_ascii_lowercase()))?;
    fits.then(|| Match::new(written.len(), *name))
}

/// American order, unless only the other one is a date.
fn slashes(cursor: &Cursor<'_>) -> Option<Match> {
    let found = SLASHES.captures(cursor.rest).or_else(|| HYPHENS.captures(cursor.rest))?;
    let length = found[0].len();
    let (first, second): (usize, usize) = (found[1].parse().ok()?, found[2].parse().ok()?);
    let year_value = full_year(found[3].parse().ok()?);
    let said = if first <= 12 {
        month_first(first, &found[2], Some(year_value))?
    } else {
        month_first(second, &found[1], Some(year_value))?
    };
    cursor.ends(length).then(|| Match::new(length, said))
}

/// `20-Dec-2020`
fn named_hyphens(cursor: &Cursor<'_>) -> Option<Match> {
    let found = NAMED_HYPHENS.captures(cursor.rest)?;
    let part = |one: usize, other: usize| found.get(one).or_else(|| found.get(other));
    let month = month_number(part(2, 5)?.as_str())?;
    let year_value = part(3, 4).map(|year| full_year(year.as_str().parse().unwrap_or(0)));
    let said = month_first(month, part(1, 6)?.as_str(), year_value)?;
    cursor.ends(found[0].len()).then(|| Match::new(found[0].len(), said))
}

/// Two digits mean the century that is nearer.
fn full_year(value: usize) -> usize {
    match value {
        0..=49 => 2000 + value,
        50..=99 => 1900 + value,
        _ => value,
    }
}

/// European order.
fn dots(cursor: &Cursor<'_>) -> Option<Match> {
    let found = DOTS.captures(cursor.rest)?;
    let said = month_first(found[2].parse().ok()?, &found[1], Some(found[3].parse().ok()?))?;
    cursor.ends(found[0].len()).then(|| Match::new(found[0].len(), said))
}
