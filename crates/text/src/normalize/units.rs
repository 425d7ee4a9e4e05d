//! Quantities with units.

use super::cursor::{Cursor, Match, NUMBER, pattern};
use super::durations;
use super::lines::BREAK;
use super::numbers::{cardinal_of_digits, fraction, is_one, number};
use super::scan::WINDOW_BYTES;
use super::unit_table::{
    AFTER_MEASURE, BARE, DOTTED, EXTENT, LENGTHS, MEASURED_IN_INCHES, SPEECH, Space, UNITS, Unit,
};

pattern!(NUMBER_FIRST, NUMBER);
pattern!(
    FEET_INCHES,
    r"([0-9]{1,2})['′] ?([0-9]{1,2})(?: ([0-9])/([0-9]{1,2}))?(?:\x22|''|″)|([3-8])['′]([0-9]|1[01])\b"
);
pattern!(FEET_JOINED, r"([0-9]{1,2})ft([0-9]{1,2})(ins?\b|\x22|'')?");
pattern!(ARC, r"([0-9]{1,3})° ?([0-9]{1,2})['′](?: ?([0-9]{1,2}(?:\.[0-9]{1,4})?)(?:\x22|''|″))?");
pattern!(BY_NUMBER, r" ?[x×] ?[0-9]");
// Weight of a person: `5 st 4 lb`.
pattern!(STONE, r"([0-9]{1,2}) ?st ([0-9]{1,2}) ?lbs?\b\.?");
pattern!(PER_HUNDRED, r"/ ?100 ?km\b");
pattern!(PER, r"/ ?((?:[a-zμ]|[A-Z](?:[a-z]|\b))[A-Za-z]*(?:\^[23])?)");

/// Verbalizes the quantity at the cursor.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    arc(cursor)
        .or_else(|| feet_inches(cursor))
        .or_else(|| feet_joined(cursor))
        .or_else(|| feet(cursor))
        .or_else(|| stone(cursor))
        .or_else(|| durations::say(cursor))
        .or_else(|| quantity(cursor))
}

/// Matches an angle in degrees, minutes and seconds: `40° 26' 46"`.
fn arc(cursor: &Cursor<'_>) -> Option<Match> {
    let found = ARC.captures(cursor.rest)?;
    let part = |index: usize, one: &str, many: &str| {
        let written = found.get(index)?.as_str();
        Some(format!(" {} {}", number(written), if is_one(written) { one } else { many }))
    };
    let degrees = part(1, "degree", "degrees")?;
    let minutes = part(2, "minute", "minutes")?;
    let seconds = part(3, "second", "seconds").unwrap_or_default();
    let length = found[0].len();
    let said = format!("{degrees}{minutes}{seconds}");
    let direction = cursor.rest[length..].starts_with(['N', 'S', 'E', 'W']);
    let ends = cursor.ends(length) || direction && cursor.ends(length + 1);
    ends.then(|| Match::new(length, said.trim_start()))
}

fn feet_inches(cursor: &Cursor<'_>) -> Option<Match> {
    let found = FEET_INCHES.captures(cursor.rest)?;
    // `5'10`, without an inch mark, is the height of a person.
    let feet = found.get(1).or_else(|| found.get(5))?.as_str();
    let inches = found.get(2).or_else(|| found.get(6))?.as_str();
    let mut said = format!("{} foot {}", cardinal_of_digits(feet), cardinal_of_digits(inches));
    if let (Some(top), Some(bottom)) = (found.get(3), found.get(4)) {
        let (top, bottom) = (top.as_str().parse().ok()?, bottom.as_str().parse().ok()?);
        said = format!("{said} and {}", fraction(top, bottom, true));
    }
    Some(Match::new(found[0].len(), said))
}

/// Matches feet and inches without a space: `5ft10`, `5ft10in`.
fn feet_joined(cursor: &Cursor<'_>) -> Option<Match> {
    let found = FEET_JOINED.captures(cursor.rest)?;
    let (feet, inches) = (cardinal_of_digits(&found[1]), cardinal_of_digits(&found[2]));
    let said = match found.get(3) {
        None => format!("{feet} foot {inches}"),
        Some(_) => {
            let foot = if is_one(&found[1]) { "foot" } else { "feet" };
            let inch = if is_one(&found[2]) { "inch" } else { "inches" };
            format!("{feet} {foot} {inches} {inch}")
        }
    };
    cursor.ends(found[0].len()).then(|| Match::quantity(found[0].len(), said))
}

fn stone(cursor: &Cursor<'_>) -> Option<Match> {
    let found = STONE.captures(cursor.rest)?;
    let pounds = if is_one(&found[2]) { "pound" } else { "pounds" };
    let said = format!(
        "{} stone {} {pounds}",
        cardinal_of_digits(&found[1]),
        cardinal_of_digits(&found[2])
    );
    Some(Match::quantity(found[0].trim_end_matches('.').len(), said))
}

/// Matches feet, `6′`. An apostrophe (`6' tall`, `a 6' fence`, `6' x 8'`) must not be the end of a quotation.
fn feet(cursor: &Cursor<'_>) -> Option<Match> {
    let written = NUMBER_FIRST.find(cursor.rest)?.as_str();
    let mark = cursor.char_after(written.len()).filter(|c| matches!(c, '\'' | '′'))?;
    let length = written.len() + mark.len_utf8();
    let word = cursor.word_after(length);
    let measured = BY_NUMBER.is_match(cursor.rest.get(length..)?)
        || EXTENT.contains(&word)
        || matches!(cursor.previous, "x" | "by")
        || cursor.before == Some('x')
        || matches!(cursor.previous, "a" | "an") && !word.is_empty();
    let fits = mark == '′' || measured && cursor.before != Some('\'');
    if fits { marked(cursor, written, length, ["foot", "feet"]) } else { None }
}

/// Returns the length of the inch mark after a number of `length` bytes: `″`, or a double quotation mark that does not
/// close a quotation.
pub(super) fn inch_mark(cursor: &Cursor<'_>, length: usize) -> Option<usize> {
    let after = cursor.rest.get(length..)?;
    if after.starts_with('″') {
        return Some('″'.len_utf8());
    }
    let mark = ["\"", "''"].into_iter().find(|mark| after.starts_with(*mark))?;
    let attached =
        cursor.before.is_some_and(|c| c.is_alphanumeric() && c != 'x' || matches!(c, '"' | '\''));
    (!attached && !closes_quotation(cursor, &after[mark.len()..])).then_some(mark.len())
}

/// Whether a double quotation mark after the number at the cursor closes a quotation. `after` is the text after the
/// mark.
fn closes_quotation(cursor: &Cursor<'_>, after: &str) -> bool {
    let spaced = after.starts_with(' ');
    if !spaced && SPEECH.contains(&cursor.previous) || speaker_follows(after) {
        return true;
    }
    if !cursor.quoted {
        return false;
    }
    // Inside a quotation the mark is an inch mark if the other quotation marks of the paragraph form pairs.
    let (paragraph, cut) = match after.split_once(BREAK) {
        Some((paragraph, _)) => (paragraph, false),
        None => (after, cursor.rest.len() + char::MAX.len_utf8() > WINDOW_BYTES),
    };
    let noun_follows = spaced && after[1..].starts_with(|c: char| c.is_ascii_lowercase());
    cut || !noun_follows || paragraph.matches('"').count().is_multiple_of(2)
}

/// Whether a text begins with a speaker, as after a quotation: `, he said`, ` Tom asked`, ` said Tom`.
fn speaker_follows(text: &str) -> bool {
    const PRONOUNS: &[&str] = &["he", "she", "they", "we", "it"];
    let mut words = text
        .trim_start_matches([',', ' '])
        .split(' ')
        .map(|word| word.trim_end_matches(|c: char| !c.is_alphabetic()));
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_speaker =
        PRONOUNS.contains(&first) || first.starts_with(|c: char| c.is_ascii_uppercase());
    SPEECH.contains(&first) || is_speaker && SPEECH.contains(&second)
}

/// Verbalizes a number with an inch mark: `a 12" ruler`, `8" wide`, `3.5″`.
fn marked_inches(cursor: &Cursor<'_>) -> Option<Match> {
    const MOST_DIGITS: usize = 3;
    let written = NUMBER_FIRST.find(cursor.rest)?.as_str();
    let length = written.len() + inch_mark(cursor, written.len())?;
    let is_long = written.find('.').unwrap_or(written.len()) > MOST_DIGITS;
    if is_long { None } else { marked(cursor, written, length, ["inch", "inches"]) }
}

/// Verbalizes a number with the unit of its mark. Before `x` and a number "by" is added; before a noun the unit is
/// singular.
fn marked(
    cursor: &Cursor<'_>,
    written: &str,
    length: usize,
    [one, many]: [&str; 2],
) -> Option<Match> {
    let said = number(written);
    if let Some(by) = BY_NUMBER.find(cursor.rest.get(length..)?) {
        // The next match is the second number.
        return Some(Match::new(length + by.len() - 1, format!("{said} {many} by")));
    }
    let name = if is_one(written) || is_attribute(cursor, length) { one } else { many };
    cursor.ends(length).then(|| Match::quantity(length, format!("{said} {name}")))
}

/// Whether a word before a measure makes it an attribute of the noun behind it.
pub(super) fn is_article(word: &str) -> bool {
    matches!(word, "a" | "an" | "A" | "An" | "another" | "every")
}

/// Whether a noun follows a measure of `length` bytes: `a 12" ruler`, `a 6'-deep pool`.
pub(super) fn is_attribute(cursor: &Cursor<'_>, length: usize) -> bool {
    let after = &cursor.rest[length..];
    let hyphenated = after.strip_prefix('-');
    let spaced = after.strip_prefix(' ');
    let starts_word = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic());
    if hyphenated.is_some_and(starts_word) {
        return true;
    }
    let word = cursor.word_after(length);
    spaced.is_some_and(starts_word)
        && (matches!(cursor.previous, "a" | "an")
            || !EXTENT.contains(&word) && !AFTER_MEASURE.contains(&word))
}

fn quantity(cursor: &Cursor<'_>) -> Option<Match> {
    let written = NUMBER_FIRST.find(cursor.rest)?.as_str();
    let count = if is_one(written) { Count::One } else { Count::Many };
    let (mut length, mut name) = after(cursor, written.len(), count)?;
    if is_article(cursor.previous) && is_attribute(cursor, length) {
        (length, name) = after(cursor, written.len(), Count::One)?;
    }
    let said = format!("{} {name}", number(written));
    let symbol = cursor.rest[written.len()..length].trim_start_matches([' ', '-']);
    if LENGTHS.contains(&symbol)
        && let Some(by) = BY_NUMBER.find(&cursor.rest[length..])
    {
        // The next match is the second number.
        return Some(Match::new(length + by.len() - 1, format!("{said} by")));
    }
    Some(Match::quantity(length, said))
}

/// Grammatical number of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    One,
    Many,
}

/// Returns the unit after a number of `number_length` bytes: the offset of its end, and its name.
pub(super) fn after(
    cursor: &Cursor<'_>,
    number_length: usize,
    count: Count,
) -> Option<(usize, &'static str)> {
    let rest = &cursor.rest[number_length..];
    let (joint, symbols) = match rest.as_bytes().first()? {
        b' ' => (" ", &rest[1..]),
        b'-' => ("-", &rest[1..]),
        _ => ("", rest),
    };
    let start = number_length + joint.len();
    let fits = |unit: &&Unit| {
        symbols.starts_with(unit.symbol)
            && (joint.is_empty() || unit.space == Space::Free)
            && (joint != "-" || may_follow_hyphen(unit.symbol))
            && cursor.ends(start + unit.symbol.len())
    };
    // `A` is a current only after a hyphen: `a 12-A fuse`, but `seat 12A`.
    if joint == "-" && symbols.starts_with('A') && cursor.ends(start + 1) {
        return Some((start + 1, "amp"));
    }
    let unit = UNITS.iter().filter(fits).max_by_key(|unit| unit.symbol.len())?;
    let end = start + unit.symbol.len();
    let dotted = DOTTED.contains(&unit.symbol) && dot_belongs(cursor, end);
    let name = if count == Count::One || joint == "-" { unit.one } else { unit.many };
    Some((end + usize::from(dotted), name))
}

/// Whether the symbol of a unit may follow a hyphen. A single capital that could be a name may not (`the 5-C bus`).
fn may_follow_hyphen(symbol: &str) -> bool {
    symbol.starts_with(|c: char| c.is_ascii_lowercase() || c == 'μ')
        || symbol.len() > 1 && !symbol.starts_with('°')
        || matches!(symbol, "V" | "W" | "L")
}

/// Whether the dot after an abbreviated measure of `end` bytes belongs to the measure, since the sentence continues: `5
/// ft. tall`.
fn dot_belongs(cursor: &Cursor<'_>, end: usize) -> bool {
    let Some(after) = cursor.rest[end..].strip_prefix('.') else { return false };
    let next = after.trim_start();
    let measured = NUMBER_FIRST.find(next).is_some_and(|number| {
        let unit = next[number.end()..].trim_start();
        ["in", "oz", "min", "sec"].iter().any(|symbol| unit.starts_with(symbol))
    });
    measured || next.starts_with(|c: char| c.is_ascii_lowercase() || matches!(c, '/' | ',' | ';'))
}

/// Verbalizes a unit without a number: `measured in GHz`.
pub(super) fn bare(cursor: &Cursor<'_>) -> Option<Match> {
    let adjacent = cursor.before == Some('/') && BARE.contains(&cursor.previous);
    if cursor.before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '/' | '-' | '.' | '@'))
        && !adjacent
    {
        return None;
    }
    let fits = |symbol: &&&str| {
        let length = symbol.len();
        let slashed = |rest: &str| rest.strip_prefix('/').is_some_and(begins_with_bare);
        cursor.rest.starts_with(**symbol)
            && cursor.ends(length)
            && (!matches!(cursor.char_after(length), Some('/' | '-' | '@' | '\''))
                || slashed(&cursor.rest[length..]))
    };
    let symbol = BARE.iter().filter(fits).max_by_key(|symbol| symbol.len())?;
    let unit = UNITS.iter().find(|unit| unit.symbol == *symbol)?;
    let counted = matches!(cursor.previous, "in" | "many" | "few" | "some") || adjacent;
    let said = if counted { unit.many } else { unit.one };
    Some(Match::quantity(symbol.len(), said))
}

/// Whether a text begins with a unit of [`BARE`].
fn begins_with_bare(text: &str) -> bool {
    let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    BARE.contains(&&text[..end])
}

pattern!(INCHES, r"([0-9]{1,4}(?:\.[0-9]{1,2})?)( ?)in\b");

/// Verbalizes inches written as a mark (`12"`), or as `in` after feet (`6 ft 2 in`) or before words of extent (`8 in
/// wide`).
pub(super) fn inches(cursor: &Cursor<'_>) -> Option<Match> {
    marked_inches(cursor).or_else(|| shortened_inches(cursor))
}

fn shortened_inches(cursor: &Cursor<'_>) -> Option<Match> {
    let found = INCHES.captures(cursor.rest)?;
    let length = found[0].len();
    if !cursor.ends(length) || !is_measure(cursor, length) {
        return None;
    }
    let said = number(&found[1]);
    let one = is_one(&found[1]);
    if let Some(by) = BY_NUMBER.find(&cursor.rest[length..]) {
        // The next match is the second number.
        let said = format!("{said} {} by", if one { "inch" } else { "inches" });
        return Some(Match::new(length + by.len() - 1, said));
    }
    let attribute = matches!(cursor.previous, "a" | "an");
    let name = if one || attribute && !EXTENT.contains(&cursor.word_after(length)) {
        "inch"
    } else {
        "inches"
    };
    let dot = usize::from(dot_belongs(cursor, length));
    Some(Match::quantity(length + dot, format!("{said} {name}")))
}

/// Whether "in" at the end of the first `length` bytes is inches: after feet or "by", or before a noun of
/// [`MEASURED_IN_INCHES`].
fn is_measure(cursor: &Cursor<'_>, length: usize) -> bool {
    let next = cursor.word_after(length);
    let after_feet = ["ft", "feet", "foot", "'"].iter().any(|feet| cursor.previous.ends_with(feet));
    let behind_by = matches!(cursor.previous, "by" | "x")
        && (next.is_empty() || MEASURED_IN_INCHES.contains(&next));
    after_feet || behind_by || EXTENT.contains(&next) || MEASURED_IN_INCHES.contains(&next)
}

/// Verbalizes the unit after a slash in a quantity (`/h`, `/week`) as "per hour", "per week".
pub(super) fn per(cursor: &Cursor<'_>) -> Option<Match> {
    if let Some(found) = PER_HUNDRED.find(cursor.rest) {
        return Some(Match::new(found.len(), "per one hundred kilometers"));
    }
    let found = PER.captures(cursor.rest)?;
    let written = &found[1];
    // `5 MHz/GHz` has two units of one kind.
    if ["Hz", "bps", "B"]
        .iter()
        .any(|kind| cursor.previous.ends_with(kind) && written.ends_with(kind))
    {
        return None;
    }
    let known = UNITS.iter().find(|unit| unit.symbol == written).map(|unit| unit.one);
    let said = match written {
        "mo" => "month".to_owned(),
        "d" => "day".to_owned(),
        _ => known.map_or_else(|| written.to_ascii_lowercase(), str::to_owned),
    };
    cursor.ends(found[0].len()).then(|| Match::new(found[0].len(), format!("per {said}")))
}
