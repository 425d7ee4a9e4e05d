//! Durations in several units.

use super::cursor::{Cursor, Match, pattern};
use super::numbers::{cardinal, is_one, number};

pattern!(
    PARTS,
    r"([0-9]{1,4}) ?(days?|d|hrs?|h|mins?|m) ?([0-9]{1,2}) ?(hrs?|h|mins?|m|secs?|s)\b(?: ?([0-9]{1,2}) ?(mins?|m|secs?|s)\b)?(?: ?([0-9]{1,2}) ?(secs?|s)\b)?"
);
pattern!(JOINED, r"([0-9]{1,2})h([0-5][0-9])\b");

/// Words before a time of day, not a duration.
const BEFORE_CLOCK: &[&str] = &["at", "by", "until", "till", "from", "before", "after", "to"];

/// Words after which `1800s` is a duration, not a decade.
const BEFORE_LENGTH: &[&str] = &[
    "last", "lasts", "lasted", "lasting", "wait", "waits", "waited", "waiting", "for", "take",
    "takes", "took", "taking", "within", "timeout", "sleep", "sleeps", "run", "runs", "ran",
    "exceed", "exceeds", "exceeded",
];

/// Words that may follow a duration, but not a decade.
const AFTER_LENGTH: &[&str] = &[
    "", "and", "or", "then", "before", "after", "at", "to", "until", "while", "when", "but", "per",
    "in", "on", "if", "so", "each", "total", "max", "more", "longer", "later", "now",
];

/// Units of time from the longest, by the first letter of their symbols.
const UNITS: [(char, &str); 4] = [('d', "day"), ('h', "hour"), ('m', "minute"), ('s', "second")];

/// Verbalizes a duration: `2h 15m`, `1h30`. `m` next to hours or seconds is minutes.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    if cursor.before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | ',')) {
        return None;
    }
    parts(cursor).or_else(|| joined(cursor))
}

fn parts(cursor: &Cursor<'_>) -> Option<Match> {
    let found = PARTS.captures(cursor.rest)?;
    let mut said = Vec::new();
    let mut last = None;
    for index in [1, 3, 5, 7] {
        let (Some(written), Some(symbol)) = (found.get(index), found.get(index + 1)) else {
            continue;
        };
        let rank = UNITS.iter().position(|(letter, _)| symbol.as_str().starts_with(*letter))?;
        if last.is_some_and(|last| rank <= last) {
            return None;
        }
        last = Some(rank);
        let plural = if is_one(written.as_str()) { "" } else { "s" };
        said.push(format!("{} {}{plural}", number(written.as_str()), UNITS[rank].1));
    }
    let length = found[0].len();
    cursor.ends(length).then(|| Match::quantity(length, said.join(" ")))
}

/// Matches `1h30`, which after "at" is a time of day.
fn joined(cursor: &Cursor<'_>) -> Option<Match> {
    let found = JOINED.captures(cursor.rest)?;
    let (hours, minutes): (usize, usize) = (found[1].parse().ok()?, found[2].parse().ok()?);
    let at_clock = BEFORE_CLOCK.contains(&cursor.previous.to_ascii_lowercase().as_str());
    let name = if at_clock {
        ""
    } else if hours == 1 {
        " hour"
    } else {
        " hours"
    };
    let said = match (minutes, at_clock) {
        (0, true) => format!("{} hundred", cardinal(hours)),
        (0, false) => format!("{}{name}", cardinal(hours)),
        _ => format!("{}{name} {}", cardinal(hours), cardinal(minutes)),
    };
    Some(Match::new(found[0].len(), said))
}

/// Whether a number with `s`, of `length` bytes at the cursor, is a duration and not a decade: `It lasts 1800s.`
pub(super) fn is_length(cursor: &Cursor<'_>, length: usize) -> bool {
    let previous = cursor.previous.to_ascii_lowercase();
    BEFORE_LENGTH.contains(&previous.as_str()) && AFTER_LENGTH.contains(&cursor.word_after(length))
}
