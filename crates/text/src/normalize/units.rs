//! Quantities with units.

use super::cursor::{Cursor, Match, NUMBER, pattern};
use super::lines::BREAK;
use super::numbers::{cardinal_of_digits, fraction, is_one, number};
use super::scan::WINDOW_BYTES;

/// Space allowed between a number and its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Space {
    /// `5 km`, `5km`, `5-km`.
    Free,
    /// `5in` only: with a space it would be a word.
    None,
}

struct Unit {
    symbol: &'static str,
    one: &'static str,
    many: &'static str,
    space: Space,
}

const fn unit(symbol: &'static str, one: &'static str, many: &'static str) -> Unit {
    Unit { symbol, one, many, space: Space::Free }
}

const fn close(symbol: &'static str, one: &'static str, many: &'static str) -> Unit {
    Unit { symbol, one, many, space: Space::None }
}

const UNITS: &[Unit] = &[
    unit("%", "percent", "percent"),
    unit("°C", "degree celsius", "degrees celsius"),
    unit("° C", "degree celsius", "degrees celsius"),
    unit("°F", "degree fahrenheit", "degrees fahrenheit"),
    unit("° F", "degree fahrenheit", "degrees fahrenheit"),
    unit("°K", "degree kelvin", "degrees kelvin"),
    unit("°", "degree", "degrees"),
    unit("km/h", "kilometer per hour", "kilometers per hour"),
    unit("kph", "kilometer per hour", "kilometers per hour"),
    unit("kmh", "kilometer per hour", "kilometers per hour"),
    unit("mph", "mile per hour", "miles per hour"),
    unit("mpg", "mile per gallon", "miles per gallon"),
    unit("rpm", "revolution per minute", "revolutions per minute"),
    unit("bpm", "beat per minute", "beats per minute"),
    unit("fps", "frame per second", "frames per second"),
    unit("km^2", "square kilometer", "square kilometers"),
    unit("km2", "square kilometer", "square kilometers"),
    unit("cm^2", "square centimeter", "square centimeters"),
    unit("cm^3", "cubic centimeter", "cubic centimeters"),
    unit("m^2", "square meter", "square meters"),
    unit("m2", "square meter", "square meters"),
    unit("m^3", "cubic meter", "cubic meters"),
    unit("m3", "cubic meter", "cubic meters"),
    unit("ft^2", "square foot", "square feet"),
    unit("sq ft", "square foot", "square feet"),
    unit("sq. ft.", "square foot", "square feet"),
    unit("km", "kilometer", "kilometers"),
    unit("cm", "centimeter", "centimeters"),
    unit("mm", "millimeter", "millimeters"),
    unit("μm", "micrometer", "micrometers"),
    unit("nm", "nanometer", "nanometers"),
    unit("m", "meter", "meters"),
    unit("mi", "mile", "miles"),
    unit("yd", "yard", "yards"),
    unit("yds", "yard", "yards"),
    unit("ft", "foot", "feet"),
    unit("in.", "inch", "inches"),
    close("in", "inch", "inches"),
    unit("kg", "kilogram", "kilograms"),
    unit("mg", "milligram", "milligrams"),
    unit("μg", "microgram", "micrograms"),
    unit("g", "gram", "grams"),
    unit("lb", "pound", "pounds"),
    unit("lbs", "pound", "pounds"),
    unit("oz", "ounce", "ounces"),
    unit("ml", "milliliter", "milliliters"),
    unit("mL", "milliliter", "milliliters"),
    unit("cl", "centiliter", "centiliters"),
    unit("μl", "microliter", "microliters"),
    unit("l", "liter", "liters"),
    unit("L", "liter", "liters"),
    unit("gal", "gallon", "gallons"),
    unit("tsp", "teaspoon", "teaspoons"),
    unit("tbsp", "tablespoon", "tablespoons"),
    unit("ha", "hectare", "hectares"),
    unit("h", "hour", "hours"),
    unit("hr", "hour", "hours"),
    unit("hrs", "hour", "hours"),
    unit("min", "minute", "minutes"),
    unit("mins", "minute", "minutes"),
    unit("sec", "second", "seconds"),
    unit("secs", "second", "seconds"),
    unit("s", "second", "seconds"),
    unit("ms", "millisecond", "milliseconds"),
    unit("μs", "microsecond", "microseconds"),
    unit("ns", "nanosecond", "nanoseconds"),
    unit("yr", "year", "years"),
    unit("yrs", "year", "years"),
    unit("Hz", "hertz", "hertz"),
    unit("kHz", "kilohertz", "kilohertz"),
    unit("MHz", "megahertz", "megahertz"),
    unit("GHz", "gigahertz", "gigahertz"),
    unit("THz", "terahertz", "terahertz"),
    unit("mHz", "millihertz", "millihertz"),
    unit("PB", "petabyte", "petabytes"),
    unit("KiB", "kibibyte", "kibibytes"),
    unit("MiB", "mebibyte", "mebibytes"),
    unit("GiB", "gibibyte", "gibibytes"),
    unit("TiB", "tebibyte", "tebibytes"),
    unit("kbit", "kilobit", "kilobits"),
    unit("Mbit", "megabit", "megabits"),
    unit("Gbit", "gigabit", "gigabits"),
    unit("Tbps", "terabit per second", "terabits per second"),
    unit("bps", "bit per second", "bits per second"),
    unit("Wh", "watt hour", "watt hours"),
    unit("MWh", "megawatt hour", "megawatt hours"),
    unit("GWh", "gigawatt hour", "gigawatt hours"),
    unit("TWh", "terawatt hour", "terawatt hours"),
    unit("TW", "terawatt", "terawatts"),
    unit("mW", "milliwatt", "milliwatts"),
    unit("mV", "millivolt", "millivolts"),
    unit("μV", "microvolt", "microvolts"),
    unit("μA", "microamp", "microamps"),
    unit("nF", "nanofarad", "nanofarads"),
    unit("pF", "picofarad", "picofarads"),
    unit("μF", "microfarad", "microfarads"),
    unit("mH", "millihenry", "millihenries"),
    unit("Ω", "ohm", "ohms"),
    unit("kΩ", "kilohm", "kilohms"),
    unit("MΩ", "megohm", "megohms"),
    unit("Pa", "pascal", "pascals"),
    unit("hPa", "hectopascal", "hectopascals"),
    unit("MPa", "megapascal", "megapascals"),
    unit("GPa", "gigapascal", "gigapascals"),
    unit("mbar", "millibar", "millibars"),
    unit("atm", "atmosphere", "atmospheres"),
    unit("Nm", "newton meter", "newton meters"),
    unit("MJ", "megajoule", "megajoules"),
    unit("GJ", "gigajoule", "gigajoules"),
    unit("keV", "kiloelectronvolt", "kiloelectronvolts"),
    unit("MeV", "megaelectronvolt", "megaelectronvolts"),
    unit("GeV", "gigaelectronvolt", "gigaelectronvolts"),
    unit("dBA", "decibel A", "decibels A"),
    unit("lx", "lux", "lux"),
    unit("lm", "lumen", "lumens"),
    unit("mol", "mole", "moles"),
    unit("ppm", "part per million", "parts per million"),
    unit("ppb", "part per billion", "parts per billion"),
    unit("ng", "nanogram", "nanograms"),
    unit("dl", "deciliter", "deciliters"),
    unit("dL", "deciliter", "deciliters"),
    unit("hl", "hectoliter", "hectoliters"),
    unit("dm", "decimeter", "decimeters"),
    unit("m/s", "meter per second", "meters per second"),
    unit("mi/h", "mile per hour", "miles per hour"),
    unit("kn", "knot", "knots"),
    unit("hp", "horsepower", "horsepower"),
    unit("kB", "kilobyte", "kilobytes"),
    unit("KB", "kilobyte", "kilobytes"),
    unit("MB", "megabyte", "megabytes"),
    unit("GB", "gigabyte", "gigabytes"),
    unit("TB", "terabyte", "terabytes"),
    unit("kbps", "kilobit per second", "kilobits per second"),
    unit("Mbps", "megabit per second", "megabits per second"),
    unit("Gbps", "gigabit per second", "gigabits per second"),
    unit("kWh", "kilowatt hour", "kilowatt hours"),
    unit("kW", "kilowatt", "kilowatts"),
    unit("MW", "megawatt", "megawatts"),
    unit("GW", "gigawatt", "gigawatts"),
    unit("W", "watt", "watts"),
    unit("V", "volt", "volts"),
    unit("kV", "kilovolt", "kilovolts"),
    unit("mA", "milliamp", "milliamps"),
    unit("mAh", "milliamp hour", "milliamp hours"),
    unit("dB", "decibel", "decibels"),
    unit("kPa", "kilopascal", "kilopascals"),
    unit("psi", "pound per square inch", "pounds per square inch"),
    unit("cal", "calorie", "calories"),
    unit("kcal", "kilocalorie", "kilocalories"),
    unit("kJ", "kilojoule", "kilojoules"),
    unit("px", "pixel", "pixels"),
    unit("dpi", "dot per inch", "dots per inch"),
    unit("USD", "U S dollar", "U S dollars"),
    unit("EUR", "euro", "euros"),
    unit("INR", "rupee", "rupees"),
    unit("GBP", "british pound", "british pounds"),
    unit("JPY", "yen", "yen"),
    close("x", "time", "times"),
];

pattern!(NUMBER_FIRST, NUMBER);
pattern!(
    FEET_INCHES,
    r"([0-9]{1,2})['′] ?([0-9]{1,2})(?: ([0-9])/([0-9]{1,2}))?(?:\x22|''|″)|([3-8])['′]([0-9]|1[01])\b"
);
pattern!(ARC, r"([0-9]{1,3})° ?([0-9]{1,2})['′](?: ?([0-9]{1,2}(?:\.[0-9]{1,4})?)(?:\x22|''|″))?");
pattern!(BY_NUMBER, r" ?[x×] ?[0-9]");
pattern!(PER, r"/ ?((?:[a-zμ]|[A-Z](?:[a-z]|\b))[A-Za-z]*(?:\^[23])?)");

/// Verbalizes the quantity at the cursor.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    arc(cursor)
        .or_else(|| feet_inches(cursor))
        .or_else(|| feet(cursor))
        .or_else(|| quantity(cursor))
}

/// `40° 26' 46"`
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
    cursor.ends(length).then(|| Match::new(length, said.trim_start()))
}

fn feet_inches(cursor: &Cursor<'_>) -> Option<Match> {
    let found = FEET_INCHES.captures(cursor.rest)?;
    // `5'10` without a sign for the inches is the height of a person.
    let feet = found.get(1).or_else(|| found.get(5))?.as_str();
    let inches = found.get(2).or_else(|| found.get(6))?.as_str();
    let mut said = format!("{} foot {}", cardinal_of_digits(feet), cardinal_of_digits(inches));
    if let (Some(top), Some(bottom)) = (found.get(3), found.get(4)) {
        let (top, bottom) = (top.as_str().parse().ok()?, bottom.as_str().parse().ok()?);
        said = format!("{said} and {}", fraction(top, bottom, true));
    }
    Some(Match::new(found[0].len(), said))
}

/// `6′`; with an apostrophe (`6' tall`, `a 6' fence`, `6' x 8'`) only where none closes a quotation.
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

/// Returns the length of the sign of inches behind a number of `length` bytes: `″`, or a double mark that closes no
/// quotation.
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

/// Whether a double mark behind the number at the cursor closes a quotation. `after` is the text behind the mark.
fn closes_quotation(cursor: &Cursor<'_>, after: &str) -> bool {
    let spaced = after.starts_with(' ');
    if !spaced && SPEECH.contains(&cursor.previous) || speaker_follows(after) {
        return true;
    }
    if !cursor.quoted {
        return false;
    }
    // Inside a quotation the mark is one of inches if the other marks of the paragraph pair up without it.
    let (paragraph, cut) = match after.split_once(BREAK) {
        Some((paragraph, _)) => (paragraph, false),
        None => (after, cursor.rest.len() + char::MAX.len_utf8() > WINDOW_BYTES),
    };
    let noun_follows = spaced && after[1..].starts_with(|c: char| c.is_ascii_lowercase());
    cut || !noun_follows || paragraph.matches('"').count().is_multiple_of(2)
}

/// Whether a text begins as the one behind a quotation: `, he said`, ` Tom asked`, ` said Tom`.
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

/// Verbs before and behind a quotation.
const SPEECH: &[&str] = &[
    "said",
    "says",
    "say",
    "asked",
    "asks",
    "replied",
    "replies",
    "answered",
    "added",
    "told",
    "cried",
    "shouted",
    "whispered",
    "explained",
    "called",
    "wrote",
];

/// Verbalizes a number with a sign of inches: `a 12" ruler`, `8" wide`, `3.5″`.
fn marked_inches(cursor: &Cursor<'_>) -> Option<Match> {
    const MOST_DIGITS: usize = 3;
    let written = NUMBER_FIRST.find(cursor.rest)?.as_str();
    let length = written.len() + inch_mark(cursor, written.len())?;
    let is_long = written.find('.').unwrap_or(written.len()) > MOST_DIGITS;
    if is_long { None } else { marked(cursor, written, length, ["inch", "inches"]) }
}

/// Returns a number with the unit of its sign: before `x` and a number "by" follows, before a noun it is singular.
fn marked(
    cursor: &Cursor<'_>,
    written: &str,
    length: usize,
    [one, many]: [&str; 2],
) -> Option<Match> {
    let said = number(written);
    if let Some(by) = BY_NUMBER.find(cursor.rest.get(length..)?) {
        // The second number is the next match.
        return Some(Match::new(length + by.len() - 1, format!("{said} {many} by")));
    }
    let name = if is_one(written) || is_attribute(cursor, length) { one } else { many };
    cursor.ends(length).then(|| Match::quantity(length, format!("{said} {name}")))
}

/// Whether a noun follows a measure of `length` bytes: `a 12" ruler`, `a 6'-deep pool`.
fn is_attribute(cursor: &Cursor<'_>, length: usize) -> bool {
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

/// Words of extent after a measure.
const EXTENT: &[&str] =
    &["wide", "long", "high", "tall", "deep", "thick", "across", "square", "diameter", "x", "by"];

/// Words after a measure that are no nouns.
const AFTER_MEASURE: &[&str] = &[
    "of", "and", "or", "to", "in", "on", "at", "from", "for", "with", "is", "was", "are", "were",
    "per", "apart", "away", "above", "below", "off", "each", "than", "but", "if", "when", "then",
    "so", "as", "into", "up", "down", "out", "more", "less", "short", "longer", "shorter",
    "taller", "wider", "deeper", "higher", "between", "under", "over", "behind", "before", "after",
    "around", "all", "not", "it", "he", "she", "they", "we", "you", "I",
];

fn quantity(cursor: &Cursor<'_>) -> Option<Match> {
    let written = NUMBER_FIRST.find(cursor.rest)?.as_str();
    let count = if is_one(written) { Count::One } else { Count::Many };
    let (length, name) = after(cursor, written.len(), count)?;
    Some(Match::quantity(length, format!("{} {name}", number(written))))
}

/// Whether a unit stands in the singular.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    One,
    Many,
}

/// Returns the unit after a number that takes `number_length` bytes: where it ends, and its name.
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
            && (joint != "-" || unit.symbol.starts_with(|c: char| c.is_ascii_lowercase()))
            && cursor.ends(start + unit.symbol.len())
    };
    let unit = UNITS.iter().filter(fits).max_by_key(|unit| unit.symbol.len())?;
    let end = start + unit.symbol.len();
    // A dot after a shortened measure (`5 ft. tall`) belongs to it unless the sentence ends there.
    let dotted = DOTTED.contains(&unit.symbol)
        && cursor.char_after(end) == Some('.')
        && cursor.rest[end + 1..]
            .trim_start()
            .starts_with(|c: char| c.is_ascii_lowercase() || matches!(c, '/' | ',' | ';'));
    let name = if count == Count::One || joint == "-" { unit.one } else { unit.many };
    Some((end + usize::from(dotted), name))
}

/// Units that are often written with a dot.
const DOTTED: &[&str] =
    &["ft", "lb", "lbs", "oz", "min", "sec", "hr", "hrs", "yd", "mi", "gal", "tsp", "tbsp"];

/// Units that are said so without a number too, since nothing else is written like them.
const BARE: &[&str] = &[
    "Hz", "kHz", "MHz", "GHz", "THz", "kB", "KiB", "MiB", "GiB", "TiB", "kbps", "Mbps", "Gbps",
    "Tbps", "kW", "kWh", "MWh", "GWh", "TWh", "mAh", "kV", "mV", "dB", "dBA", "kPa", "hPa", "MPa",
    "kJ", "kcal", "mg", "kg", "km", "cm", "mm", "ml", "mL", "mph", "rpm", "km/h", "keV", "MeV",
    "GeV",
];

/// Verbalizes a unit without a number: `measured in GHz`.
pub(super) fn bare(cursor: &Cursor<'_>) -> Option<Match> {
    if cursor.before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '/' | '-' | '.' | '@')) {
        return None;
    }
    let fits = |symbol: &&&str| {
        let length = symbol.len();
        cursor.rest.starts_with(**symbol)
            && cursor.ends(length)
            && !matches!(cursor.char_after(length), Some('/' | '-' | '@' | '\''))
    };
    let symbol = BARE.iter().filter(fits).max_by_key(|symbol| symbol.len())?;
    let unit = UNITS.iter().find(|unit| unit.symbol == *symbol)?;
    let counted = matches!(cursor.previous, "in" | "many" | "few" | "some");
    let said = if counted { unit.many } else { unit.one };
    Some(Match::quantity(symbol.len(), said))
}

pattern!(INCHES, r"([0-9]{1,4}(?:\.[0-9]{1,2})?)( ?)in\b");

/// Verbalizes inches written as a sign (`12"`), or as `in`: after feet (`6 ft 2 in`), and before words of extent
/// (`8 in wide`).
pub(super) fn inches(cursor: &Cursor<'_>) -> Option<Match> {
    marked_inches(cursor).or_else(|| shortened_inches(cursor))
}

fn shortened_inches(cursor: &Cursor<'_>) -> Option<Match> {
    let found = INCHES.captures(cursor.rest)?;
    let length = found[0].len();
    let after_feet = ["ft", "feet", "foot", "'"].iter().any(|feet| cursor.previous.ends_with(feet));
    if !cursor.ends(length) || !after_feet && !EXTENT.contains(&cursor.word_after(length)) {
        return None;
    }
    let name = if is_one(&found[1]) { "inch" } else { "inches" };
    Some(Match::quantity(length, format!("{} {name}", number(&found[1]))))
}

/// Verbalizes the rest of a quantity after a slash (`/h`, `/week`), as "per hour", "per week".
pub(super) fn per(cursor: &Cursor<'_>) -> Option<Match> {
    let found = PER.captures(cursor.rest)?;
    let written = &found[1];
    let known = UNITS.iter().find(|unit| unit.symbol == written);
    let said = known.map_or_else(|| written.to_ascii_lowercase(), |unit| unit.one.to_owned());
    cursor.ends(found[0].len()).then(|| Match::new(found[0].len(), format!("per {said}")))
}
