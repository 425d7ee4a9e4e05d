//! Conversion of spoken numbers to digits, as in Whisper's English normalizer.

use std::sync::LazyLock;

use regex::Regex;

use super::number_words::{Base, Word};

static LETTER_DIGIT: LazyLock<Regex> = LazyLock::new(|| regex(r"([a-z])([0-9])"));
static DIGIT_LETTER: LazyLock<Regex> = LazyLock::new(|| regex(r"([0-9])([a-z])"));
static SPACED_SUFFIX: LazyLock<Regex> = LazyLock::new(|| regex(r"([0-9])\s+(st|nd|rd|th|s)\b"));
static HALF: LazyLock<Regex> = LazyLock::new(|| regex(r"\band\s+a\s+half\b"));
static CENTS_AFTER: LazyLock<Regex> =
    LazyLock::new(|| regex(r"([€£$])([0-9]+) (?:and )?¢([0-9]{1,2})\b"));
static CENTS_ALONE: LazyLock<Regex> = LazyLock::new(|| regex(r"[€£$]0.([0-9]{1,2})\b"));
static ONE: LazyLock<Regex> = LazyLock::new(|| regex(r"\b1(s?)\b"));
static NUMERAL: LazyLock<Regex> = LazyLock::new(|| regex(r"^[0-9]+(\.[0-9]+)?$"));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("it is valid")
}

/// A partial number: a sum that may grow, or a string of digits.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Sum(u128),
    Digits(String),
}

impl Value {
    fn text(&self) -> String {
        match self {
            Self::Sum(n) => n.to_string(),
            Self::Digits(digits) => digits.clone(),
        }
    }

    /// Returns the value times a power of ten, if the product is an integer.
    fn times(&self, multiplier: u128) -> Option<u128> {
        let text = self.text();
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        if decimals.is_empty() && text.ends_with('.') {
            return None;
        }
        let scale = 10u128.checked_pow(u32::try_from(decimals.len()).ok()?)?;
        let product = format!("{whole}{decimals}").parse::<u128>().ok()?.checked_mul(multiplier)?;
        product.is_multiple_of(scale).then(|| product / scale)
    }
}

/// State between two words.
#[derive(Default)]
struct Reading {
    out: Vec<String>,
    value: Option<Value>,
    prefix: Option<char>,
}

impl Reading {
    /// Appends a word, with its sign.
    fn push(&mut self, word: &str) {
        let prefix = self.prefix.take().map(String::from).unwrap_or_default();
        self.out.push(prefix + word);
    }

    /// Appends the number so far.
    fn flush(&mut self) {
        if let Some(value) = self.value.take() {
            self.push(&value.text());
        }
    }

    /// Appends the number so far, then a word.
    fn flush_and_push(&mut self, word: &str) {
        self.flush();
        self.push(word);
    }

    /// Returns the digits so far followed by more digits; a sum of 0 is dropped.
    fn appended(&self, digits: &str) -> Value {
        let before = match &self.value {
            None | Some(Value::Sum(0)) => String::new(),
            Some(value) => value.text(),
        };
        Value::Digits(before + digits)
    }

    /// Returns the number so far with a cardinal below 100 after it.
    fn with_small(&self, n: u128, previous: Word) -> Value {
        let ones = n < 20;
        match &self.value {
            None => Value::Sum(n),
            Some(Value::Digits(digits)) if ones && n < 10 && matches!(previous, Word::Ten(_)) => {
                Value::Digits(format!("{}{n}", digits.strip_suffix('0').unwrap_or(digits)))
            }
            Some(value @ Value::Digits(_)) => Value::Digits(format!("{}{n}", value.text())),
            Some(value) if ones && matches!(previous, Word::One(_)) => {
                Value::Digits(format!("{}{n}", value.text()))
            }
            Some(Value::Sum(sum)) => {
                let room = if n < 10 { 10 } else { 100 };
                if sum.is_multiple_of(room) {
                    Value::Sum(sum + n)
                } else {
                    Value::Digits(format!("{sum}{n}"))
                }
            }
        }
    }

    fn multiply(&mut self, multiplier: u128) {
        self.value = Some(Value::Sum(match &self.value {
            None => multiplier,
            Some(Value::Sum(sum)) if *sum > 0 => product(*sum, multiplier),
            Some(value) => match value.times(multiplier) {
                Some(product) => product,
                None => {
                    self.flush();
                    multiplier
                }
            },
        }));
    }

    fn finish_with(&mut self, base: Base, n: u128, suffix: &str, previous: Word) {
        let value = match (base, &self.value) {
            (Base::Multiplier, None) => Value::Sum(n),
            (Base::Multiplier, Some(Value::Sum(sum))) => Value::Sum(product(*sum, n)),
            (Base::Multiplier, Some(value)) => match value.times(n) {
                Some(product) => Value::Sum(product),
                None => {
                    self.flush();
                    Value::Sum(n)
                }
            },
            _ => self.with_small(n, previous),
        };
        self.value = None;
        self.push(&format!("{}{suffix}", value.text()));
    }

    /// Handles a numeral, with or without a sign before it.
    fn numeral(&mut self, word: &str, digits: &str) {
        if let Some(Value::Digits(value)) = &mut self.value
            && value.ends_with('.')
        {
            value.push_str(word);
            return;
        }
        self.flush();
        if digits.len() < word.len() {
            self.prefix = word.chars().next();
        }
        let whole = match digits.split_once('.') {
            None => digits.parse().ok(),
            Some((whole, zeros)) if zeros.bytes().all(|b| b == b'0') => whole.parse().ok(),
            Some(_) => None,
        };
        self.value = Some(whole.map_or_else(|| Value::Digits(digits.to_owned()), Value::Sum));
    }
}

/// Multiplies the part of a sum below 1000, and keeps its thousands.
fn product(sum: u128, multiplier: u128) -> u128 {
    (sum / 1000 * 1000).saturating_add((sum % 1000).saturating_mul(multiplier))
}

/// Converts the spoken numbers of a text (in lower case, without punctuation) to digits.
pub(super) fn to_digits(text: &str) -> String {
    let text = prepared(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut reading = Reading::default();
    let mut index = 0;
    while index < words.len() {
        let previous = if index > 0 { Word::of(words[index - 1]) } else { Word::Other };
        let next = words.get(index + 1).copied().unwrap_or("");
        index += 1 + usize::from(step(&mut reading, previous, words[index], next));
    }
    reading.flush();
    let out = reading.out.join(" ");
    let out = CENTS_AFTER.replace_all(&out, |found: &regex::Captures<'_>| {
        format!("{}{}.{:0>2}", &found[1], &found[2], &found[3])
    });
    let out = CENTS_ALONE.replace_all(&out, |found: &regex::Captures<'_>| {
        format!("¢{}", found[1].parse::<u32>().unwrap_or(0))
    });
    ONE.replace_all(&out, "one${1}").into_owned()
}

/// Handles a word; returns whether the next word is consumed as well.
fn step(reading: &mut Reading, previous: Word, current: &str, next: &str) -> bool {
    let next_word = Word::of(next);
    let goes_on = next_word != Word::Other || NUMERAL.is_match(next);
    let digits = current.strip_prefix(['-', '+', '£', '€', '$', '¢']).unwrap_or(current);
    if NUMERAL.is_match(digits) {
        reading.numeral(current, digits);
        return false;
    }
    match Word::of(current) {
        Word::Other => reading.flush_and_push(current),
        Word::Zero => reading.value = Some(reading.appended("0")),
        Word::One(n) | Word::Ten(n) => reading.value = Some(reading.with_small(n, previous)),
        Word::Last(base, n, suffix) => reading.finish_with(base, n, suffix, previous),
        Word::Multiplier(n) => reading.multiply(n),
        Word::Sign(sign) => {
            reading.flush();
            if goes_on {
                reading.prefix = Some(sign);
            } else {
                reading.push(current);
            }
        }
        Word::Currency(sign) if reading.value.is_some() => {
            reading.prefix = Some(sign);
            reading.flush();
        }
        Word::Currency(_) => reading.push(current),
        Word::Percent | Word::Per => return percent(reading, current, next),
        Word::And | Word::Repeat(_) | Word::Point if !goes_on => reading.flush_and_push(current),
        Word::And if matches!(previous, Word::Multiplier(_)) => {}
        Word::And => reading.flush_and_push(current),
        Word::Repeat(times) => match next_word {
            Word::Zero | Word::One(_) => {
                let digit = if let Word::One(n) = next_word { n } else { 0 };
                reading.value = Some(reading.appended(&digit.to_string().repeat(times)));
                return true;
            }
            _ => reading.flush_and_push(current),
        },
        Word::Point => {
            let decimals = matches!(next_word, Word::Zero | Word::One(_) | Word::Ten(_));
            if decimals || NUMERAL.is_match(next) {
                reading.value = Some(reading.appended("."));
            }
        }
    }
    false
}

/// Handles `percent`, or `per` before `cent`; returns whether the next word is consumed as well.
fn percent(reading: &mut Reading, current: &str, next: &str) -> bool {
    let whole = current == "percent" || next == "cent";
    match reading.value.take() {
        Some(value) if whole => {
            reading.push(&format!("{}%", value.text()));
            current == "per"
        }
        value => {
            reading.value = value;
            reading.flush_and_push(current);
            false
        }
    }
}

/// Replaces `and a half` by decimals, and separates letters and digits by spaces.
fn prepared(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for half in HALF.find_iter(text) {
        let before = &text[done..half.start()];
        // The reference drops `and a half` at the beginning of a text.
        if before.trim().is_empty() {
            done = half.end();
            continue;
        }
        let last = before.split_whitespace().next_back().unwrap_or_default();
        let number = matches!(
            Word::of(last),
            Word::Zero | Word::One(_) | Word::Ten(_) | Word::Multiplier(_)
        );
        out.push_str(before);
        out.push_str(if number { " point five " } else { " and a half " });
        done = half.end();
    }
    out.push_str(&text[done..]);
    let out = LETTER_DIGIT.replace_all(&out, "${1} ${2}");
    let out = DIGIT_LETTER.replace_all(&out, "${1} ${2}");
    SPACED_SUFFIX.replace_all(&out, "${1}${2}").into_owned()
}
