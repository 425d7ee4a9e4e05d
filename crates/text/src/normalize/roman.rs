//! Roman numerals, identified by the word before them.

use super::capital_words::has;
use super::cursor::{Cursor, Match, pattern};
use super::numbers::{cardinal, ordinal, year};
use crate::abbreviations::is_starter;

pattern!(NUMERAL, r"([IVXLC]+)('s)?");
pattern!(SPAN, r"([IVXLC]+)-([IVXLC]+)\b");

/// Words after which capitals are a numeral, `I` included.
const COUNTED: &[&str] = &[
    "chapter", "part", "volume", "book", "section", "article", "act", "scene", "war", "phase",
    "type", "stage", "grade", "class", "level", "appendix", "title", "canto", "verse", "unit",
    "lesson", "figure", "table", "vol", "ch", "chap", "sec", "art", "no", "fig", "division",
    "bowl", "mark", "category", "tier", "episode", "season", "round", "factor",
];

/// Names of rulers, after which a numeral is an ordinal.
const RULERS: &str = "\
    henry louis elizabeth george edward charles richard william james john paul pius benedict francis philip \
    catherine peter alexander nicholas napoleon frederick leo gregory clement innocent mary ivan otto ramses \
    ptolemy darius xerxes wilhelm friedrich carl karl gustav christian albert leopold alfonso ferdinand umberto \
    emmanuel urban boniface sixtus julius robert david malcolm stephen haakon harald olav juan carlos joseph \
    franz maria margaret victoria abdullah mohammed hassan tutmose amenhotep";

/// Words before which a numeral is an ordinal.
const CENTURIES: &[&str] = &["century", "centuries", "dynasty", "olympiad", "corps", "army"];

/// Verbalizes the numeral at the cursor.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    span(cursor).or_else(|| single(cursor))
}

/// `Chapters I-IV`, `Louis XIV-XVI`
fn span(cursor: &Cursor<'_>) -> Option<Match> {
    let found = SPAN.captures(cursor.rest)?;
    let (first, last) = (value(&found[1])?, value(&found[2])?);
    let previous = cursor.previous.to_ascii_lowercase();
    let said = if first >= last {
        return None;
    } else if is_counted(cursor, &previous) {
        format!("{} to {}", cardinal(first), cardinal(last))
    } else if is_ruler(cursor, &previous, &found[1], found[1].len()) {
        format!("the {} to the {}", ordinal(first), ordinal(last))
    } else {
        return None;
    };
    Some(Match::new(found[0].len(), said))
}

fn single(cursor: &Cursor<'_>) -> Option<Match> {
    let found = NUMERAL.captures(cursor.rest)?;
    let (length, written) = (found[0].len(), &found[1]);
    if !cursor.ends(length) || is_contraction(cursor, length) || is_letters(written) {
        return None;
    }
    let value = value(written)?;
    let previous = cursor.previous.to_ascii_lowercase();
    let possessive = if found.get(2).is_some() { "'s" } else { "" };
    let counted = is_counted(cursor, &previous) && (written != "I" || !is_pronoun(cursor, length));
    let is_initial =
        cursor.char_after(length) == Some('.') && written.len() == 1 && !is_last(cursor, length);
    let said = if counted || is_joined(cursor, written) {
        cardinal(value)
    } else if is_initial {
        return None;
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

/// Whether an apostrophe and a letter follow: `I'm`, `I've`.
fn is_contraction(cursor: &Cursor<'_>, length: usize) -> bool {
    cursor.char_after(length) == Some('\'')
        && cursor.char_after(length + 1).is_some_and(char::is_alphabetic)
}

/// Whether a numeral consists of C or L alone, which is read as a letter: `grade C`, `Part L`.
fn is_letters(written: &str) -> bool {
    written.bytes().all(|b| matches!(b, b'C' | b'L'))
}

/// Whether a word of [`COUNTED`] precedes directly, also in the plural. "No" needs its dot.
fn is_counted(cursor: &Cursor<'_>, previous: &str) -> bool {
    let counts = |word: &str| match word {
        "no" => cursor.preceding.trim_end().ends_with('.') && !cursor.rest.starts_with("I "),
        _ => COUNTED.contains(&word),
    };
    let mut singular = previous.strip_suffix("es").into_iter().chain(previous.strip_suffix('s'));
    cursor.follows_directly() && (counts(previous) || singular.any(counts))
}

/// Whether the numeral follows another one after a counted word: `Chapters IV and V`.
fn is_joined(cursor: &Cursor<'_>, written: &str) -> bool {
    let mut before = cursor.words_before();
    let mut next = || before.next().unwrap_or_default();
    let (joint, first, counted) = (next(), next(), next().to_ascii_lowercase());
    let counted = counted.strip_suffix('s').unwrap_or(&counted);
    written != "I"
        && matches!(joint, "and" | "or" | "to" | "through")
        && is_numeral(first)
        && COUNTED.contains(&counted)
}

fn is_numeral(word: &str) -> bool {
    !is_letters(word) && value(word).is_some()
}

/// Whether `I` after a counted word is the pronoun: "the part I like", "in class I sleep".
fn is_pronoun(cursor: &Cursor<'_>, length: usize) -> bool {
    let before = cursor.words_before().nth(1).unwrap_or_default().to_ascii_lowercase();
    let after = cursor.rest[length..].trim_start();
    let ends = after.is_empty() || after.starts_with(['.', '?', '!', ')', '(', ']', ':', ';', '"']);
    // "In stage I, cells divide", but "in this section I, the author, ..."
    let enumerated = after.starts_with(',')
        && has("stage phase type chapter volume section appendix", cursor.previous)
        && !has("the this that each every my his her their our last next", &before);
    if before == "world"
        || ends
        || enumerated
        || after.starts_with(['-', '/'])
        || numeral_follows(after)
    {
        return false;
    }
    let next = cursor.word_after(length).to_ascii_lowercase();
    let dotted = cursor.preceding.trim_end().ends_with('.');
    let capitalised = cursor.previous.starts_with(|c: char| c.is_ascii_uppercase());
    if dotted || capitalised { has(FIRST_PERSON, &next) } else { !has(MEDICAL_OR_LEGAL, &next) }
}

/// Whether another numeral follows: `and II`, `or act II`, `, part 2`.
fn numeral_follows(after: &str) -> bool {
    let mut words = after.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut next = || words.next().unwrap_or_default();
    let joint = next();
    let joined = matches!(joint, "and" | "or" | "to" | "through");
    if !joined && !after.starts_with(',') {
        return false;
    }
    let first = if joined { next() } else { joint };
    let second = next();
    let numeral = |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) || is_numeral(word);
    joined && first != "I" && numeral(first)
        || COUNTED.contains(&first.to_ascii_lowercase().as_str()) && numeral(second)
}

/// Forms of verbs that follow the pronoun `I`, not a numeral.
const FIRST_PERSON: &str = "\
    am have think thought know knew want wanted need needed love loved like liked hate hated hope feel felt see \
    saw hear heard say said tell told go went come came get got do don sleep slept agree agreed play played \
    guess suppose mean meant believe remember forgot wish wrote write read choose chose teach taught took take \
    make made find found live lived learn learned sit sat visited bought prefer really never personally usually \
    enjoy enjoyed own work worked try tried met understand";

/// Nouns after `type I`, `phase I` and similar terms in lower case.
const MEDICAL_OR_LEGAL: &str = "\
    error errors diabetes diabetic diabetics trial trials study studies clinical cancer cancers disease tumor \
    tumors tumour carcinoma melanoma felony felonies misdemeanor trauma recall hypersensitivity listed collagen \
    interferon interferons civilization supernova supernovae allergy reaction reactions railroad device devices \
    drug drugs substance substances fracture sprain listing superconductor license site assessment evidence \
    patient patients lymphoma slip";

/// Whether only closing punctuation follows.
fn is_last(cursor: &Cursor<'_>, length: usize) -> bool {
    cursor.word_after(length + 1).is_empty()
}

/// Whether the numeral is that of a ruler: `Henry V`. `Henry I` is one only if `I` can't be the pronoun.
fn is_ruler(cursor: &Cursor<'_>, previous: &str, written: &str, length: usize) -> bool {
    let named = has(RULERS, previous)
        && cursor.previous.starts_with(|c: char| c.is_ascii_uppercase())
        && cursor.follows_directly();
    let after = cursor.char_after(length);
    let closed = after.is_none_or(|c| !c.is_whitespace()) || cursor.rest.starts_with("I's");
    let sure = written != "I"
        || closed
        || matches!(
            cursor.word_after(length),
            "of" | "was" | "and" | "died" | "reigned" | "ruled" | "became" | "succeeded"
        );
    // `Malcolm X` was not a ruler.
    named && sure && !(previous == "malcolm" && written == "X")
}

/// Whether the numeral is that of a sequel, `Saw VI`: two or more of I, V and X, directly after a capitalized word that
/// is not an article, verb or similar word at the beginning of a sentence.
fn is_sequel(cursor: &Cursor<'_>, written: &str) -> bool {
    let previous = cursor.previous;
    let mut before = previous.chars();
    let capitalised = before.next().is_some_and(|c| c.is_ascii_uppercase())
        && before.next().is_some_and(|c| c.is_ascii_lowercase());
    let named = capitalised
        && cursor.follows_directly()
        && !previous.contains('\'')
        && !is_starter(previous)
        && !has(NO_TITLES, previous);
    // `IV` is an infusion.
    let next = cursor.word_after(written.len()).to_ascii_lowercase();
    let is_medical = written == "IV" && has(INFUSION, &next);
    named
        && !is_medical
        && written.len() > 1
        && written.bytes().all(|b| matches!(b, b'I' | b'V' | b'X'))
}

/// Words at the beginning of a sentence that are not part of a title, in addition to those of
/// [`is_starter`](crate::abbreviations::is_starter).
const NO_TITLES: &str = "\
    Administer Any Are Can Change Check Clear Connect Continue Could Discontinue Dr Draw Every Flush Get Give \
    Given Hang Insert Keep Like Mr Mrs Ms Need Nurses Open Patients Place Pull Receive Remove Replace Restart \
    Run Should Standard Start Started Starting Stop Their Try Under Use Using Via When Without Would";

/// Words after `IV` for an infusion.
const INFUSION: &str = "\
    line lines fluid fluids drip drips bag bags pole poles drug drugs antibiotic antibiotics therapy catheter \
    catheters needle needles push infusion infusions access treatment medication medications meds injection \
    injections pump pumps tube tubes tubing steroids iron nurse nurses team site sites contrast hydration \
    saline sedation bolus dose doses morphine vitamin vitamins port";

/// Whether capitals can only be a numeral, like `III`, but unlike `CLI`.
fn is_unmistakable(written: &str) -> bool {
    let small = written.bytes().all(|b| matches!(b, b'I' | b'V' | b'X'));
    written.contains("II") || small && written.len() > 2 && written.contains('I')
}

/// Returns a numeral of four signs or more that no word and hardly an acronym is, as a year where it may be one:
/// `MCMXCIX`, `MMXXIV`, `LXXXVIII`.
pub(super) fn long(written: &str) -> Option<String> {
    const YEARS: std::ops::Range<usize> = 1000..2100;
    const SHORTEST: usize = 4;
    const SURE: usize = 5;
    let thousands = written.len() - written.trim_start_matches('M').len();
    let mut rest = &written[thousands..];
    let mut hundreds = 0;
    for (sign, worth) in [("CM", 900), ("CD", 400), ("D", 500)] {
        if let Some(after) = rest.strip_prefix(sign) {
            (rest, hundreds) = (after, worth);
            break;
        }
    }
    let small = if rest.is_empty() { 0 } else { value(rest)? };
    let is_sure = written.len() >= SURE || written.contains(['X', 'V', 'I']);
    let fits = written.len() >= SHORTEST && thousands <= 3 && is_sure;
    // Nine hundreds take no further one.
    let canonical = hundreds == 0 || small < 100 || hundreds == 500;
    let number = 1000 * thousands + hundreds + small;
    (fits && canonical)
        .then(|| if YEARS.contains(&number) { year(number) } else { cardinal(number) })
}

/// Returns the value of a numeral in canonical form; `None` for other letters.
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
