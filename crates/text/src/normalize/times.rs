//! Times of day.

use super::capital_words::has;
use super::cursor::{Cursor, Match, pattern};
use super::numbers::{cardinal, is_one, number};
use crate::abbreviations::dot_ends_sentence;

const HALF: &str = r"([AaPp])\.?([Mm])\b\.?";

pattern!(
    CLOCK,
    format!(r"([0-9]{{1,2}}):([0-9]{{2}})(?::([0-9]{{2}}))?(?: ?{HALF}|( ?(?:h|hrs|hours)\b))?")
);
// With a dot only before a half of the day, or before another such time: `7.30pm`, `7.30-9pm`.
pattern!(
    DOTTED_CLOCK,
    format!(
        r"([0-9]{{1,2}})\.([0-5][0-9])(?: ?{HALF}|(?:-| to )[0-9]{{1,2}}(?:[:.][0-9]{{2}})? ?{HALF})"
    )
);
pattern!(HOUR, format!(r"([0-9]{{1,2}}) ?{HALF}"));

// `at 0600 hours`
pattern!(MILITARY, r"([01][0-9]|2[0-3])([0-5][0-9])( ?(?:hours|hrs|h)\b)?");
// `Genesis 1:1-3`
pattern!(VERSE, r"([0-9]{1,3}):([0-9]{1,3})");

/// Books before a chapter and a verse.
const BOOKS: &str = "\
    Genesis Exodus Leviticus Numbers Deuteronomy Joshua Judges Ruth Samuel Kings Chronicles Ezra Nehemiah Esther Job \
    Psalm Psalms Proverbs Ecclesiastes Song Isaiah Jeremiah Lamentations Ezekiel Daniel Hosea Joel Amos Jonah Micah \
    Matthew Mark Luke John Acts Romans Corinthians Galatians Ephesians Philippians Colossians Thessalonians Timothy \
    Titus Hebrews James Peter Jude Revelation Sura Surah Quran";

pattern!(RATIO, r"([0-9]{1,4}):([0-9]{1,4})");

/// Verbalizes the time at the cursor.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    verse(cursor)
        .or_else(|| clock(cursor))
        .or_else(|| military(cursor))
        .or_else(|| dotted_clock(cursor))
        .or_else(|| hour(cursor))
        .or_else(|| ratio(cursor))
}

fn clock(cursor: &Cursor<'_>) -> Option<Match> {
    let found = CLOCK.captures(cursor.rest)?;
    let (hours, minutes): (usize, usize) = (found[1].parse().ok()?, found[2].parse().ok()?);
    let half = found.get(4).map(|h| h.as_str());
    if hours > 24 || minutes > 59 || !cursor.ends(found[0].len()) {
        return None;
    }
    let mut said = match (minutes, half) {
        (0, None) if found.get(3).is_none() && (1..=12).contains(&hours) => {
            format!("{} o'clock", cardinal(hours))
        }
        (0, None) => format!("{} hundred", cardinal(hours)),
        _ => hours_and_minutes(hours, minutes),
    };
    if let Some(seconds) = found.get(3) {
        let digits = seconds.as_str();
        let name = if is_one(digits.trim_start_matches('0')) { "second" } else { "seconds" };
        said = format!("{said} and {} {name}", cardinal(digits.parse().ok()?));
    }
    if found.get(6).is_some() {
        said = said.trim_end_matches(" o'clock").to_owned();
        said = format!("{said} hours");
    }
    Some(with_half(cursor, &found[0], said, half))
}

/// `John 3:16`
fn verse(cursor: &Cursor<'_>) -> Option<Match> {
    let found = VERSE.captures(cursor.rest)?;
    let after = cursor.rest[found[0].len()..].trim_start().to_ascii_lowercase();
    let is_time = ["am", "pm", "a.m", "p.m"].iter().any(|half| after.starts_with(half));
    let is_book = has(BOOKS, cursor.previous) && cursor.follows_directly() && !is_time;
    let said = format!("{} {}", number(&found[1]), number(&found[2]));
    (is_book && cursor.number_ends(found[0].len())).then(|| Match::new(found[0].len(), said))
}

/// `0600 hours`, and after a word of time `1430 hours`.
fn military(cursor: &Cursor<'_>) -> Option<Match> {
    let found = MILITARY.captures(cursor.rest)?;
    let (hours, minutes) = (&found[1], found[2].parse().ok()?);
    let timed = has("at by until till from since before after to", cursor.previous);
    let unit = if found.get(3).is_some() { " hours" } else { "" };
    let is_early = hours.starts_with('0');
    if !(if unit.is_empty() { timed && is_early } else { timed || is_early }) {
        return None;
    }
    let said = match minutes {
        0 => format!("{} hundred", number(hours)),
        1..=9 => format!("{} oh {}", number(hours), cardinal(minutes)),
        _ => format!("{} {}", number(hours), cardinal(minutes)),
    };
    cursor.ends(found[0].len()).then(|| Match::new(found[0].len(), format!("{said}{unit}")))
}

/// `7.30pm`; `7.30-9pm` up to its dash.
fn dotted_clock(cursor: &Cursor<'_>) -> Option<Match> {
    const DIGITS_AND_DOT: usize = 3;
    let found = DOTTED_CLOCK.captures(cursor.rest)?;
    let (hours, minutes): (usize, usize) = (found[1].parse().ok()?, found[2].parse().ok()?);
    if !(1..=12).contains(&hours) || !cursor.ends(found[0].len()) {
        return None;
    }
    let said = hours_and_minutes(hours, minutes);
    let half = found.get(3).map(|half| half.as_str());
    let written =
        if half.is_some() { &found[0] } else { &found[0][..found[1].len() + DIGITS_AND_DOT] };
    Some(with_half(cursor, written, said, half))
}

/// Returns a time of day in words, the full hour as the number alone.
pub(super) fn hours_and_minutes(hours: usize, minutes: usize) -> String {
    match minutes {
        0 => cardinal(hours),
        1..=9 => format!("{} oh {}", cardinal(hours), cardinal(minutes)),
        _ => format!("{} {}", cardinal(hours), cardinal(minutes)),
    }
}

/// Reads a ratio: `2:1`, and other pairs that are no time of day.
fn ratio(cursor: &Cursor<'_>) -> Option<Match> {
    let found = RATIO.captures(cursor.rest)?;
    let said = format!("{} to {}", number(&found[1]), number(&found[2]));
    cursor.number_ends(found[0].len()).then(|| Match::new(found[0].len(), said))
}

fn hour(cursor: &Cursor<'_>) -> Option<Match> {
    let found = HOUR.captures(cursor.rest)?;
    let hours: usize = found[1].parse().ok()?;
    if !(1..=12).contains(&hours) || !cursor.ends(found[0].len()) {
        return None;
    }
    Some(with_half(cursor, &found[0], cardinal(hours), found.get(2).map(|h| h.as_str())))
}

/// Appends `A M` or `P M`; the dot after it may also end the sentence.
fn with_half(cursor: &Cursor<'_>, written: &str, said: String, half: Option<&str>) -> Match {
    let said = match half {
        Some(letter) => format!("{said} {} M", letter.to_ascii_uppercase()),
        None => said,
    };
    let dotted = written.ends_with('.');
    let ends = dotted && dot_ends_sentence(&cursor.rest[written.len()..]);
    Match::new(written.len(), if ends { format!("{said}.") } else { said })
}
