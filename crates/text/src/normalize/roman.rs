//! Roman numerals, where the word before them makes them numbers.

use super::cursor::{Cursor, Match, pattern};
use super::numbers::{cardinal, ordinal};

pattern!(NUMERAL, r"([IVXLC]+)('s)?");

/// After these a numeral counts, `I` included.
const COUNTED: &[&str] = &[
    "chapter", "part", "volume", "book", "section", "article", "act", "scene", "war", "phase",
    "type", "stage", "grade", "class", "level", "appendix", "title", "canto", "verse", "unit",
    "lesson", "figure", "table", "vol", "ch", "chap", "sec", "art", "no", "fig", "division",
    "bowl", "mark", "category", "tier", "episode", "season", "round", "factor",
];

/// Names of rulers: the numeral is an ordinal.
const RULERS: &[&str] = &[
    "henry",
    "louis",
    "elizabeth",
    "george",
    "edward",
    "charles",
    "richard",
    "william",
    "james",
    "john",
    "paul",
    "pius",
    "benedict",
    "francis",
    "philip",
    "catherine",
    "peter",
    "alexander",
    "nicholas",
    "napoleon",
    "frederick",
    "leo",
    "gregory",
    "clement",
    "innocent",
    "mary",
    "ivan",
    "otto",
    "ramses",
    "ptolemy",
    "darius",
    "xerxes",
    "wilhelm",
    "friedrich",
    "carl",
    "karl",
    "gustav",
    "christian",
    "albert",
    "leopold",
    "alfonso",
    "ferdinand",
    "umberto",
    "emmanuel",
    "urban",
    "boniface",
    "sixtus",
    "julius",
    "robert",
    "david",
    "malcolm",
    "stephen",
    "haakon",
    "harald",
    "olav",
    "juan",
    "carlos",
    "joseph",
    "franz",
    "maria",
    "margaret",
    "victoria",
    "abdullah",
    "mohammed",
    "hassan",
    "tutmose",
    "amenhotep",
];

/// After a numeral these make it an ordinal.
const CENTURIES: &[&str] = &["century", "centuries", "dynasty", "olympiad", "corps", "army"];

/// Verbalizes the numeral at the cursor.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    let found = NUMERAL.captures(cursor.rest)?;
    let (length, written) = (found[0].len(), &found[1]);
    if !cursor.ends(length)
        || cursor.char_after(length) == Some('.') && written.len() == 1 && !is_last(cursor, length)
    {
        return None;
    }
    let value = value(written)?;
    let previous = cursor.previous.to_ascii_lowercase();
    let possessive = if found.get(2).is_some() { "'s" } else { "" };
    let said = if COUNTED.contains(&previous.as_str()) {
        cardinal(value)
    } else if is_ruler(cursor, &previous, written, length) {
        format!("the {}", ordinal(value))
    } else if CENTURIES.contains(&cursor.word_after(length)) && written.len() > 1 {
        ordinal(value)
    } else if is_sequel(cursor, written) || is_unmistakable(written) {
        cardinal(value)
    } else {
        return None;
    };
    Some(Match::new(length, said + possessive))
}

/// Whether nothing but closing signs follows.
fn is_last(cursor: &Cursor<'_>, length: usize) -> bool {
    cursor.word_after(length + 1).is_empty()
}

/// `Henry V`; `Henry I` only where `I` can't be the pronoun.
fn is_ruler(cursor: &Cursor<'_>, previous: &str, written: &str, length: usize) -> bool {
    let named =
        RULERS.contains(&previous) && cursor.previous.starts_with(|c: char| c.is_ascii_uppercase());
    let after = cursor.char_after(length);
    let closed = after.is_none_or(|c| !c.is_whitespace());
    let sure = written != "I"
        || closed
        || matches!(
            cursor.word_after(length),
            "of" | "was" | "and" | "died" | "reigned" | "ruled" | "became"
        );
    // `Malcolm X` was no king.
    named && sure && !(previous == "malcolm" && written == "X")
}

/// `Rocky II`: two signs or more of I, V and X after a capitalised word.
fn is_sequel(cursor: &Cursor<'_>, written: &str) -> bool {
    let mut before = cursor.previous.chars();
    let capitalised = before.next().is_some_and(|c| c.is_ascii_uppercase())
        && before.next().is_some_and(|c| c.is_ascii_lowercase());
    capitalised && written.len() > 1 && written.bytes().all(|b| matches!(b, b'I' | b'V' | b'X'))
}

/// `III` and the like are nothing else, wherever they stand.
fn is_unmistakable(written: &str) -> bool {
    written.contains("II") || written.len() > 2 && written.contains('I')
}

/// Returns the value of a numeral in its usual form.
fn value(numeral: &str) -> Option<usize> {
    const SIGNS: [(&str, usize); 9] = [
        ("C", 100),
        ("XC", 90),
        ("L", 50),
        ("XL", 40),
        ("X", 10),
        ("IX", 9),
        ("V", 5),
        ("IV", 4),
        ("I", 1),
    ];
    const LARGEST: usize = 399;
    let mut value = 0;
    let mut rest = numeral;
    for (sign, worth) in SIGNS {
        let mut count = 0;
        while let Some(after) = rest.strip_prefix(sign) {
            let most = if sign.len() == 2 || matches!(sign, "V" | "L") { 1 } else { 3 };
            count += 1;
            if count > most {
                return None;
            }
            value += worth;
            rest = after;
        }
    }
    (rest.is_empty() && (1..=LARGEST).contains(&value)).then_some(value)
}
