//! Detection of the script of a text.

use crate::error::TextError;

/// Share of letters outside the Latin script above which a text is an error.
const MOST: f64 = 0.5;

/// Number of examined characters; the beginning is representative of a long text.
const SAMPLE_CHARS: usize = 4000;

/// Scripts by ranges of code points, for the error.
const SCRIPTS: &[(u32, u32, &str)] = &[
    (0x0370, 0x03FF, "Greek"),
    (0x1F00, 0x1FFF, "Greek"),
    (0x0400, 0x052F, "Cyrillic"),
    (0x0530, 0x058F, "Armenian"),
    (0x0590, 0x05FF, "Hebrew"),
    (0x0600, 0x06FF, "Arabic"),
    (0x0750, 0x077F, "Arabic"),
    (0x0900, 0x097F, "Devanagari"),
    (0x0980, 0x09FF, "Bengali"),
    (0x0B80, 0x0BFF, "Tamil"),
    (0x0C00, 0x0C7F, "Telugu"),
    (0x0E00, 0x0E7F, "Thai"),
    (0x10A0, 0x10FF, "Georgian"),
    (0x1100, 0x11FF, "Korean"),
    (0x3040, 0x30FF, "Japanese"),
    (0x4E00, 0x9FFF, "Chinese or Japanese"),
    (0x3400, 0x4DBF, "Chinese or Japanese"),
    (0xAC00, 0xD7AF, "Korean"),
];

/// Checks that a text is mostly in Latin letters.
///
/// # Errors
/// [`TextError::NotEnglish`] with the script and the first word in it.
pub(crate) fn check(text: &str) -> Result<(), TextError> {
    let (mut letters, mut foreign) = (0_usize, 0_usize);
    // Signs of units: `10 μs`, `5 Ω`.
    let counts = |c: &char| c.is_alphabetic() && !matches!(c, 'μ' | 'Ω');
    for c in text.chars().take(SAMPLE_CHARS).filter(counts) {
        letters += 1;
        foreign += usize::from(!is_latin(c));
    }
    if letters == 0 || (foreign as f64) < MOST * letters as f64 {
        return Ok(());
    }
    let is_foreign = |c: char| c.is_alphabetic() && !is_latin(c);
    let piece: &str =
        text.split_whitespace().find(|word| word.contains(is_foreign)).unwrap_or_default();
    let first = piece.chars().find(|&c| is_foreign(c)).unwrap_or_default();
    const PIECE_CHARS: usize = 12;
    Err(TextError::NotEnglish {
        script: script_of(first),
        piece: piece.chars().take(PIECE_CHARS).collect(),
    })
}

/// Whether a character is a Latin letter, with accents or in a compatibility form, or an IPA letter.
fn is_latin(c: char) -> bool {
    matches!(u32::from(c),
        0x41..=0x5A | 0x61..=0x7A | 0xAA | 0xB5 | 0xBA | 0xC0..=0x2FF | 0x1D00..=0x1DBF
        | 0x1E00..=0x1EFF | 0x2070..=0x209F | 0x2100..=0x218F | 0x2C60..=0x2C7F
        | 0xA720..=0xA7FF | 0xFB00..=0xFB06 | 0xFF21..=0xFF5A | 0x1D400..=0x1D7FF
        | 0x1F100..=0x1F2FF)
}

fn script_of(c: char) -> &'static str {
    let code = u32::from(c);
    SCRIPTS
        .iter()
        .find(|(first, last, _)| (*first..=*last).contains(&code))
        .map_or("in a script other than Latin", |(.., name)| name)
}
