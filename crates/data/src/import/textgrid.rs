//! Praat TextGrids, long and short.
//!
//! Praat reads a text file by taking the free-standing numbers, the quoted strings and the flags in `<>`, and skipping
//! everything else (Praat manual, "Text files": "TextGrid file formats"). Doing the same reads both formats with one
//! parser.

use std::fs;
use std::path::Path;

use super::alignment::is_silence;
use crate::DataError;
use syrinx_types::IoOperation;

/// Differences of times below this come from rounding, seconds.
pub(super) const CLOSE_S: f64 = 1e-3;

/// A stretch of a tier.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// Start, seconds.
    pub start_s: f64,
    /// End, seconds.
    pub end_s: f64,
    /// The label; empty for silence.
    pub label: String,
}

/// A named tier of intervals.
#[derive(Debug, Clone, PartialEq)]
pub struct Tier {
    /// Its name, such as `words`.
    pub name: String,
    /// Its intervals, in order.
    pub intervals: Vec<Interval>,
}

/// A TextGrid. The points of point tiers are left out.
#[derive(Debug, Clone, PartialEq)]
pub struct TextGrid {
    /// End of the recording, seconds.
    pub end_s: f64,
    /// The interval tiers, in order.
    pub tiers: Vec<Tier>,
    /// Names of the point tiers, in order.
    pub point_tiers: Vec<String>,
}

impl TextGrid {
    /// Reads a file in UTF-8 or UTF-16 (with its byte order mark).
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::BrokenLine`] with the line where reading stopped.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let bytes = fs::read(path).map_err(DataError::io(IoOperation::Read, path))?;
        let broken =
            |(line, problem)| DataError::BrokenLine { path: path.to_path_buf(), line, problem };
        let text = decode(&bytes).map_err(|problem| broken((1, problem)))?;
        parse(&text).map_err(broken)
    }

    /// Parses the text of a file.
    ///
    /// # Errors
    /// The line where reading stopped, from 1, and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        parse(text)
    }

    /// Returns the tier of this name, whatever the case. Aligners that know several speakers write `NAME - phones`; the
    /// first such tier that is not empty is taken, else the first.
    pub fn tier(&self, name: &str) -> Option<&Tier> {
        let named = || self.tiers.iter().filter(|tier| tier.kind().eq_ignore_ascii_case(name));
        named().find(|tier| !tier.is_empty()).or_else(|| named().next())
    }

    /// Returns the tiers without any label.
    pub fn empty_tiers(&self) -> impl Iterator<Item = &Tier> {
        self.tiers.iter().filter(|tier| tier.is_empty())
    }

    /// Returns the sentence for an interval tier that isn't there, with the names of those that are and of the point
    /// tiers.
    pub(super) fn missing(&self, name: &str) -> String {
        let shown = |tier: &Tier| {
            let empty = if tier.is_empty() { " (empty)" } else { "" };
            format!("{}{empty}", tier.name)
        };
        let points = self.point_tiers.iter().map(|name| format!("{name} (point tier)"));
        let found: Vec<String> = self.tiers.iter().map(shown).chain(points).collect();
        let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
        format!("no tier '{name}'; tiers found: {found}")
    }

    /// Clamps times beyond the end of the recording to it, and returns the number of intervals that were changed.
    ///
    /// # Errors
    /// The tier and the number of an interval with a label that lies wholly beyond the end.
    pub fn clamp(&mut self, end_s: f64) -> Result<usize, String> {
        let mut clamped = 0;
        for tier in &mut self.tiers {
            for (index, interval) in tier.intervals.iter_mut().enumerate() {
                let beyond = interval.end_s - end_s;
                let is_silent = is_silence(&interval.label);
                if !is_silent && interval.start_s >= end_s - CLOSE_S {
                    return Err(format!(
                        "tier '{}', interval {}: starts at {} s, beyond the end of the recording at {end_s} s",
                        tier.name,
                        index + 1,
                        interval.start_s
                    ));
                }
                clamped += usize::from(beyond > CLOSE_S);
                interval.start_s = interval.start_s.min(end_s);
                interval.end_s = interval.end_s.min(end_s);
            }
        }
        self.end_s = self.end_s.min(end_s);
        Ok(clamped)
    }
}

impl Tier {
    /// Returns the name without that of a speaker before it.
    fn kind(&self) -> &str {
        self.name.rsplit(" - ").next().unwrap_or_default().trim()
    }

    fn is_empty(&self) -> bool {
        self.intervals.iter().all(|interval| interval.label.is_empty())
    }

    /// Checks that intervals follow one another; overlaps below 1 ms come from rounding.
    ///
    /// # Errors
    /// The tier, the number of the interval and its times.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut before_s = f64::NEG_INFINITY;
        for (index, Interval { start_s, end_s, .. }) in self.intervals.iter().enumerate() {
            let fault = if end_s < start_s {
                format!("ends at {end_s} s, before its start at {start_s} s")
            } else if *start_s < -CLOSE_S {
                format!("starts at {start_s} s, before the recording")
            } else if *start_s < before_s - CLOSE_S {
                format!("starts at {start_s} s, before the end of interval {index} at {before_s} s")
            } else {
                before_s = *end_s;
                continue;
            };
            return Err(format!("tier '{}', interval {}: {fault}", self.name, index + 1));
        }
        Ok(())
    }
}

fn decode(bytes: &[u8]) -> Result<String, String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|b| unit([b[0], b[1]])).collect();
        String::from_utf16(&units).map_err(|e| format!("not UTF-16 text ({e})"))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            String::from_utf8(bytes.to_vec()).map_err(|e| format!("not UTF-8 text ({e})"))
        }
    }
}

fn parse(text: &str) -> Result<TextGrid, (usize, String)> {
    // A file that ends too early is said to end in its last line, not in the empty one after it.
    let mut tokens = Tokens { rest: text.trim_end(), line: 1 };
    let kind = tokens.string("the file type")?;
    if !kind.starts_with("ooTextFile") {
        return Err((tokens.line, format!("file type `{kind}`, expected `ooTextFile`")));
    }
    let class = tokens.string("the object class")?;
    if class != "TextGrid" {
        return Err((tokens.line, format!("object class `{class}`, expected `TextGrid`")));
    }
    tokens.number("the start of the recording")?;
    let end_s = tokens.number("the end of the recording")?;
    tokens.flag("<exists>")?;
    let count = tokens.count("the number of tiers")?;
    let (mut tiers, mut point_tiers) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let class = tokens.string("the class of a tier")?;
        let name = tokens.string("the name of a tier")?;
        tokens.number("the start of a tier")?;
        tokens.number("the end of a tier")?;
        let size = tokens.count("the number of intervals")?;
        match class.as_str() {
            "IntervalTier" => tiers.push(Tier { name, intervals: tokens.intervals(size)? }),
            "TextTier" => {
                for _ in 0..size {
                    tokens.number("the time of a point")?;
                    tokens.string("the mark of a point")?;
                }
                point_tiers.push(name);
            }
            _ => return Err((tokens.line, format!("unknown class of tier `{class}`"))),
        }
    }
    match tokens.next()? {
        None => Ok(TextGrid { end_s, tiers, point_tiers }),
        Some(_) => {
            Err((tokens.line, "more follows than the counts of tiers and intervals say".to_owned()))
        }
    }
}

#[derive(Debug)]
enum Token<'a> {
    Number(f64),
    Text(String),
    Flag(&'a str),
}

/// Tokens of a text as Praat reads it, with the current line.
struct Tokens<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Tokens<'a> {
    fn skip(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    /// Returns the next free-standing number, string or flag; `None` at the end.
    fn next(&mut self) -> Result<Option<Token<'a>>, (usize, String)> {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            self.skip(blank);
            let word_end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
            let word = &self.rest[..word_end];
            match word.chars().next() {
                None => return Ok(None),
                Some('!') => {
                    let end = self.rest.find('\n').unwrap_or(self.rest.len());
                    self.skip(end);
                }
                Some('"') => return self.quoted().map(|text| Some(Token::Text(text))),
                Some('<') => {
                    self.skip(word_end);
                    return Ok(Some(Token::Flag(word)));
                }
                Some(first) => {
                    self.skip(word_end);
                    let number = first.is_ascii_digit() || first == '-' || first == '+';
                    if number && let Ok(number) = word.parse::<f64>() {
                        return Ok(Some(Token::Number(number)));
                    }
                }
            }
        }
    }

    /// Returns the string that starts here; a quote inside it is doubled.
    fn quoted(&mut self) -> Result<String, (usize, String)> {
        let opened = self.line;
        let mut text = String::new();
        self.skip(1);
        loop {
            let Some(end) = self.rest.find('"') else {
                return Err((opened, "a string opens here and never closes".to_owned()));
            };
            text.push_str(self.skip(end));
            self.skip(1);
            if !self.rest.starts_with('"') {
                return Ok(text);
            }
            text.push_str(self.skip(1));
        }
    }

    fn wrong<T>(&self, wanted: &str, got: Option<&Token<'_>>) -> Result<T, (usize, String)> {
        let got = match got {
            None => "the file ends".to_owned(),
            Some(Token::Number(n)) => format!("found the number {n}"),
            Some(Token::Text(text)) => format!("found the text `{text}`"),
            Some(Token::Flag(flag)) => format!("found the flag `{flag}`"),
        };
        Err((self.line, format!("{got} where {wanted} should be")))
    }

    fn number(&mut self, wanted: &str) -> Result<f64, (usize, String)> {
        match self.next()? {
            Some(Token::Number(number)) if number.is_finite() => Ok(number),
            other => self.wrong(wanted, other.as_ref()),
        }
    }

    fn count(&mut self, wanted: &str) -> Result<usize, (usize, String)> {
        let number = self.number(wanted)?;
        if number < 0.0 || number.fract() != 0.0 {
            return self.wrong(wanted, Some(&Token::Number(number)));
        }
        Ok(number as usize)
    }

    fn string(&mut self, wanted: &str) -> Result<String, (usize, String)> {
        match self.next()? {
            Some(Token::Text(text)) => Ok(text),
            other => self.wrong(wanted, other.as_ref()),
        }
    }

    fn flag(&mut self, wanted: &str) -> Result<(), (usize, String)> {
        match self.next()? {
            Some(Token::Flag(flag)) if flag == wanted => Ok(()),
            other => self.wrong(wanted, other.as_ref()),
        }
    }

    fn intervals(&mut self, size: usize) -> Result<Vec<Interval>, (usize, String)> {
        // No capacity ahead of the data: the size comes from the file and may be absurd.
        let mut intervals = Vec::new();
        for _ in 0..size {
            let start_s = self.number("the start of an interval")?;
            let end_s = self.number("the end of an interval")?;
            let label = self.string("the label of an interval")?.trim().to_owned();
            intervals.push(Interval { start_s, end_s, label });
        }
        Ok(intervals)
    }
}
