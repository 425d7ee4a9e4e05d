//! Pronunciations written in the text between slashes.

use std::ops::Range;

use crate::inventory::Phone;
use crate::user_lexicon::pronunciation;

/// Longest recognized transcription, bytes.
const LONGEST_BYTES: usize = 160;

/// First placeholder of inline pronunciations: each is replaced by a private-use character, which normalization does
/// not change.
const FIRST_PLACEHOLDER: u32 = 0xF_0000;
const LAST_PLACEHOLDER: u32 = 0xF_FFFD;

/// An inline pronunciation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Inline {
    /// Pronunciation as written, with its slashes.
    pub(crate) written: String,
    pub(crate) phones: Vec<Phone>,
}

/// Replaces the inline pronunciations of a text by placeholders, and removes placeholder characters from the remaining
/// text.
///
/// HTML entities (`&amp;`) are replaced by their characters.
pub(crate) fn extract(text: &str) -> (String, Vec<Inline>) {
    let text = html_escape::decode_html_entities(text);
    let text = text.as_ref();
    let mut out = String::with_capacity(text.len());
    let mut inlines = Vec::new();
    let mut done = 0;
    let plain = |c: &char| placeholder_index(*c).is_none();
    for span in inline_spans(text) {
        let written = &text[span.clone()];
        let (Ok(phones), Some(placeholder)) = (pronunciation(written), placeholder(inlines.len()))
        else {
            continue;
        };
        out.extend(text[done..span.start].chars().filter(plain));
        out.push(placeholder);
        done = span.end;
        inlines.push(Inline { written: written.to_owned(), phones });
    }
    out.extend(text[done..].chars().filter(plain));
    (out, inlines)
}

fn placeholder(index: usize) -> Option<char> {
    let code = FIRST_PLACEHOLDER + u32::try_from(index).ok()?;
    (code <= LAST_PLACEHOLDER).then(|| char::from_u32(code)).flatten()
}

/// Returns the index of a placeholder's pronunciation.
pub(crate) fn placeholder_index(c: char) -> Option<usize> {
    let code = u32::from(c);
    (FIRST_PLACEHOLDER..=LAST_PLACEHOLDER)
        .contains(&code)
        .then(|| (code - FIRST_PLACEHOLDER) as usize)
}

/// Returns the byte ranges of the inline pronunciations of a text, slashes included.
///
/// An inline pronunciation is valid ARPAbet or IPA, and no letter or digit follows it. `and/or`, `km/h`, dates and
/// paths are therefore not matched.
pub(crate) fn inline_spans(text: &str) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    let mut slashes = text.match_indices('/').map(|(at, _)| at).peekable();
    while let Some(start) = slashes.next() {
        let Some(&end) = slashes.peek() else { break };
        if end - start > LONGEST_BYTES || !may_begin(&text[..start]) {
            continue;
        }
        let follows = text[end + 1..].chars().next();
        if follows.is_some_and(|c| c.is_alphanumeric() || c == '/') {
            continue;
        }
        let inner = &text[start + 1..end];
        if !inner.trim().is_empty() && pronunciation(&text[start..=end]).is_ok() {
            spans.push(start..end + 1);
            slashes.next();
        }
    }
    spans
}

/// Whether a pronunciation may begin after the text `before`: at the start of the text, after a space or bracket, or
/// directly after a word that is not part of a path or address.
fn may_begin(before: &str) -> bool {
    let opens = |c: Option<char>| {
        c.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '[' | '"' | '“' | '‘' | '\''))
    };
    let word =
        before.trim_end_matches(|c: char| c.is_alphabetic() || matches!(c, '\'' | '’' | '-'));
    opens(before.chars().next_back()) || opens(word.chars().next_back())
}
