//! Unicode to the few characters the rules know.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Symbols outside ASCII that the rules know by themselves.
const KEPT: &str = "°£€¥₹¢§±×÷";

/// Fold quotes, dashes, spaces, accents, ligatures, compatibility forms; drop emoji and what has no English reading.
/// Time is linear in the text. Characters of the private planes pass (inline pronunciations stand there).
pub(super) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_ascii() {
            out.push(if c.is_ascii_control() && c != '\n' { ' ' } else { c });
        } else if c == 'µ' || c == 'μ' {
            // The micro sign of a unit, or the Greek letter.
            let unit = chars.peek().is_some_and(char::is_ascii_alphabetic);
            out.push_str(if unit { "μ" } else { " mu " });
        } else if let Some(said) = replacement(c) {
            // `2½` is two and a half.
            if said.contains('/') && out.ends_with(|c: char| c.is_ascii_digit()) {
                out.push(' ');
            }
            out.push_str(said);
        } else if KEPT.contains(c) || is_private(c) {
            out.push(c);
        } else {
            push_decomposed(&mut out, c);
        }
    }
    out
}

fn is_private(c: char) -> bool {
    u32::from(c) >= 0xF_0000
}

/// Accents off, compatibility forms resolved; what then is no ASCII becomes a space.
fn push_decomposed(out: &mut String, c: char) {
    if is_combining_mark(c) || is_invisible(c) {
        return;
    }
    let start = out.len();
    for part in std::iter::once(c).nfkd().filter(|&part| !is_combining_mark(part)) {
        match replacement(part) {
            Some(said) => out.push_str(said),
            None if part.is_ascii() || KEPT.contains(part) => out.push(part),
            None => {}
        }
    }
    if out.len() == start {
        out.push(' ');
    }
}

/// Joiners, marks of direction, soft hyphens, variation selectors.
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
        '·' | '•' | '‣' | '◦' | '▪' => " ",
        '™' | '®' | '©' | '℠' => " ",
        '№' => "no. ",
        '½' => "1/2",
        '⅓' => "1/3",
        '⅔' => "2/3",
        '¼' => "1/4",
        '¾' => "3/4",
        '⅕' => "1/5",
        '⅛' => "1/8",
        '⅜' => "3/8",
        '⅝' => "5/8",
        '⅞' => "7/8",
        '²' => "^2",
        '³' => "^3",
        '≈' => " about ",
        '≤' => " less than or equal to ",
        '≥' => " greater than or equal to ",
        '≠' => " is not equal to ",
        '→' => " to ",
        '∞' => " infinity ",
        '√' => " square root of ",
        '⁄' => "/",
        'º' | '˚' => "°",
        '‰' => " per mille ",
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
        'α' | 'Α' => " alpha ",
        'β' | 'Β' => " beta ",
        'γ' | 'Γ' => " gamma ",
        'δ' | 'Δ' => " delta ",
        'ε' | 'Ε' => " epsilon ",
        'θ' | 'Θ' => " theta ",
        'λ' | 'Λ' => " lambda ",
        'π' | 'Π' => " pi ",
        'ρ' | 'Ρ' => " rho ",
        'σ' | 'Σ' => " sigma ",
        'τ' | 'Τ' => " tau ",
        'φ' | 'Φ' => " phi ",
        'χ' | 'Χ' => " chi ",
        'ψ' | 'Ψ' => " psi ",
        'ω' | 'Ω' => " omega ",
        _ => return None,
    })
}
