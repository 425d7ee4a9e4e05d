//! Splitting of text into sentences.

use std::ops::Range;

use crate::abbreviations::{Surroundings, dot_ends_sentence, find, is_starter};
use crate::inline::inline_spans;
use crate::lexicon::is_common;
use crate::normalize::{breaks, is_dotted_unit, item_marker};

/// Default limit of a sentence, characters: about fifteen seconds of speech.
pub const DEFAULT_MAX_CHARS: usize = 240;

/// Splits a text into sentences of at most `max_chars` characters (at least 1), in order. Only white space at both ends
/// of a sentence is dropped.
///
/// Dots of abbreviations, initials, decimals and addresses don't end a sentence; quotation marks and brackets after the
/// final mark belong to it. A blank line always ends a sentence, as does the end of a list item, a heading or a line of
/// verse, but not a line end in running prose. A sentence that is too long is cut after a pause mark, else before a
/// conjunction, else between words, else anywhere. An inline pronunciation is not cut unless it exceeds the limit. Time
/// is linear in the length of the text.
pub fn split(text: &str, max_chars: usize) -> Vec<String> {
    let spans = inline_spans(text);
    let mut sentences = Vec::new();
    for range in boundaries(text, &spans) {
        cut_to_length(&text[range.clone()], range.start, max_chars.max(1), &spans, &mut sentences);
    }
    sentences
}

/// Returns the sentences of a text as byte ranges.
fn boundaries(text: &str, spans: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    let mut line_ends = breaks(text).into_iter().peekable();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = match c {
            '.' | '?' | '!' | '…' => {
                while chars.next_if(|(_, c)| is_mark_or_closer(*c)).is_some() {}
                let end = chars.peek().map_or(text.len(), |&(at, _)| at);
                (!inside(spans, at) && ends_sentence(text, start, at, end)).then_some(end)
            }
            c => line_ends.next_if_eq(&at).map(|_| at + c.len_utf8()),
        };
        if let Some(end) = end {
            ranges.push(start..end);
            start = end;
        }
    }
    ranges.push(start..text.len());
    ranges
}

fn is_mark_or_closer(c: char) -> bool {
    matches!(c, '.' | '?' | '!' | '…' | '"' | '\'' | '”' | '’' | ')' | ']' | '»')
}

fn inside(spans: &[Range<usize>], at: usize) -> bool {
    let next = spans.partition_point(|span| span.end <= at);
    spans.get(next).is_some_and(|span| span.contains(&at))
}

/// Length of the text around a dot that is examined for abbreviations, bytes.
const AROUND_BYTES: usize = 64;

/// Whether the punctuation at `at..end` ends the sentence that starts at `start`.
fn ends_sentence(text: &str, start: usize, at: usize, end: usize) -> bool {
    let after = window(text, end, end + AROUND_BYTES);
    let Some(next) = after.chars().next() else { return true };
    if !next.is_whitespace() {
        return false;
    }
    let following = after.trim_start().chars().next();
    let goes_on = following.is_some_and(|c| c.is_lowercase());
    let marks = &text[at..end];
    if marks.contains(['?', '!']) {
        // `"Stop!" he said` is one sentence, `What? no.` is two.
        return !(goes_on && marks.contains(['"', '”', '’']));
    }
    if goes_on && (marks.len() > 1 || marks == "…") {
        return false;
    }
    if marks.starts_with('.') && !marks.starts_with("..") {
        return dot_is_end(window(text, start.max(at.saturating_sub(AROUND_BYTES)), at), after);
    }
    true
}

/// Whether a single dot between `before` and `after` ends a sentence.
fn dot_is_end(before: &str, after: &str) -> bool {
    let token_start = before
        .rfind(|c: char| c.is_whitespace() || matches!(c, '(' | '"' | '“' | '\''))
        .map_or(0, |i| i + before[i..].chars().next().map_or(1, char::len_utf8));
    let token = &before[token_start..];
    // The label of an item at the start of a line: `1. First`, `IV. Results`.
    let line = before.rsplit(['\n', '\r', '\u{2028}', '\u{2029}']).next().unwrap_or_default();
    if line.trim_start_matches([' ', '\t', '>']) == token
        && item_marker(&format!("{token}.{after}")).is_some()
    {
        return false;
    }
    let previous = before[..token_start].split_whitespace().next_back().unwrap_or_default();
    let around = Surroundings { previous, after };
    if let Some(known) = find(token, true, around) {
        return known.may_end && dot_ends_sentence(after);
    }
    if is_shortened(token, previous, after) {
        return false;
    }
    let mut chars = token.chars();
    match (chars.next(), chars.next()) {
        // An initial, unless the next word often begins a sentence.
        (Some(c), None) if c.is_uppercase() && c != 'I' => is_starter(after),
        // `U.S.`
        (Some(c), Some('.')) if c.is_alphabetic() => dot_ends_sentence(after),
        // The number of an item: `1. First`.
        (Some(c), second) if previous.is_empty() && c.is_ascii_digit() => {
            !second.is_none_or(|c| c.is_ascii_digit())
        }
        _ => true,
    }
}

/// Whether the dot after a token marks an abbreviation: of a unit after a number (`5 ft. 10 in. tall`), or of a short
/// token that is not a common word, before a word in lower case (`abt. noon`).
fn is_shortened(token: &str, previous: &str, after: &str) -> bool {
    const LONGEST_CHARS: usize = 4;
    let next = after.trim_start().chars().next();
    let lower = next.is_some_and(char::is_lowercase);
    let counted = |word: &str| word.ends_with(|c: char| c.is_ascii_digit() || "½¼¾⅓⅔⅛".contains(c));
    let unit = token.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
    if is_dotted_unit(unit) {
        let measured = unit.len() < token.len() || counted(previous) || previous.ends_with('.');
        return measured && (lower || next.is_some_and(|c| c.is_ascii_digit()));
    }
    let letters = token.chars().all(char::is_alphabetic);
    lower && letters && token.chars().count() <= LONGEST_CHARS && !is_common(token)
}

/// Returns a range of a text, clipped to its length and to character boundaries.
fn window(text: &str, start: usize, end: usize) -> &str {
    let mut start = start.min(text.len());
    let mut end = end.min(text.len());
    while !text.is_char_boundary(start) {
        start += 1;
    }
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[start..end.max(start)]
}

/// Conjunctions before which a long sentence may be cut.
const CONJUNCTIONS: &[&str] = &[
    "and", "but", "or", "because", "which", "that", "when", "while", "so", "if", "who", "where",
    "although", "though", "since", "until", "unless", "then", "as", "than",
];

/// Appends a sentence in pieces of at most `max_chars` characters.
fn cut_to_length(
    sentence: &str,
    offset: usize,
    max_chars: usize,
    spans: &[Range<usize>],
    out: &mut Vec<String>,
) {
    let mut rest = sentence;
    loop {
        let begin = offset + (sentence.len() - rest.len());
        let lead = rest.len() - rest.trim_start().len();
        let (trimmed, begin) = (rest.trim(), begin + lead);
        let Some((limit, _)) = trimmed.char_indices().nth(max_chars) else {
            if !trimmed.is_empty() {
                out.push(trimmed.to_owned());
            }
            return;
        };
        let cut = cut_point(trimmed, limit, begin, spans);
        out.push(trimmed[..cut].trim_end().to_owned());
        rest = &rest[lead + cut..];
    }
}

/// Returns the offset (above 0) of a cut within the first `limit` bytes of a text.
fn cut_point(text: &str, limit: usize, offset: usize, spans: &[Range<usize>]) -> usize {
    let earliest = limit / 3;
    let (mut pause, mut conjunction, mut space) = (None, None, None);
    for (at, c) in text[..=last_char(text, limit)].char_indices() {
        if at == 0 || !c.is_whitespace() || inside(spans, offset + at) {
            continue;
        }
        space = Some(at);
        if at < earliest {
            continue;
        }
        if text[..at].ends_with([',', ';', ':', '—', '–']) || text[..at].ends_with(" -") {
            pause = Some(at);
        }
        let word = text[at..].split_whitespace().next().unwrap_or_default();
        if CONJUNCTIONS.contains(&word) {
            conjunction = Some(at);
        }
    }
    pause.or(conjunction).or(space).unwrap_or(limit)
}

/// Returns the end of the character at `limit`, so that a space directly at the limit is included.
fn last_char(text: &str, limit: usize) -> usize {
    limit + text[limit..].chars().next().map_or(0, |c| c.len_utf8() - 1)
}
