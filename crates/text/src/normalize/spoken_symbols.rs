//! Spoken names of symbols and emoji outside ASCII.

/// Emoticon of a shrugging person.
const SHRUG: &str = "¯\\_(ツ)_/¯";

/// Longest emoji sequence, characters.
const LONGEST_EMOJI: usize = 10;

/// Names of symbols that are not emoji, or whose spoken name differs from the emoji name.
const NAMES: &[(char, &str)] = &[
    ('©', "copyright"),
    ('®', "registered"),
    ('™', "trademark"),
    ('℠', "service mark"),
    ('†', "dagger"),
    ('‡', "double dagger"),
    ('¶', "paragraph"),
    ('¬', "not"),
    ('∓', "minus or plus"),
    ('≈', "about"),
    ('≤', "less than or equal to"),
    ('≥', "greater than or equal to"),
    ('≠', "is not equal to"),
    ('≡', "is identical to"),
    ('→', "to"),
    ('←', "left arrow"),
    ('↑', "up arrow"),
    ('↓', "down arrow"),
    ('⇒', "implies"),
    ('⇔', "if and only if"),
    ('∞', "infinity"),
    ('√', "square root of"),
    ('∛', "cube root of"),
    ('∑', "sum"),
    ('∏', "product"),
    ('∫', "integral"),
    ('∂', "partial"),
    ('∇', "nabla"),
    ('∆', "delta"),
    ('∈', "in"),
    ('∉', "not in"),
    ('∀', "for all"),
    ('∃', "there exists"),
    ('∅', "empty set"),
    ('∩', "intersection"),
    ('∪', "union"),
    ('⊂', "subset of"),
    ('⊆', "subset of or equal to"),
    ('∧', "and"),
    ('∨', "or"),
    ('∝', "proportional to"),
    ('∠', "angle"),
    ('⊥', "perpendicular to"),
    ('∥', "parallel to"),
    ('∴', "therefore"),
    ('∵', "because"),
    ('‰', "per mille"),
    ('℃', "degrees celsius"),
    ('℉', "degrees fahrenheit"),
    ('♭', "flat"),
    ('♮', "natural"),
    ('♯', "sharp"),
    ('♪', "musical note"),
    ('♫', "musical notes"),
    ('✓', "check mark"),
    ('✔', "check mark"),
    ('✗', "cross mark"),
    ('✘', "cross mark"),
    ('★', "star"),
    ('☆', "star"),
    ('♥', "heart"),
    ('♡', "heart"),
    ('♀', "female sign"),
    ('♂', "male sign"),
    ('α', "alpha"),
    ('β', "beta"),
    ('γ', "gamma"),
    ('δ', "delta"),
    ('ε', "epsilon"),
    ('ζ', "zeta"),
    ('η', "eta"),
    ('θ', "theta"),
    ('ι', "iota"),
    ('κ', "kappa"),
    ('λ', "lambda"),
    ('μ', "mu"),
    ('ν', "nu"),
    ('ξ', "xi"),
    ('π', "pi"),
    ('ρ', "rho"),
    ('σ', "sigma"),
    ('τ', "tau"),
    ('υ', "upsilon"),
    ('φ', "phi"),
    ('χ', "chi"),
    ('ψ', "psi"),
    ('ω', "omega"),
];

/// Returns the number of bytes and the spoken name of the symbol or emoji at the start of a text.
pub(super) fn name_at(text: &str) -> Option<(usize, &'static str)> {
    let first = text.chars().next().filter(|c| !c.is_ascii())?;
    let lower = first.to_lowercase().next().unwrap_or(first);
    if text.starts_with(SHRUG) {
        return Some((SHRUG.len(), "shrug"));
    }
    let variation = text[first.len_utf8()..].starts_with('\u{FE0F}');
    if let Some((_, name)) = NAMES.iter().find(|(symbol, _)| *symbol == lower) {
        return Some((first.len_utf8() + if variation { '\u{FE0F}'.len_utf8() } else { 0 }, name));
    }
    let ends = text.char_indices().skip(1).map(|(at, _)| at).chain([text.len()]);
    let lengths: Vec<usize> = ends.take(LONGEST_EMOJI).collect();
    let found = |&length: &usize| {
        emojis::get(&text[..length]).map(|emoji| (length, without_skin_tone(emoji.name())))
    };
    lengths.iter().rev().find_map(found)
}

/// Returns the name of an emoji without its skin tone: `thumbs up: medium skin tone`.
fn without_skin_tone(name: &str) -> &str {
    match name.split_once(": ") {
        Some((plain, tone)) if tone.ends_with("skin tone") => plain,
        _ => name,
    }
}

/// Whether a character is punctuation or layout, which is neither spoken nor reported as left out.
pub(super) fn is_silent(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(u32::from(c),
            0xA1 | 0xAB | 0xAD | 0xB7 | 0xBB | 0xBF | 0x2010..=0x206F | 0x2190 | 0x2500..=0x259F
            | 0x25A0 | 0x25A1 | 0x25AA | 0x25AB | 0x25B8 | 0x25BA | 0x25C6 | 0x25C7 | 0x25CB | 0x25CF
            | 0x2E00..=0x2E7F | 0x3000..=0x303F | 0xFE00..=0xFE6F | 0xFEFF | 0xFF01..=0xFF0F
            | 0x1F3FB..=0x1F3FF | 0xE0000..=0xE007F)
}
