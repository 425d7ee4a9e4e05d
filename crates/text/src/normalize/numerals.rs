//! Numbers that are nothing more special: ordinals, decades, fractions, versions, years, plain numbers.

use super::capital_words::has;
use super::cursor::{Cursor, Match, NUMBER, pattern};
use super::durations;
use super::numbers::{
    cardinal, cardinal_of_digits, digit_by_digit, fraction, number, ordinal_of_digits, plural, year,
};
use super::units::{self, Count};

pattern!(ORDINAL, r"(?i)([0-9][0-9,]*)(?:st|nd|rd|th)");
pattern!(DECADE, r"'?((?:1[0-9]|20)?[0-9]0)'?s");
pattern!(PLURAL, r"([0-9]{1,4})'s");
// Types of vehicles and weapons: `F-16s`, `747s`.
pattern!(TYPES, r"([0-9]{1,4})s\b");
pattern!(MIXED, r"([0-9]{1,4})[ -]([0-9]{1,2})/([0-9]{1,3})");
pattern!(FRACTION, r"([0-9]{1,3})/([0-9]{1,4})(?:rds?|ths?)?");
pattern!(IN_NAME, r"([0-9]+(?:\.[0-9]+)*)([A-Za-z]{1,2}\b)?");
pattern!(VERSION, r"([0-9]+)((?:\.[0-9]+){2,})");
// Thousands set apart by spaces or dots: `1 000 000`, `1.000.000`.
pattern!(SPACED, r"[1-9][0-9]{0,2}(?:(?: [0-9]{3}){2,}|(?: 000)+)");
// The Swiss form: `1'000'000.50`.
pattern!(WITH_APOSTROPHES, r"[1-9][0-9]{0,2}(?:'[0-9]{3})+(?:\.[0-9]+)?");
pattern!(DOTTED, r"[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}");
// A decimal comma in a percentage.
pattern!(COMMA_PERCENT, r"([0-9]{1,3}),([0-9]{1,2}) ?%");
pattern!(PREFIXED_VERSION, r"v([0-9]{1,4}(?:\.[0-9]{1,4})*)");
pattern!(SCIENTIFIC, format!(r"({NUMBER})[eE]([+-]?)([0-9]{{1,3}})"));
pattern!(PLAIN, NUMBER);
pattern!(SCALED, format!(r"({NUMBER}) ?(k|K|bn|mn|mil|tn|M|B)"));
pattern!(MILLIONS, format!(r"({NUMBER})m\b"));
pattern!(HEX, r"0[xX]([0-9A-Fa-f]{1,16})\b");
pattern!(BY, r"([0-9]{1,5}) ?x ?[0-9]");

/// Numbers with slashes or hyphens that are said one after another.
const FIXED: &[(&str, &str)] = &[
    ("24/7", "twenty four seven"),
    ("24-7", "twenty four seven"),
    ("24/7/365", "twenty four seven three sixty five"),
    ("9/11", "nine eleven"),
    ("50/50", "fifty fifty"),
    ("50-50", "fifty fifty"),
    ("20/20", "twenty twenty"),
    ("401(k)", "four oh one K"),
    ("401k", "four oh one K"),
    ("401K", "four oh one K"),
    ("403(b)", "four oh three B"),
    ("501(c)(3)", "five oh one C three"),
];

/// Words before a number that make it a decade, not seconds (`in the 30s`).
const BEFORE_DECADE: &[&str] =
    &["the", "early", "mid", "late", "his", "her", "their", "my", "your", "our", "of", "and", "or"];

/// Words after a number with an `m` for million.
const MILLIONS_OF: &str = "\
    people users followers views subscribers customers viewers listeners jobs homes households downloads copies \
    visitors workers children women men records votes members deaths cases dollars pounds euros shares barrels";

/// Words before a four-digit number that make it a year.
const BEFORE_YEAR: &[&str] = &[
    "in",
    "since",
    "by",
    "from",
    "until",
    "till",
    "of",
    "during",
    "before",
    "after",
    "around",
    "circa",
    "year",
    "spring",
    "summer",
    "autumn",
    "fall",
    "winter",
    "late",
    "early",
    "mid",
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
    "and",
    "to",
    "between",
];

/// Verbalizes the number at the cursor.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    ordinals(cursor)
        .or_else(|| plurals(cursor))
        .or_else(|| fixed(cursor))
        .or_else(|| fractions(cursor))
        .or_else(|| set_apart(cursor))
        .or_else(|| version(cursor))
        .or_else(|| scientific(cursor))
        .or_else(|| scaled(cursor))
        .or_else(|| plain(cursor))
}

fn ordinals(cursor: &Cursor<'_>) -> Option<Match> {
    let found = ORDINAL.captures(cursor.rest)?;
    let length = found[0].len();
    cursor.ends(length).then(|| Match::new(length, ordinal_of_digits(&found[1].replace(',', ""))))
}

/// `the 5's`
fn plurals(cursor: &Cursor<'_>) -> Option<Match> {
    let found = PLURAL.captures(cursor.rest)?;
    let length = found[0].len();
    cursor.ends(length).then(|| Match::new(length, plural(&number(&found[1]))))
}

/// Verbalizes the decade at the cursor: `the 1980s`, `'90s`.
pub(super) fn decade(cursor: &Cursor<'_>) -> Option<Match> {
    let found = DECADE.captures(cursor.rest)?;
    let (length, digits) = (found[0].len(), &found[1]);
    let short = digits.len() == 2 && !found[0].contains('\'');
    let previous = cursor.previous.to_ascii_lowercase();
    // `20s and 30s`, `1960-70s`
    let paired =
        cursor.rest[length..].strip_prefix(" and ").is_some_and(|rest| DECADE.is_match(rest))
            || cursor.before == Some('-') && previous.len() == 4 && previous.ends_with('0');
    if !cursor.ends(length)
        || !found[0].contains('\'') && durations::is_length(cursor, length)
        || short && !paired && !BEFORE_DECADE.contains(&previous.as_str())
    {
        return None;
    }
    Some(Match::new(length, plural(&year(digits.parse().ok()?))))
}

/// Verbalizes the numbers of types at the cursor: `F-16s`, `two 747s`.
pub(super) fn types(cursor: &Cursor<'_>) -> Option<Match> {
    let found = TYPES.captures(cursor.rest)?;
    let digits = &found[1];
    let before = cursor.preceding.strip_suffix('-').unwrap_or_default();
    let is_type = before.ends_with(|c: char| c.is_ascii_uppercase())
        || before.ends_with("MiG")
        || before.ends_with("Su");
    let airliner = digits.len() == 3 && digits.starts_with('7') && digits.ends_with('7');
    (is_type || airliner).then(|| Match::new(found[0].len(), plural(&digits_in_name(digits))))
}

/// Verbalizes the millions at the cursor: `1.5m people`, but `a 100m race`.
pub(super) fn millions(cursor: &Cursor<'_>) -> Option<Match> {
    let found = MILLIONS.captures(cursor.rest)?;
    let counted = has(MILLIONS_OF, cursor.word_after(found[0].len()));
    counted.then(|| Match::quantity(found[0].len(), format!("{} million", number(&found[1]))))
}

/// `24/7`
fn fixed(cursor: &Cursor<'_>) -> Option<Match> {
    let fits = |(written, _): &&(&str, &str)| {
        cursor.rest.starts_with(*written) && cursor.number_ends(written.len())
    };
    FIXED.iter().find(fits).map(|(written, said)| Match::new(written.len(), *said))
}

fn fractions(cursor: &Cursor<'_>) -> Option<Match> {
    if let Some(found) = MIXED.captures(cursor.rest) {
        let (top, bottom): (usize, usize) = (found[2].parse().ok()?, found[3].parse().ok()?);
        let length = found[0].len();
        if top < bottom && cursor.number_ends(length) {
            let part = fraction(top, bottom, true);
            let said = format!("{} and {part}", number(&found[1]));
            return Some(with_unit(cursor, length, said, Count::Many));
        }
    }
    let found = FRACTION.captures(cursor.rest)?;
    let length = found[0].len();
    // `1/2/3`
    let ends = cursor.number_ends(length) || units::after(cursor, length, Count::One).is_some();
    if !ends || cursor.before == Some('/') {
        return None;
    }
    // The measure of a piece of music.
    let is_measure = cursor.word_after(length) == "time" && has("2 4 8 16", &found[2]);
    let after = cursor.rest[length..].trim_start().trim_start_matches("time").trim_start();
    let closes = cursor.previous == "in" || !after.starts_with(|c: char| c.is_alphabetic());
    if is_measure && closes && &found[1] != "1" {
        return Some(Match::new(length, format!("{} {}", number(&found[1]), number(&found[2]))));
    }
    let (top, bottom): (usize, usize) = (found[1].parse().ok()?, found[2].parse().ok()?);
    let said = match bottom {
        // `½ a cup`
        2 if top == 1 && matches!(cursor.word_after(length), "a" | "an") => "half".to_owned(),
        0 | 1 => format!("{} over {}", cardinal(top), cardinal(bottom)),
        _ if top == bottom || bottom == 10 && is_rating(cursor, length) => {
            format!("{} out of {}", cardinal(top), cardinal(bottom))
        }
        2..=20 | 32 | 64 | 100 if top < 100 => fraction(top, bottom, false),
        _ if is_part(cursor, top, bottom, length) => fraction(top, bottom, false),
        _ if bottom >= 1000 => return None,
        _ => format!("{} over {}", cardinal(top), cardinal(bottom)),
    };
    let count = if top < bottom { Count::One } else { Count::Many };
    Some(with_unit(cursor, length, said, count))
}

/// Whether a number of ten is a mark or a share: `I'd give it 8/10`, `8/10 people`.
fn is_rating(cursor: &Cursor<'_>, length: usize) -> bool {
    const BEFORE: &[&str] = &[
        "it", "rate", "rated", "rates", "rating", "score", "scored", "scores", "got", "gets",
        "give", "gives", "gave", "solid", "him", "her", "them", "pain", "movie", "film", "game",
        "book", "mark", "marks", "overall", "food", "service",
    ];
    let next = cursor.word_after(length);
    next != "of"
        && (is_counted(next) || BEFORE.contains(&cursor.previous.to_ascii_lowercase().as_str()))
}

/// Whether a fraction with a large denominator is said with an ordinal: `1/25`, `1/1000`, `3/25 of it`.
fn is_part(cursor: &Cursor<'_>, top: usize, bottom: usize, length: usize) -> bool {
    const ROUND: usize = 250;
    let round = bottom < 1000 || bottom.is_multiple_of(ROUND);
    let sayable = !matches!(bottom % 10, 1 | 2) && round;
    sayable && (top == 1 || bottom.is_multiple_of(5) && cursor.word_after(length) == "of")
}

/// Returns a fraction and the unit after it, if there is one.
fn with_unit(cursor: &Cursor<'_>, length: usize, said: String, count: Count) -> Match {
    if let Some(mark) = units::inch_mark(cursor, length) {
        let name = if count == Count::One { "inch" } else { "inches" };
        return Match::quantity(length + mark, format!("{said} {name}"));
    }
    match units::after(cursor, length, count) {
        Some((end, name)) => Match::quantity(end, format!("{said} {name}")),
        None => Match::quantity(length, said),
    }
}

/// Verbalizes the version at the cursor: `v2.0`, `v3`.
pub(super) fn prefixed_version(cursor: &Cursor<'_>) -> Option<Match> {
    let found = PREFIXED_VERSION.captures(cursor.rest)?;
    let parts: Vec<String> = found[1].split('.').map(number).collect();
    let said = format!("version {}", parts.join(" point "));
    cursor.ends(found[0].len()).then(|| Match::new(found[0].len(), said))
}

/// A number whose thousands are set apart, or a percentage with a decimal comma.
fn set_apart(cursor: &Cursor<'_>) -> Option<Match> {
    if let Some(found) = COMMA_PERCENT.captures(cursor.rest) {
        let said = format!("{} percent", number(&format!("{}.{}", &found[1], &found[2])));
        return cursor.ends(found[0].len()).then(|| Match::quantity(found[0].len(), said));
    }
    if let Some(found) = WITH_APOSTROPHES.find(cursor.rest) {
        let said = number(&found.as_str().replace('\'', ""));
        let length = found.len();
        return cursor.number_ends(length).then(|| with_unit(cursor, length, said, Count::Many));
    }
    let found = SPACED.find(cursor.rest).or_else(|| DOTTED.find(cursor.rest))?.as_str();
    // An address of the internet has four parts up to 255.
    let address = found.split('.').count() == 4
        && found.split('.').all(|part| part.parse::<usize>().is_ok_and(|part| part <= 255))
        && !found.ends_with("000");
    let digits = found.replace([' ', '.'], "");
    let fits = !address && cursor.number_ends(found.len());
    fits.then(|| with_unit(cursor, found.len(), cardinal_of_digits(&digits), Count::Many))
}

/// Version numbers say each part; four parts are an internet address, digit by digit.
fn version(cursor: &Cursor<'_>) -> Option<Match> {
    let found = VERSION.captures(cursor.rest)?;
    let length = found[0].len();
    let parts: Vec<&str> = found[0].split('.').collect();
    let said: Vec<String> = match parts.len() {
        4 => parts.iter().map(|part| digit_by_digit(part)).collect(),
        _ => parts.iter().map(|part| number(part)).collect(),
    };
    let separator = if parts.len() == 4 { " dot " } else { " point " };
    cursor.ends(length).then(|| Match::new(length, said.join(separator)))
}

/// `6.02e23`, `1e-5`.
fn scientific(cursor: &Cursor<'_>) -> Option<Match> {
    let found = SCIENTIFIC.captures(cursor.rest)?;
    let length = found[0].len();
    let sign = if &found[2] == "-" { "minus " } else { "" };
    let exponent = cardinal_of_digits(&found[3]);
    let said = format!("{} times ten to the power of {sign}{exponent}", number(&found[1]));
    cursor.ends(length).then(|| Match::new(length, said))
}

/// `10k`, `3bn`, `1920x1080`, `3x`, `0x1F`.
fn scaled(cursor: &Cursor<'_>) -> Option<Match> {
    if let Some(found) = HEX.captures(cursor.rest) {
        let named = |c: char| {
            let digit = c.is_ascii_digit().then(|| digit_by_digit(c.encode_utf8(&mut [0; 4])));
            digit.unwrap_or_else(|| c.to_ascii_uppercase().to_string())
        };
        let digits: Vec<String> = found[1].chars().map(named).collect();
        return Some(Match::new(found[0].len(), format!("zero X {}", digits.join(" "))));
    }
    if let Some(found) = BY.captures(cursor.rest) {
        // The second number is the next match.
        let is_power = cursor.rest[found[0].len() - 1..].starts_with("10^");
        let sign = if is_power { "times" } else { "by" };
        return Some(Match::new(found[0].len() - 1, format!("{} {sign}", number(&found[1]))));
    }
    let found = SCALED.captures(cursor.rest)?;
    let length = found[0].len();
    if !cursor.ends(length) || found[0].contains(" k") || &found[2] == "K" && found[1].len() < 2 {
        return None;
    }
    // `5M users`, but `an M60` and `gate 5B`.
    let is_letter = matches!(&found[2], "M" | "B");
    if &found[2] == "mil" && found[0].contains(' ') {
        return None;
    }
    if is_letter && (found[0].contains(' ') || !is_counted(cursor.word_after(length))) {
        return None;
    }
    let scale = match &found[2] {
        "bn" | "B" => "billion",
        "mn" | "M" | "mil" => "million",
        "tn" => "trillion",
        _ => "thousand",
    };
    Some(Match::quantity(length, format!("{} {scale}", number(&found[1]))))
}

fn plain(cursor: &Cursor<'_>) -> Option<Match> {
    let written = PLAIN.find(cursor.rest)?.as_str();
    let length = written.len();
    if !cursor.ends(length) {
        return None;
    }
    Some(Match::quantity(length, plain_number(cursor, written)))
}

/// Returns a bare number, as a year where it looks like one.
fn plain_number(cursor: &Cursor<'_>, written: &str) -> String {
    const LONGEST_CARDINAL: usize = 9;
    if !written.bytes().all(|b| b.is_ascii_digit()) {
        return number(written);
    }
    if written.len() > LONGEST_CARDINAL && !written.ends_with("000") {
        return digit_by_digit(written);
    }
    if written.len() == 5 && is_state(cursor) {
        return digit_by_digit(written);
    }
    if written.len() == 3 && matches!(cursor.previous, "Boeing" | "Porsche") {
        return digits_in_name(written);
    }
    let value: usize = written.parse().unwrap_or(0);
    if written.len() == 4 && is_year(cursor, value) { year(value) } else { number(written) }
}

/// `NY 10001`: a postal code follows. Among other words in capitals a comma stands before the state.
fn is_state(cursor: &Cursor<'_>) -> bool {
    let code = cursor.previous;
    let place = cursor.preceding.trim_end().strip_suffix(code).unwrap_or_default();
    let capitals = code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
    capitals && (!cursor.shouting || place.trim_end().ends_with(','))
}

fn is_year(cursor: &Cursor<'_>, value: usize) -> bool {
    let previous = cursor.previous.to_ascii_lowercase();
    if BEFORE_YEAR.contains(&previous.as_str()) {
        return (1000..2100).contains(&value);
    }
    (1100..2100).contains(&value) && !is_counted(cursor.word_after(4))
}

/// Whether a word looks like a plural after a number.
fn is_counted(word: &str) -> bool {
    const NO_PLURALS: &[&str] =
        &["was", "is", "has", "as", "this", "its", "his", "us", "yes", "does"];
    matches!(word, "people" | "men" | "women" | "children" | "more" | "percent" | "feet")
        || (word.len() > 2
            && word.ends_with('s')
            && !word.ends_with("ss")
            && word.starts_with(|c: char| c.is_ascii_lowercase())
            && !NO_PLURALS.contains(&word))
}

/// Verbalizes digits that no other rule knows, with letters behind them: `802.11ac`, `2.0b1`.
pub(super) fn in_name(cursor: &Cursor<'_>) -> Option<Match> {
    let found = IN_NAME.captures(cursor.rest)?;
    let parts: Vec<String> = found[1].split('.').map(digits_in_name).collect();
    let letters = found.get(2).map_or("", |letters| letters.as_str()).chars();
    let letters: String = letters.flat_map(|c| [' ', c.to_ascii_uppercase()]).collect();
    Some(Match::new(found[0].len(), format!("{}{letters}", parts.join(" point "))))
}

/// Returns a run of digits inside a name (`A380`, `MP3`): pairs for three and four digits.
pub(super) fn digits_in_name(digits: &str) -> String {
    let value: usize = digits.parse().unwrap_or(0);
    match digits.len() {
        _ if digits.starts_with('0') => digit_by_digit(digits),
        1 | 2 => cardinal_of_digits(digits),
        3 if value.is_multiple_of(100) => cardinal(value),
        3 if value % 100 < 10 => {
            format!("{} oh {}", cardinal(value / 100), cardinal(value % 10))
        }
        3 => format!("{} {}", cardinal(value / 100), cardinal(value % 100)),
        4 => year(value),
        _ => digit_by_digit(digits),
    }
}
