//! Praat TextGrids in the long and the short text format.
//!
//! Praat reads the free-standing numbers, the quoted strings and the flags in `<>` of a text file, and skips everything
//! else (Praat manual, "TextGrid file formats"). This parser does the same, and therefore reads both formats.

use std::fs;
use std::path::Path;

use crate::DataError;
use syrinx_types::IoOperation;

/// Largest difference of times that counts as a rounding error, seconds.
pub(super) const CLOSE_S: f64 = 1e-3;

/// Separator between the name of a speaker and the kind of a tier (`words` or `phones`).
const SPEAKER_SEPARATOR: &str = " - ";
/// File type of Praat's text files.
const FILE_TYPE: &str = "ooTextFile";
/// Object class of TextGrids.
const OBJECT_CLASS: &str = "TextGrid";

/// An interval of a tier.
#[derive(Debug, Clone, PartialEq)]
pub struct TierInterval {
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
    /// Name of the tier, such as `words`.
    pub name: String,
    /// Intervals of the tier, in order.
    pub intervals: Vec<TierInterval>,
}

/// A TextGrid without the points of its point tiers.
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
    /// Reads a file in UTF-8, or in UTF-16 with a byte order mark.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::BrokenTextGrid`] with the line where reading stopped.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let bytes = fs::read(path).map_err(DataError::io(IoOperation::Read, path))?;
        let text = decode(&bytes).map_err(|fault| BrokenTextGrid { line: 1, fault });
        text.and_then(|text| parse(&text)).map_err(|BrokenTextGrid { line, fault }| {
            DataError::BrokenTextGrid { path: path.to_path_buf(), line, fault }
        })
    }

    /// Parses the text of a file.
    ///
    /// # Errors
    /// [`BrokenTextGrid`] with the line where reading stopped.
    pub fn parse(text: &str) -> Result<Self, BrokenTextGrid> {
        parse(text)
    }

    /// Returns the tiers without any label.
    pub fn empty_tiers(&self) -> impl Iterator<Item = &Tier> {
        self.tiers.iter().filter(|tier| tier.is_empty())
    }
}

impl Tier {
    /// Returns the name without the speaker's prefix.
    pub(super) fn kind(&self) -> &str {
        self.name.rsplit(SPEAKER_SEPARATOR).next().unwrap_or_default().trim()
    }

    /// Returns the name of the speaker; `None` for a tier without a speaker's prefix.
    pub(super) fn speaker(&self) -> Option<&str> {
        self.name.rsplit_once(SPEAKER_SEPARATOR).map(|(speaker, _)| speaker.trim())
    }

    /// Whether no interval has a label.
    pub(super) fn is_empty(&self) -> bool {
        self.intervals.iter().all(|interval| interval.label.is_empty())
    }
}

/// Fault of a text that is not a TextGrid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextGridFault {
    /// Bytes that are not UTF-8.
    #[error("not UTF-8 text ({0})")]
    NotUtf8(std::str::Utf8Error),
    /// Bytes that are not UTF-16.
    #[error("not UTF-16 text ({0})")]
    NotUtf16(std::string::FromUtf16Error),
    /// A file of another type.
    #[error("file type `{found}`, expected `{FILE_TYPE}`")]
    FileType {
        /// File type of the file.
        found: String,
    },
    /// An object of another class than a TextGrid.
    #[error("object class `{found}`, expected `{OBJECT_CLASS}`")]
    ObjectClass {
        /// Class in the file.
        found: String,
    },
    /// A tier that has neither intervals nor points.
    #[error("unknown class of tier `{found}`")]
    TierClass {
        /// Class in the file.
        found: String,
    },
    /// A string without its closing quote.
    #[error("a string without a closing quote")]
    OpenString,
    /// Unexpected token.
    #[error("{found}, expected {expected}")]
    Token {
        /// The token.
        found: FoundToken,
        /// Meaning of the expected token.
        expected: &'static str,
    },
    /// Text after the last tier.
    #[error("text after the number of tiers and intervals that the file states")]
    Trailing,
}

/// Fault of a text that is not a TextGrid, with its line.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct BrokenTextGrid {
    /// Line where reading stopped, from 1.
    pub line: usize,
    /// Fault.
    pub fault: TextGridFault,
}

/// Token at which parsing stopped.
#[derive(Debug, Clone, PartialEq)]
pub enum FoundToken {
    /// End of the file.
    End,
    /// A number.
    Number(f64),
    /// A quoted string.
    Text(String),
    /// A flag in `<>`.
    Flag(String),
}

impl std::fmt::Display for FoundToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::End => f.write_str("the file ends"),
            Self::Number(number) => write!(f, "found the number {number}"),
            Self::Text(text) => write!(f, "found the text `{text}`"),
            Self::Flag(flag) => write!(f, "found the flag `{flag}`"),
        }
    }
}

fn decode(bytes: &[u8]) -> Result<String, TextGridFault> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|b| unit([b[0], b[1]])).collect();
        String::from_utf16(&units).map_err(TextGridFault::NotUtf16)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            std::str::from_utf8(bytes).map(str::to_owned).map_err(TextGridFault::NotUtf8)
        }
    }
}

fn parse(text: &str) -> Result<TextGrid, BrokenTextGrid> {
    // The reported line of a truncated file is its last line, not the empty line after it.
    let mut tokens = Tokens { rest: text.trim_end(), line: 1 };
    let kind = tokens.string("the file type")?;
    if !kind.starts_with(FILE_TYPE) {
        return Err(tokens.broken(TextGridFault::FileType { found: kind }));
    }
    let class = tokens.string("the object class")?;
    if class != OBJECT_CLASS {
        return Err(tokens.broken(TextGridFault::ObjectClass { found: class }));
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
            _ => return Err(tokens.broken(TextGridFault::TierClass { found: class })),
        }
    }
    match tokens.next()? {
        None => Ok(TextGrid { end_s, tiers, point_tiers }),
        Some(_) => Err(tokens.broken(TextGridFault::Trailing)),
    }
}

#[derive(Debug)]
enum Token<'a> {
    Number(f64),
    Text(String),
    Flag(&'a str),
}

/// Iterator over the tokens of a text, with the current line.
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
    fn next(&mut self) -> Result<Option<Token<'a>>, BrokenTextGrid> {
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

    /// Reads the quoted string at the current position. A quote within the string is doubled.
    fn quoted(&mut self) -> Result<String, BrokenTextGrid> {
        let opened = self.line;
        let mut text = String::new();
        self.skip(1);
        loop {
            let Some(end) = self.rest.find('"') else {
                let fault = TextGridFault::OpenString;
                return Err(BrokenTextGrid { line: opened, fault });
            };
            text.push_str(self.skip(end));
            self.skip(1);
            if !self.rest.starts_with('"') {
                return Ok(text);
            }
            text.push_str(self.skip(1));
        }
    }

    fn broken(&self, fault: TextGridFault) -> BrokenTextGrid {
        BrokenTextGrid { line: self.line, fault }
    }

    fn wrong<T>(
        &self,
        expected: &'static str,
        got: Option<Token<'_>>,
    ) -> Result<T, BrokenTextGrid> {
        let found = match got {
            None => FoundToken::End,
            Some(Token::Number(number)) => FoundToken::Number(number),
            Some(Token::Text(text)) => FoundToken::Text(text),
            Some(Token::Flag(flag)) => FoundToken::Flag(flag.to_owned()),
        };
        Err(self.broken(TextGridFault::Token { found, expected }))
    }

    fn number(&mut self, expected: &'static str) -> Result<f64, BrokenTextGrid> {
        match self.next()? {
            Some(Token::Number(number)) if number.is_finite() => Ok(number),
            other => self.wrong(expected, other),
        }
    }

    fn count(&mut self, expected: &'static str) -> Result<usize, BrokenTextGrid> {
        let number = self.number(expected)?;
        if number < 0.0 || number.fract() != 0.0 {
            return self.wrong(expected, Some(Token::Number(number)));
        }
        Ok(number as usize)
    }

    fn string(&mut self, expected: &'static str) -> Result<String, BrokenTextGrid> {
        match self.next()? {
            Some(Token::Text(text)) => Ok(text),
            other => self.wrong(expected, other),
        }
    }

    fn flag(&mut self, expected: &'static str) -> Result<(), BrokenTextGrid> {
        match self.next()? {
            Some(Token::Flag(flag)) if flag == expected => Ok(()),
            other => self.wrong(expected, other),
        }
    }

    fn intervals(&mut self, size: usize) -> Result<Vec<TierInterval>, BrokenTextGrid> {
        // No memory is reserved, since the count in the file may be wrong.
        let mut intervals = Vec::new();
        for _ in 0..size {
            let start_s = self.number("the start of an interval")?;
            let end_s = self.number("the end of an interval")?;
            let label = self.string("the label of an interval")?.trim().to_owned();
            intervals.push(TierInterval { start_s, end_s, label });
        }
        Ok(intervals)
    }
}
