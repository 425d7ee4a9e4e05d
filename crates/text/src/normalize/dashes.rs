//! Interpretation of dashes between numbers, times and words, before they are folded to hyphens.

use std::sync::LazyLock;

use regex::Regex;

use super::dates::MONTHS;
use super::money;
use super::unit_table::UNITS;

/// Length of the examined text on each side of a dash, bytes.
const AROUND_BYTES: usize = 32;

static CLOCK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?|[0-9]{1,2}(?:[:.][0-9]{2})?[AaPp]\.?[Mm]\.?)$",
    )
    .expect("the pattern is valid")
});

/// Words next to which an en dash is a pause: they begin a clause and are not part of a compound.
const CLAUSE_WORDS: &[&str] = &[
    "a", "all", "although", "an", "and", "any", "as", "at", "because", "but", "by", "even",
    "every", "for", "from", "he", "her", "here", "him", "his", "how", "i", "if", "in", "is", "it",
    "its", "just", "like", "maybe", "me", "my", "no", "nobody", "not", "nothing", "now", "of",
    "on", "one", "only", "or", "our", "perhaps", "she", "since", "so", "some", "such", "that",
    "the", "their", "them", "then", "there", "these", "they", "this", "though", "to", "us", "very",
    "was", "we", "what", "when", "where", "which", "while", "who", "why", "with", "yes", "yet",
    "you", "your",
];

/// Words before a compound with an en dash: `a cost–benefit analysis`.
const BEFORE_COMPOUND: &[&str] = &[
    "a", "an", "the", "of", "this", "that", "his", "her", "its", "their", "our", "my", "your",
    "and", "or", "for", "with", "in", "on", "by", "to", "from", "between", "new", "strong",
    "close", "good",
];

/// Prefixes that are first parts of compounds.
const PREFIXES: &[&str] = &[
    "anti", "co", "ex", "inter", "mid", "multi", "non", "post", "pre", "pro", "quasi", "semi",
    "sub",
];

/// Days of the week, abbreviated and in full, without the ending "day".
const DAYS: &[&str] = &[
    "mon", "tue", "tues", "wed", "weds", "thu", "thur", "thurs", "fri", "sat", "sun", "wednes",
    "satur",
];

/// Plain form of a dash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dash {
    /// Text that replaces the dash.
    pub(super) plain: &'static str,
    /// Whether the spaces around the dash are replaced, too.
    pub(super) takes_spaces: bool,
}

/// Text around a dash.
struct Around<'t> {
    before: &'t str,
    after: &'t str,
    /// The last and the second last word before the dash.
    previous: [&'t str; 2],
    /// The next two words after the dash.
    next: [&'t str; 2],
}

/// Returns the plain form of a dash that is not a hyphen: "to" in a range, a pause between words. `before` and `after`
/// are the texts around the dash.
pub(super) fn plain(before: &str, dash: char, after: &str) -> Option<Dash> {
    let around = Around::new(before, after);
    let spaced = before.ends_with(' ') && after.starts_with(' ');
    let en = matches!(dash, '–' | '‒');
    if (spaced || en) && (around.is_named_range() || around.is_time_range()) {
        return Some(Dash { plain: " to ", takes_spaces: true });
    }
    let minus = around.next[1].starts_with('=') || around.previous[0].contains('=');
    if spaced && !minus && (around.is_year_range() || en && around.is_number_range()) {
        let joined = around.previous[0].starts_with(is_amount_start)
            && around.next[0].starts_with(|c: char| is_amount_start(c) || !c.is_ascii());
        return Some(Dash { plain: if joined { "-" } else { " to " }, takes_spaces: true });
    }
    if !en {
        return None;
    }
    if spaced && !minus && around.is_between_numbers() {
        return Some(Dash { plain: "--", takes_spaces: false });
    }
    let letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    let (left, right) = (before.chars().next_back(), after.chars().next());
    let half_spaced = left == Some(' ') && letter(right) || right == Some(' ') && letter(left);
    let pause = !spaced && half_spaced || letter(left) && letter(right) && !around.is_compound();
    pause.then_some(Dash { plain: "--", takes_spaces: false })
}

fn is_amount_start(c: char) -> bool {
    c.is_ascii_digit() || money::is_symbol(c)
}

fn is_digits(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

fn year(word: &str) -> Option<u32> {
    let value = word.parse().ok()?;
    (is_digits(word) && (1000..=2100).contains(&value)).then_some(value)
}

fn is_half(word: &str) -> bool {
    matches!(word.to_ascii_lowercase().as_str(), "am" | "pm" | "a.m." | "p.m." | "a.m" | "p.m")
}

/// Whether a word is the name of a month, in full or abbreviated.
fn is_month(word: &str) -> bool {
    let lower = word.trim_end_matches('.').to_ascii_lowercase();
    word.starts_with(|c: char| c.is_ascii_uppercase())
        && (lower == "sept" || MONTHS.iter().any(|&name| name == lower || name[..3] == lower))
}

/// Whether a word names a day or a month.
fn is_named(word: &str) -> bool {
    let lower = word.trim_end_matches('.').to_ascii_lowercase();
    let day = lower.strip_suffix("day").unwrap_or(&lower);
    is_month(word) || word.starts_with(|c: char| c.is_ascii_uppercase()) && DAYS.contains(&day)
}

impl<'t> Around<'t> {
    fn new(before: &'t str, after: &'t str) -> Self {
        let mut from = before.len().saturating_sub(AROUND_BYTES);
        let mut to = after.len().min(AROUND_BYTES);
        while !before.is_char_boundary(from) {
            from += 1;
        }
        while !after.is_char_boundary(to) {
            to -= 1;
        }
        let (before, after) = (&before[from..], &after[..to]);
        let open = ['(', '[', '"', '\'', '“', '‘'];
        let close = [')', ']', '"', '\'', '”', '’', ',', ';', ':', '!', '?'];
        let mut last = before.split_whitespace().rev().map(|word| word.trim_start_matches(open));
        let mut first = after.split_whitespace().map(|word| word.trim_end_matches(close));
        Self {
            before,
            after,
            previous: [last.next().unwrap_or_default(), last.next().unwrap_or_default()],
            next: [first.next().unwrap_or_default(), first.next().unwrap_or_default()],
        }
    }

    /// Whether the dash is between days or dates: `Monday–Friday`, `May 5 – June 7`, `5 May – 7 June`.
    fn is_named_range(&self) -> bool {
        let ([previous, earlier], [next, later]) = (self.previous, self.next);
        let dated = is_digits(previous) && is_month(earlier);
        let first = is_named(previous) || dated;
        let last =
            is_named(next) && (!dated || is_number(later)) || is_number(next) && is_month(later);
        first && last
    }

    /// Whether the dash is between times of day: `9:00 - 17:00`, `9 a.m. – 5 p.m.`, `9 - 5pm`, `9am - noon`.
    fn is_time_range(&self) -> bool {
        let ([previous, earlier], [next, later]) = (self.previous, self.next);
        let hour = |word: &str| is_digits(word) && word.len() <= 2;
        let word = |word: &str| matches!(word.to_ascii_lowercase().as_str(), "noon" | "midnight");
        let next = next.trim_end_matches('.');
        let first = CLOCK.is_match(previous) || is_half(previous) && is_number(earlier);
        let last = CLOCK.is_match(next) || is_number(next) && is_half(later);
        let first_loose = first || hour(previous) || word(previous);
        let last_loose = last || hour(next) || word(next);
        (first || last) && first_loose && last_loose
    }

    /// Whether the dash is between years: `1914 - 1918`, `2019 – present`.
    fn is_year_range(&self) -> bool {
        let Some(first) = year(self.previous[0]) else { return false };
        let next = self.next[0].trim_end_matches('.');
        year(next).is_some_and(|last| first < last)
            || matches!(next.to_ascii_lowercase().as_str(), "present" | "today" | "now")
    }

    /// Whether the dash is between two numbers: `pages 10 – 15`, `$5 – $10`, `5 km – 10 km`. After a year the dash
    /// begins a clause (`1990 – 5 years later`).
    fn is_number_range(&self) -> bool {
        const MORE: &[&str] = &["more", "less", "fewer", "years", "days", "weeks", "months"];
        let ([previous, earlier], [next, later]) = (self.previous, self.next);
        let is_amount = |word: &str| word.starts_with(is_amount_start);
        let measured = is_number(earlier) && UNITS.iter().any(|unit| unit.symbol == previous);
        let last = is_amount(next) || next.starts_with(['½', '⅓', '⅔', '¼', '¾', '⅛']);
        if !(is_amount(previous) || measured) || !last || previous.ends_with('.') {
            return false;
        }
        match year(previous) {
            Some(_) => next.len() >= 2 && year(next).is_none() && !MORE.contains(&later),
            None => !MORE[..3].contains(&later),
        }
    }

    fn is_between_numbers(&self) -> bool {
        self.previous[0].ends_with(|c: char| c.is_ascii_digit()) && is_number(self.next[0])
    }

    /// Whether an en dash between letters joins a compound, like a hyphen: names on both sides, or an article before.
    fn is_compound(&self) -> bool {
        let is_word = |c: char| c.is_alphabetic() || matches!(c, '\'' | '’');
        let left = self.before.rsplit(|c| !is_word(c)).next().unwrap_or_default();
        let right = self.after.split(|c| !is_word(c)).next().unwrap_or_default();
        let start = self.before.len() - left.len();
        let earlier = self.before[..start].split_whitespace().next_back().unwrap_or_default();
        let lower = |word: &str| word.to_lowercase();
        let capital = |word: &str| word.starts_with(char::is_uppercase);
        let chained = self.before[..start].ends_with('-') && !self.before[..start].ends_with("--");
        let clause = |word: &str| CLAUSE_WORDS.contains(&lower(word).as_str());
        if PREFIXES.contains(&lower(left).as_str()) || chained {
            return true;
        }
        if clause(left) || clause(right) {
            return false;
        }
        // A word at the end of a phrase is not the first part of a compound: `the winner–Tom–smiled`.
        let goes_on = self.after[right.len()..].starts_with(' ');
        capital(left) && capital(right)
            || goes_on && !capital(right) && BEFORE_COMPOUND.contains(&lower(earlier).as_str())
    }
}

fn is_number(word: &str) -> bool {
    word.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit())
}
