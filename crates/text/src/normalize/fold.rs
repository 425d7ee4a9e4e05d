//! Folding of Unicode text to the characters that the rules support.

use super::lines::BREAK;
use super::{dashes, money, spoken_symbols};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Symbols outside ASCII that the rules support, in addition to currency symbols.
const KEPT: &str = "°§±×÷";

/// Folded text, and the symbols without a spoken name.
pub(super) struct Folded {
    pub(super) text: String,
    /// Symbols left out, once for each occurrence.
    pub(super) left_out: Vec<char>,
}

/// Folds quotes, dashes, spaces, accents, ligatures and compatibility forms, and replaces symbols and emoji by their
/// spoken names. Private-use characters, which are placeholders of inline pronunciations, and [`BREAK`] are unchanged.
/// Time is linear in the text.
pub(super) fn fold(text: &str) -> Folded {
    let mut folded = Folded { text: String::with_capacity(text.len()), left_out: Vec::new() };
    let mut rest = text;
    // Length of the output at the end of the last exponent. A superscript that follows directly belongs to the same
    // exponent.
    let mut exponent_end = usize::MAX;
    while let Some(c) = rest.chars().next() {
        let out = &mut folded.text;
        let mut taken = c.len_utf8();
        if matches!(c, '-' | '–' | '‒' | '—')
            && let Some(dash) = dashes::plain(out, c, &rest[taken..])
        {
            if dash.takes_spaces {
                out.truncate(out.trim_end_matches(' ').len());
                taken = rest.len() - rest[taken..].trim_start_matches(' ').len();
            }
            out.push_str(dash.plain);
        } else if c.is_ascii() {
            out.push(if c.is_ascii_control() && c != '\n' { ' ' } else { c });
        } else if matches!(c, 'µ' | 'μ' | 'Ω') && is_unit(out, &rest[taken..]) {
            out.push(if c == 'Ω' { c } else { 'μ' });
        } else if matches!(c, '°' | 'º') && is_number_sign(out, &rest[taken..]) {
            out.push_str("o. ");
        } else if c == BREAK
            || is_kept(c)
            || is_private(c)
            || is_prime_of_number(out, c, &rest[taken..])
        {
            out.push(c);
        } else if let Some(sign) = superscript(c).filter(|_| is_exponent(out, c)) {
            if exponent_end != out.len() {
                out.push('^');
            }
            out.push(sign);
            exponent_end = out.len();
        } else if let Some(said) = replacement(c) {
            // `2½` is two and a half.
            if said.len() > 1 && said.contains('/') && out.ends_with(|c: char| c.is_ascii_digit()) {
                out.push(' ');
            }
            out.push_str(said);
        } else if let Some((length, name)) = spoken_symbols::name_at(rest) {
            taken = length;
            push_name(out, name);
        } else {
            push_decomposed(&mut folded, c);
        }
        rest = &rest[taken..];
    }
    folded
}

/// Whether a micro or ohm sign is part of a unit: before a letter, or after a number or a unit prefix.
fn is_unit(before: &str, after: &str) -> bool {
    after.starts_with(|c: char| c.is_ascii_alphabetic())
        || before
            .trim_end_matches([' ', 'k', 'M', 'G', 'm'])
            .ends_with(|c: char| c.is_ascii_digit())
}

/// Whether a degree sign is the raised letter of `N° 5`.
fn is_number_sign(before: &str, after: &str) -> bool {
    let mut back = before.chars().rev();
    back.next() == Some('N')
        && back.next().is_none_or(|c| !c.is_alphanumeric())
        && after.trim_start().starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a prime is that of feet, inches, minutes or seconds: after a number, and not as the apostrophe of a plural.
fn is_prime_of_number(before: &str, c: char, after: &str) -> bool {
    let is_mark = c == '″' || c == '′' && !after.starts_with(['s', 'S']);
    is_mark && before.ends_with(|c: char| c.is_ascii_digit())
}

/// Returns the plain form of a superscript digit or minus.
fn superscript(c: char) -> Option<char> {
    Some(match c {
        '⁻' => '-',
        '⁰' => '0',
        '¹' => '1',
        '²' => '2',
        '³' => '3',
        '⁴'..='⁹' => char::from_digit(u32::from(c) - u32::from('⁰'), 10)?,
        _ => return None,
    })
}

/// Whether a superscript is an exponent: a square or cube, or after a number, a bracket or a single letter. After a
/// word it is the number of a footnote.
fn is_exponent(before: &str, sign: char) -> bool {
    let mut back = before.chars().rev();
    let (last, previous) = (back.next(), back.next());
    let variable =
        last.is_some_and(char::is_alphabetic) && previous.is_none_or(|c| !c.is_alphabetic());
    matches!(sign, '²' | '³')
        || last.is_some_and(|c| c.is_ascii_digit() || matches!(c, ')' | '-'))
        || variable
}

/// Appends a name without accents, surrounded by spaces.
fn push_name(out: &mut String, name: &str) {
    out.push(' ');
    out.extend(name.nfd().filter(|&c| !is_combining_mark(c)).map(|c| match c {
        '’' => '\'',
        '“' | '”' => '"',
        c if c.is_ascii() => c,
        _ => ' ',
    }));
    out.push(' ');
}

fn is_kept(c: char) -> bool {
    KEPT.contains(c) || money::names(c).is_some()
}

fn is_private(c: char) -> bool {
    u32::from(c) >= 0xF_0000
}

/// Appends a character without accents, in its compatibility decomposition. A result outside ASCII becomes a space.
fn push_decomposed(folded: &mut Folded, c: char) {
    if is_combining_mark(c) || is_invisible(c) {
        return;
    }
    // Small Roman numerals are read as the large ones.
    let c = if ('ⅰ'..='ⅿ').contains(&c) { c.to_uppercase().next().unwrap_or(c) } else { c };
    let out = &mut folded.text;
    let start = out.len();
    for part in std::iter::once(c).nfkd().filter(|&part| !is_combining_mark(part)) {
        match replacement(part) {
            Some(said) => out.push_str(said),
            None if part.is_ascii() || is_kept(part) => out.push(part),
            None => {}
        }
    }
    if out[start..].trim().is_empty() {
        out.push(' ');
        if !spoken_symbols::is_silent(c) {
            folded.left_out.push(c);
        }
    }
}

/// Whether a character is invisible: a joiner, direction mark, soft hyphen or variation selector.
fn is_invisible(c: char) -> bool {
    matches!(u32::from(c), 0xAD | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x2064 | 0xFE00..=0xFE0F | 0xFEFF)
}

fn replacement(c: char) -> Option<&'static str> {
    Some(match c {
        '‘' | '’' | '‛' | 'ʼ' | '′' | '´' | '`' | '＇' => "'",
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' => "\"",
        '‐' | '‑' | '‒' | '–' | '−' => "-",
        '—' | '―' | '⸺' => "--",
        '…' => "...",
        '‽' => "?",
        '·' | '•' | '‣' | '◦' | '▪' => " ",
        '№' => "no. ",
        '‱' => " per ten thousand ",
        'µ' => " mu ",
        '½' => "1/2",
        '⅓' => "1/3",
        '⅔' => "2/3",
        '¼' => "1/4",
        '¾' => "3/4",
        '⅕' => "1/5",
        '⅖' => "2/5",
        '⅗' => "3/5",
        '⅘' => "4/5",
        '⅙' => "1/6",
        '⅚' => "5/6",
        '⅐' => "1/7",
        '⅑' => "1/9",
        '⅒' => "1/10",
        '⅛' => "1/8",
        '⅜' => "3/8",
        '⅝' => "5/8",
        '⅞' => "7/8",
        '⁄' => "/",
        'º' | '˚' => "°",
        'ß' => "ss",
        'æ' => "ae",
        'Æ' => "Ae",
        'œ' => "oe",
        'Œ' => "Oe",
        'ø' => "o",
        'Ø' => "O",
        'ł' => "l",
        'Ł' => "L",
        'đ' => "d",
        'Đ' => "D",
        'ð' => "th",
        'Ð' => "Th",
        'þ' => "th",
        'Þ' => "Th",
        'ı' => "i",
        _ => return None,
    })
}
