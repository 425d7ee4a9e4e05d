//! Line ends: those that end a piece of text, and those of running prose.

/// Stands in place of a line end that ends a piece of text.
pub(crate) const BREAK: char = '\u{2029}';

/// Lines shorter than this are not filled to a margin, characters.
const FILLED_CHARS: usize = 45;

/// Returns the offsets of the line feeds that end a piece of text, in order. Time is linear in the text.
///
/// Blank lines do, as do the ends of list items, headings and lines of verse. A line end inside running prose does not:
/// its next line begins in lower case, or the lines of its paragraph are filled to a margin.
pub(crate) fn breaks(text: &str) -> Vec<usize> {
    let mut breaks = Vec::new();
    let mut block: Vec<Line<'_>> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let line = Line { text: line.trim(), feed: (start + line.len()).checked_sub(1) };
        start += line.feed.map_or(0, |feed| feed + 1 - start);
        if line.text.is_empty() {
            close(&mut block, &mut breaks);
            breaks.extend(line.feed.filter(|&feed| text.as_bytes().get(feed) == Some(&b'\n')));
        } else {
            block.push(line);
        }
    }
    close(&mut block, &mut breaks);
    breaks.retain(|&at| text.as_bytes().get(at) == Some(&b'\n'));
    breaks
}

/// A line without the white space at its ends.
struct Line<'t> {
    text: &'t str,
    /// Offset of its last byte, a line feed except at the end of the text.
    feed: Option<usize>,
}

/// Appends the breaks of a paragraph, its end included.
fn close(block: &mut Vec<Line<'_>>, breaks: &mut Vec<usize>) {
    let prose = is_prose(block);
    for pair in block.windows(2) {
        let (line, next) = (&pair[0], &pair[1]);
        let goes_on = next.text.starts_with(char::is_lowercase);
        let ended = line.text.ends_with(['.', '?', '!', ':', ';', '…', '"', '”', '’', ')']);
        let broken = item_marker(next.text).is_some()
            || !goes_on && (!prose || item_marker(line.text).is_some() || ended);
        breaks.extend(line.feed.filter(|_| broken));
    }
    breaks.extend(block.last().and_then(|line| line.feed));
    block.clear();
}

/// Whether the lines of a paragraph are prose that a margin broke.
fn is_prose(block: &[Line<'_>]) -> bool {
    let continued = block.iter().skip(1).any(|line| line.text.starts_with(char::is_lowercase));
    let filled = block.len() > 1
        && block[..block.len() - 1].iter().all(|line| line.text.chars().count() >= FILLED_CHARS);
    continued || filled
}

/// Returns the length of the marker of a list item at the start of a line: `-`, `*`, `•`, `1.`, `2)`, `(c)`.
pub(crate) fn item_marker(line: &str) -> Option<usize> {
    const BULLETS: [char; 9] = ['-', '*', '+', '•', '‣', '◦', '▪', '–', '·'];
    const LONGEST_NUMBER: usize = 3;
    let spaced = |length: usize| line[length..].starts_with([' ', '\t']).then_some(length);
    if let Some(bullet) = line.chars().next().filter(|c| BULLETS.contains(c)) {
        return spaced(bullet.len_utf8());
    }
    let opened = line.strip_prefix('(').unwrap_or(line);
    let digits = opened.bytes().take_while(u8::is_ascii_digit).count();
    let label = match digits {
        0 if opened.starts_with(|c: char| c.is_ascii_alphabetic()) => 1,
        1..=LONGEST_NUMBER => digits,
        _ => return None,
    };
    let closer = opened[label..].chars().next()?;
    let fits = closer == ')' || closer == '.' && digits > 0 && opened.len() == line.len();
    if fits { spaced(line.len() - opened.len() + label + 1) } else { None }
}

/// Returns the text with [`BREAK`] in place of the line ends that end a piece.
pub(super) fn mark_breaks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for at in breaks(text) {
        out.push_str(&text[done..at]);
        out.push(BREAK);
        done = at + 1;
    }
    out.push_str(&text[done..]);
    out
}
