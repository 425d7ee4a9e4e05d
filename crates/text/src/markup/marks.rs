//! Plain marks in square brackets.

use super::{MarkupError, Script, Style, ValuePlace};

/// Longest pause, seconds.
pub const MAX_PAUSE_S: f64 = 10.0;
/// Pause of `[pause]` without a length, seconds.
const USUAL_PAUSE_S: f64 = 0.5;
/// Allowed speaking rates.
const RATES: std::ops::RangeInclusive<f64> = 0.25..=4.0;
const NAMES: [&str; 4] = ["pause", "voice", "rate", "spell"];

/// Returns the bracketed parts of a text that may be marks: offset, end and content of each.
fn brackets(text: &str) -> impl Iterator<Item = (usize, usize, &str)> {
    text.match_indices('[').filter_map(|(start, _)| {
        let inner = &text[start + 1..];
        let length = inner.find(['[', ']'])?;
        inner[length..].starts_with(']').then(|| (start, start + length + 2, &inner[..length]))
    })
}

/// Whether bracketed text is a mark: it begins with the name of a mark, or with an unknown name and a duration.
fn is_mark(inner: &str) -> bool {
    let mut words = inner.split_whitespace();
    let (name, value) = (words.next().unwrap_or_default(), words.next());
    let only = words.next().is_none();
    let lower = name.chars().all(|c| c.is_ascii_lowercase());
    NAMES.contains(&name) && (name == "spell" || only)
        || lower && only && value.is_some_and(|v| seconds(v).is_some())
}

/// Whether a text has marks.
pub(super) fn has_marks(text: &str) -> bool {
    brackets(text).any(|(_, _, inner)| is_mark(inner))
}

impl Script {
    /// Appends text with marks.
    pub(super) fn push_marked(&mut self, text: &str) -> Result<(), MarkupError> {
        let mut done = 0;
        for (start, end, inner) in brackets(text).filter(|(_, _, inner)| is_mark(inner)) {
            self.push(&text[done..start]);
            self.mark(inner)?;
            done = end;
        }
        self.push(&text[done..]);
        Ok(())
    }

    fn mark(&mut self, inner: &str) -> Result<(), MarkupError> {
        let (name, value) =
            inner.trim().split_once(char::is_whitespace).unwrap_or((inner.trim(), ""));
        let value = value.trim();
        let wrong = |expected| {
            let (place, value) = (ValuePlace::Mark { name: name.to_owned() }, value.to_owned());
            MarkupError::Value { place, value, expected }
        };
        match name {
            "pause" if value.is_empty() => self.pause(USUAL_PAUSE_S),
            "pause" => {
                let length =
                    seconds(value).ok_or_else(|| wrong("a length such as 500ms or 1.5s"))?;
                self.pause(length.min(MAX_PAUSE_S));
            }
            "voice" if value.is_empty() => return Err(wrong("the name of a voice")),
            "voice" => self.restyle(Style { voice: Some(value.to_owned()), ..self.style.clone() }),
            "rate" => {
                let rate = value.parse().ok().filter(|r| RATES.contains(r));
                let rate = rate.ok_or_else(|| wrong("a rate from 0.25 to 4"))?;
                self.restyle(Style { rate, ..self.style.clone() });
            }
            "spell" => self.push(&spelled(value)),
            _ => return Err(MarkupError::UnknownMark { mark: inner.to_owned() }),
        }
        Ok(())
    }
}

/// Parses a duration, `500ms` or `1.5s`, in seconds.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let (number, scale) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (text.strip_suffix('s')?, 1.0),
    };
    let number: f64 = number.trim().parse().ok()?;
    (number >= 0.0 && number.is_finite()).then_some(number * scale)
}

/// Parses a rate of SSML: a name, a percentage of the normal rate, or a factor.
pub(super) fn rate(text: &str) -> Option<f64> {
    let named = [
        ("x-slow", 0.5),
        ("slow", 0.75),
        ("medium", 1.0),
        ("default", 1.0),
        ("fast", 1.25),
        ("x-fast", 1.75),
    ];
    if let Some((_, rate)) = named.iter().find(|(name, _)| *name == text) {
        return Some(*rate);
    }
    let percent =
        text.strip_suffix('%').map(|p| (p.parse::<f64>().ok(), p.starts_with(['+', '-'])));
    let rate = match percent {
        Some((number, true)) => 1.0 + number? / 100.0,
        Some((number, false)) => number? / 100.0,
        None => text.parse().ok()?,
    };
    RATES.contains(&rate).then_some(rate)
}

/// Returns a text spelled letter by letter: letters as capitals with a dot, other characters unchanged.
pub(super) fn spelled(text: &str) -> String {
    let spell = |c: char| match c {
        c if c.is_alphabetic() => format!("{}.", c.to_uppercase()),
        c => c.to_string(),
    };
    let characters = text.chars().filter(|c| c.is_alphanumeric());
    characters.map(spell).collect::<Vec<_>>().join(" ")
}
