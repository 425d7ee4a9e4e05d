//! Distinction of line ends that end a section of text from those within running prose.

use super::numbers::cardinal;
use crate::abbreviations::{Surroundings, find};

/// Character that replaces a line end which ends a section of text.
pub(crate) const BREAK: char = '\u{2029}';

/// Shortest line that counts as filled to the margin, characters.
const FILLED_CHARS: usize = 45;

/// Words after which a sentence continues in the next line, even if that begins with a capital.
const OPEN_WORDS: &[&str] = &[
    "a", "an", "the", "of", "and", "or", "to", "at", "by", "for", "from", "with", "into", "near",
    "my", "our", "your", "his", "her", "their", "its", "that", "than", "as", "is", "are", "was",
    "were", "when", "if", "because", "but", "named", "called",
];

/// Returns the offsets of the line ends that end a section of text, in order. Time is linear in the text.
///
/// A section ends at a blank line, and at the end of a list item, a heading or a line of verse. A line end is within
/// running prose if the next line begins in lower case, or if the line is filled to the margin or ends within a phrase.
/// Line feeds, carriage returns and the separators of Unicode are line ends; a paragraph separator always ends a
/// section.
pub(crate) fn breaks(text: &str) -> Vec<usize> {
    let mut breaks = Vec::new();
    let mut block: Vec<Line<'_>> = Vec::new();
    let mut start = 0;
    let ends = text.char_indices().filter(|&(at, c)| is_line_end(c, &text[at..]));
    for (at, c) in ends.map(|(at, c)| (at, Some(c))).chain([(text.len(), None)]) {
        let line = Line::new(&text[start..at], c.map(|_| at));
        start = at + c.map_or(0, char::len_utf8);
        let is_blank = line.text.is_empty();
        if is_blank {
            close(&mut block, &mut breaks);
            breaks.extend(line.end);
        } else {
            block.push(line);
        }
        if !is_blank && matches!(c, Some(BREAK | '\u{C}')) {
            close(&mut block, &mut breaks);
        }
    }
    close(&mut block, &mut breaks);
    breaks
}

/// Whether a character, the first of `rest`, ends a line. The `\r` of `\r\n` does not.
fn is_line_end(c: char, rest: &str) -> bool {
    match c {
        '\r' => !rest.starts_with("\r\n"),
        _ => matches!(c, '\n' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | BREAK),
    }
}

/// A line without surrounding white space and without the `>` of quoted mail.
struct Line<'t> {
    text: &'t str,
    /// Number of `>` before the line.
    depth: usize,
    /// Offset of its line end; `None` at the end of the text.
    end: Option<usize>,
}

impl<'t> Line<'t> {
    fn new(line: &'t str, end: Option<usize>) -> Self {
        let line = line.trim();
        let text = line.trim_start_matches(['>', ' ']);
        Self { text, depth: line[..line.len() - text.len()].matches('>').count(), end }
    }

    fn chars(&self) -> usize {
        self.text.chars().count()
    }

    /// Whether the line ends within a phrase, such as after "of" or after the dot of a title.
    fn is_open(&self, next: &str) -> bool {
        let last = self.text.rsplit(char::is_whitespace).next().unwrap_or_default();
        if let Some(word) = last.strip_suffix('.') {
            let around = Surroundings { previous: "", after: next };
            return find(word, true, around).is_some_and(|known| !known.may_end);
        }
        OPEN_WORDS.contains(&last)
    }
}

/// Appends the ends of sections in a paragraph, including its own end.
fn close(block: &mut Vec<Line<'_>>, breaks: &mut Vec<usize>) {
    let longest = block.iter().map(Line::chars).max().unwrap_or(0);
    let all_filled = block.iter().rev().skip(1).all(|line| line.chars() >= FILLED_CHARS);
    for pair in block.windows(2) {
        let (line, next) = (&pair[0], &pair[1]);
        let first_word = next.text.split_whitespace().next().unwrap_or_default().chars().count();
        let filled =
            line.chars() >= FILLED_CHARS && (all_filled || line.chars() + 1 + first_word > longest);
        let goes_on = next.text.starts_with(char::is_lowercase)
            || line.is_open(next.text)
            || filled && !is_item(line.text) && !ends_sentence(line.text);
        let broken =
            line.depth != next.depth || is_item(next.text) && !is_initial(next.text) || !goes_on;
        breaks.extend(line.end.filter(|_| broken));
    }
    breaks.extend(block.last().and_then(|line| line.end));
    block.clear();
}

fn is_item(line: &str) -> bool {
    item_marker(line).is_some()
}

/// Whether a line begins with a single capital and a dot, which may be the initial of a name.
fn is_initial(line: &str) -> bool {
    let mut chars = line.chars();
    chars.next().is_some_and(|c| c.is_ascii_uppercase()) && chars.next() == Some('.')
}

fn ends_sentence(line: &str) -> bool {
    line.ends_with(['.', '?', '!', ':', ';', '…', '"', '”', '’', ')'])
}

/// Returns the length of a list item's marker at the start of a line: `-`, `*`, `•`, `1.`, `2)`, `(c)`, `b.`, `IV.`.
pub(crate) fn item_marker(line: &str) -> Option<usize> {
    const BULLETS: [char; 9] = ['-', '*', '+', '•', '‣', '◦', '▪', '–', '·'];
    let spaced = |length: usize| line[length..].starts_with([' ', '\t']).then_some(length);
    if let Some(bullet) = line.chars().next().filter(|c| BULLETS.contains(c)) {
        let end = line.find(['\n', BREAK]).unwrap_or(line.len());
        let is_drawn = line[..end].chars().all(|c| c == bullet || c.is_whitespace());
        return spaced(bullet.len_utf8()).filter(|_| !is_drawn);
    }
    let opened = line.strip_prefix('(').unwrap_or(line);
    let label = label(opened)?;
    let closer = opened[label.len()..].chars().next().filter(|c| matches!(c, ')' | '.'))?;
    let bare = opened.len() == line.len();
    let after = &opened[label.len() + 1..];
    let fits = closer == ')'
        || closer == '.' && bare && (is_digits(label) || is_dotted_label(label, after));
    if fits { spaced(line.len() - opened.len() + label.len() + 1) } else { None }
}

fn is_digits(label: &str) -> bool {
    label.bytes().all(|b| b.is_ascii_digit())
}

/// Returns the label of an item at the start of a text: a number, a letter, a roman numeral.
fn label(text: &str) -> Option<&str> {
    const LONGEST_NUMBER: usize = 3;
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    let label = &text[..end];
    let fits = match label.len() {
        0 => false,
        length if is_digits(label) => length <= LONGEST_NUMBER,
        1 => true,
        _ => numeral(label).is_some(),
    };
    fits.then_some(label)
}

/// Returns the value of a roman numeral up to twenty; `None` for another label.
fn numeral(label: &str) -> Option<usize> {
    const NUMERALS: [&str; 20] = [
        "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv",
        "xv", "xvi", "xvii", "xviii", "xix", "xx",
    ];
    let is_upper = label.bytes().all(|b| b.is_ascii_uppercase());
    let lower = if is_upper { label.to_ascii_lowercase() } else { label.to_owned() };
    NUMERALS.iter().position(|known| *known == lower).map(|at| at + 1)
}

/// Whether a letter or numeral with a dot is the label of an item, not an initial (`J. K. Rowling`), a page (`p. 5`) or
/// an abbreviation (`i. e.`).
fn is_dotted_label(label: &str, after: &str) -> bool {
    let mut next = after.trim_start().chars();
    let (first, second) = (next.next(), next.next());
    let initial = first.is_some_and(char::is_alphabetic) && second == Some('.');
    let number = first.is_some_and(|c| c.is_ascii_digit());
    !(initial || number && matches!(label, "p" | "c" | "v" | "n"))
}

/// Returns the length and the spoken form of an item's label at the start of a line: a letter by its name (`a.`), a
/// roman numeral as a number (`iv.`). Returns `None` if the label has no special spoken form.
pub(super) fn spoken_label(line: &str) -> Option<(usize, String)> {
    let opened = line.strip_prefix('(').unwrap_or(line);
    let lead = line.len() - opened.len();
    item_marker(line)?;
    let label = label(opened).filter(|label| !is_digits(label))?;
    if label.len() == 1 && label.bytes().all(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let said = match numeral(label) {
        Some(value) => cardinal(value),
        None => label.to_ascii_uppercase(),
    };
    Some((lead + label.len(), said))
}

/// Replaces the line ends that end a section by [`BREAK`], and all others by line feeds.
pub(super) fn mark_breaks(text: &str) -> String {
    let mut breaks = breaks(text).into_iter().peekable();
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        out.push(match breaks.next_if_eq(&at) {
            Some(_) => BREAK,
            None if is_line_end(c, &text[at..]) => '\n',
            None => c,
        });
    }
    out
}
