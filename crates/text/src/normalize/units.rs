//! Quantities with units.

use super::cursor::{Cursor, Match, NUMBER, pattern};
use super::numbers::{cardinal_of_digits, is_one, number};

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
    unit("GBP", "british pound", "british pounds"),
    unit("JPY", "yen", "yen"),
    close("x", "time", "times"),
];

pattern!(NUMBER_FIRST, NUMBER);
pattern!(FEET_INCHES, r#"([0-9]{1,2})' ?([0-9]{1,2})(?:"|'')|([3-8])'([0-9]|1[01])\b"#);
pattern!(PER, r"/ ?((?:[a-zμ]|[A-Z](?:[a-z]|\b))[A-Za-z]*(?:\^[23])?)");

/// Verbalizes the quantity at the cursor.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    feet_inches(cursor).or_else(|| quantity(cursor))
}

fn feet_inches(cursor: &Cursor<'_>) -> Option<Match> {
    let found = FEET_INCHES.captures(cursor.rest)?;
    // `5'10` without a sign for the inches is the height of a person.
    let feet = found.get(1).or_else(|| found.get(3))?.as_str();
    let inches = found.get(2).or_else(|| found.get(4))?.as_str();
    let said = format!("{} foot {}", cardinal_of_digits(feet), cardinal_of_digits(inches));
    Some(Match::new(found[0].len(), said))
}

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

/// Verbalizes inches written as `in`: after feet (`6 ft 2 in`), and before words of extent (`8 in wide`).
pub(super) fn inches(cursor: &Cursor<'_>) -> Option<Match> {
    const EXTENT: &[&str] = &[
        "wide", "long", "high", "tall", "deep", "thick", "across", "square", "diameter", "x", "by",
    ];
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
