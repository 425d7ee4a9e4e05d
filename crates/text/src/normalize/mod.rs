//! English text as plain words: numbers, dates, money, units, abbreviations, letters and signs written out.
//!
//! What comes out has lower-case words, the pauses `,` `.` `?` `!`, and capitals only for letters that are said by
//! their names (`BBC` is `B B C`) and for `I`. Apostrophes and hyphens inside words stay.
//!
//! The text is walked once. Wherever a word, number or sign may begin, the rules of the modules below are asked in
//! turn, and the first one that fits takes as much as it understands. Rules see a bounded part of the text, so that the whole
//! is linear in its length.

mod acronyms;
mod cursor;
mod dates;
mod fold;
mod money;
mod numbers;
mod numerals;
mod phone_numbers;
mod roman;
mod scan;
mod shortened;
mod symbols;
mod times;
mod units;
mod web;

pub(crate) use dates::begins_with_month;
pub(crate) use scan::Piece;

/// A text with everything but words and pauses written out in words.
///
/// ```
/// use syrinx_text::normalize;
/// assert_eq!(normalize("It cost $5.50 on May 3rd."), "it cost five dollars and fifty cents on may third.");
/// ```
///
/// Inline pronunciations (`/.../`) stay as they are. Text in other scripts is dropped;
/// [`Frontend`](crate::Frontend) refuses it instead when it is most of the text.
pub fn normalize(text: &str) -> String {
    let (text, inlines) = crate::frontend::extract_inlines(text);
    let mut out = String::with_capacity(text.len());
    for piece in pieces(&text, &|_| false) {
        let inline = piece.said.chars().next().and_then(crate::frontend::placeholder_index);
        match inline.and_then(|index| inlines.get(index)) {
            Some(inline) => push_words(&mut out, &inline.written, piece.attached),
            None => push_words(&mut out, &piece.said, false),
        }
    }
    out
}

/// Append words with a space before them, and pauses without; of several pauses the strongest stays.
fn push_words(out: &mut String, said: &str, attached: bool) {
    if said.len() == 1
        && let Some(strength) = said.chars().next().and_then(pause_strength)
    {
        match out.chars().next_back().map(pause_strength) {
            None => {}
            Some(None) => out.push_str(said),
            Some(Some(there)) if there < strength => {
                out.pop();
                out.push_str(said);
            }
            Some(Some(_)) => {}
        }
        return;
    }
    if !out.is_empty() && !attached {
        out.push(' ');
    }
    out.push_str(said);
}

/// How strong a pause is, if the character is one.
pub(crate) fn pause_strength(mark: char) -> Option<u8> {
    match mark {
        ',' => Some(0),
        '.' => Some(1),
        '!' => Some(2),
        '?' => Some(3),
        _ => None,
    }
}

/// The pieces of a text in order. Words for which `is_kept` holds stay as they are written, whatever they look like.
pub(crate) fn pieces(text: &str, is_kept: &dyn Fn(&str) -> bool) -> Vec<Piece> {
    scan::Scanner::new(&fold::fold(text), is_kept).pieces()
}
