//! Numbers as words.

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] =
    ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const SCALES: [&str; 12] = [
    "",
    "thousand",
    "million",
    "billion",
    "trillion",
    "quadrillion",
    "quintillion",
    "sextillion",
    "septillion",
    "octillion",
    "nonillion",
    "decillion",
];

/// Returns a number below 1000, in words without "and".
fn below_thousand(n: usize) -> String {
    let mut words = Vec::new();
    if n >= 100 {
        words.push(ONES[n / 100]);
        words.push("hundred");
    }
    let rest = n % 100;
    if rest >= 20 {
        words.push(TENS[rest / 10]);
        if !rest.is_multiple_of(10) {
            words.push(ONES[rest % 10]);
        }
    } else if rest > 0 || n == 0 {
        words.push(ONES[rest]);
    }
    words.join(" ")
}

/// Returns an integer in words.
pub(super) fn cardinal(n: usize) -> String {
    cardinal_of_digits(&n.to_string())
}

/// Returns an integer, given as decimal digits, in words; beyond decillions digit by digit.
pub(super) fn cardinal_of_digits(digits: &str) -> String {
    let significant = digits.trim_start_matches('0');
    if significant.len() > SCALES.len() * 3 {
        return digit_by_digit(digits);
    }
    if significant.is_empty() {
        return ONES[0].to_owned();
    }
    let mut words = Vec::new();
    let groups = significant.len().div_ceil(3);
    for group in 0..groups {
        let end = significant.len() - 3 * (groups - 1 - group);
        let start = end.saturating_sub(3);
        let value: usize =
            significant[start..end].bytes().fold(0, |n, d| n * 10 + usize::from(d - b'0'));
        if value > 0 {
            words.push(below_thousand(value));
            let scale = SCALES[groups - 1 - group];
            if !scale.is_empty() {
                words.push(scale.to_owned());
            }
        }
    }
    words.join(" ")
}

/// Returns the names of the digits; other characters are dropped.
pub(super) fn digit_by_digit(digits: &str) -> String {
    let names: Vec<&str> =
        digits.bytes().filter(u8::is_ascii_digit).map(|d| ONES[usize::from(d - b'0')]).collect();
    names.join(" ")
}

/// Returns the ordinal of an integer, given as decimal digits: `twenty first`.
pub(super) fn ordinal_of_digits(digits: &str) -> String {
    ordinal_of_words(&cardinal_of_digits(digits))
}

/// Returns the ordinal of a small integer.
pub(super) fn ordinal(n: usize) -> String {
    ordinal_of_words(&cardinal(n))
}

fn ordinal_of_words(cardinal: &str) -> String {
    let (head, last) = match cardinal.rsplit_once(' ') {
        Some((head, last)) => (format!("{head} "), last),
        None => (String::new(), cardinal),
    };
    let last = match last {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        other => match other.strip_suffix('y') {
            Some(tens) => format!("{tens}ieth"),
            None => format!("{other}th"),
        },
    };
    head + &last
}

/// Returns a year in words: `nineteen eighty four`, `two thousand five`, `nineteen hundred`.
pub(super) fn year(n: usize) -> String {
    let (century, rest) = (n / 100, n % 100);
    if n < 1000 || n.is_multiple_of(1000) || (2000..2010).contains(&n) || n > 9999 {
        cardinal(n)
    } else if rest == 0 {
        format!("{} hundred", cardinal(century))
    } else if rest < 10 {
        format!("{} oh {}", cardinal(century), ONES[rest])
    } else {
        format!("{} {}", cardinal(century), cardinal(rest))
    }
}

/// Returns a number in words, given with thousands separators and decimals: `1,234.5`. Leading zeros are spoken
/// (`007`).
pub(super) fn number(written: &str) -> String {
    let plain: String = written.chars().filter(|&c| !matches!(c, ',' | ' ')).collect();
    let (whole, decimals) = match plain.split_once('.') {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (plain.as_str(), None),
    };
    let mut said = match whole {
        "" => String::new(),
        _ if whole.len() > 1 && whole.starts_with('0') => digit_by_digit(whole),
        _ => cardinal_of_digits(whole),
    };
    if let Some(decimals) = decimals {
        if !said.is_empty() {
            said.push(' ');
        }
        said.push_str("point ");
        said.push_str(&digit_by_digit(decimals));
    }
    said
}

/// Whether a written number is exactly one, so that its unit is in the singular.
pub(super) fn is_one(written: &str) -> bool {
    written == "1"
}

/// Returns a number in words with its last word in the plural: `nineteen eighties`, `sixes`.
pub(super) fn plural(words: &str) -> String {
    match words.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if words.ends_with(['s', 'x']) => format!("{words}es"),
        None => format!("{words}s"),
    }
}

/// Returns a fraction in words: `one half`, `three quarters`, `two fifths`; after an integer `a half`.
pub(super) fn fraction(numerator: usize, denominator: usize, after_whole: bool) -> String {
    let part = match denominator {
        2 if numerator == 1 => "half".to_owned(),
        2 => "halves".to_owned(),
        4 if numerator == 1 => "quarter".to_owned(),
        4 => "quarters".to_owned(),
        _ if numerator == 1 => ordinal(denominator),
        _ => plural(&ordinal(denominator)),
    };
    match numerator {
        1 if after_whole => format!("{} {part}", if denominator == 8 { "an" } else { "a" }),
        _ => format!("{} {part}", cardinal(numerator)),
    }
}
