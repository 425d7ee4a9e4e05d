//! Abbreviations that end in a dot, shared by normalisation and sentence splitting.

/// Context in which an abbreviation counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Everywhere.
    Always,
    /// Before a capitalised word (`Gen. Lee`, not "next gen.").
    BeforeCapital,
    /// Before a number (`No. 5`, not "No. Never.").
    BeforeNumber,
    /// After a capitalised word (`Elm St.`).
    AfterCapital,
    /// Before a number, a comma or a month (`Sun. 5`).
    InDate,
}

/// One abbreviation.
#[derive(Debug)]
pub(crate) struct Abbreviation {
    /// Lower case, without the last dot.
    pub(crate) written: &'static str,
    /// Spoken form; capitals are letters' names.
    pub(crate) said: &'static str,
    pub(crate) when: When,
    /// Whether it counts without its dot too.
    pub(crate) dot_optional: bool,
    /// Whether a sentence may end with it.
    pub(crate) may_end: bool,
}

const fn title(written: &'static str, said: &'static str) -> Abbreviation {
    Abbreviation { written, said, when: When::BeforeCapital, dot_optional: false, may_end: false }
}

const fn open_title(written: &'static str, said: &'static str) -> Abbreviation {
    Abbreviation { written, said, when: When::BeforeCapital, dot_optional: true, may_end: false }
}

const fn reference(written: &'static str, said: &'static str) -> Abbreviation {
    Abbreviation { written, said, when: When::BeforeNumber, dot_optional: false, may_end: false }
}

const fn open_reference(written: &'static str, said: &'static str) -> Abbreviation {
    Abbreviation { written, said, when: When::BeforeNumber, dot_optional: true, may_end: false }
}

const fn date(written: &'static str, said: &'static str) -> Abbreviation {
    Abbreviation { written, said, when: When::InDate, dot_optional: false, may_end: false }
}

const fn street(written: &'static str, said: &'static str) -> Abbreviation {
    Abbreviation { written, said, when: When::AfterCapital, dot_optional: false, may_end: true }
}

const fn open_street(written: &'static str, said: &'static str) -> Abbreviation {
    Abbreviation { written, said, when: When::AfterCapital, dot_optional: true, may_end: true }
}

const fn plain(written: &'static str, said: &'static str) -> Abbreviation {
    Abbreviation { written, said, when: When::Always, dot_optional: false, may_end: true }
}

const fn open(written: &'static str, said: &'static str) -> Abbreviation {
    Abbreviation { written, said, when: When::Always, dot_optional: true, may_end: true }
}

/// Never at the end of a sentence.
const fn inner(written: &'static str, said: &'static str) -> Abbreviation {
    Abbreviation { written, said, when: When::Always, dot_optional: true, may_end: false }
}

/// Several may share a writing; the first whose place fits counts.
pub(crate) const ABBREVIATIONS: &[Abbreviation] = &[
    open_title("mr", "mister"),
    open_title("mrs", "missus"),
    open_title("ms", "miz"),
    open_title("dr", "doctor"),
    open_title("prof", "professor"),
    open_title("messrs", "messrs"),
    title("gen", "general"),
    title("col", "colonel"),
    title("capt", "captain"),
    title("cpt", "captain"),
    title("lt", "lieutenant"),
    title("cmdr", "commander"),
    title("sgt", "sergeant"),
    title("maj", "major"),
    title("adm", "admiral"),
    title("pvt", "private"),
    title("cpl", "corporal"),
    title("rev", "reverend"),
    title("fr", "father"),
    title("hon", "honorable"),
    title("gov", "governor"),
    title("sen", "senator"),
    title("rep", "representative"),
    title("pres", "president"),
    title("supt", "superintendent"),
    open_street("st", "street"),
    open_street("ave", "avenue"),
    open_street("blvd", "boulevard"),
    open_street("rd", "road"),
    street("ln", "lane"),
    open_street("hwy", "highway"),
    open_street("pkwy", "parkway"),
    street("sq", "square"),
    street("dr", "drive"),
    street("ct", "court"),
    street("pl", "place"),
    open_title("st", "saint"),
    title("ste", "saint"),
    open_title("mt", "mount"),
    title("ft", "fort"),
    title("pt", "point"),
    open_reference("hwy", "highway"),
    open_reference("rte", "route"),
    reference("no", "number"),
    reference("nos", "numbers"),
    reference("nr", "number"),
    reference("op", "opus"),
    reference("rev", "revision"),
    reference("vol", "volume"),
    reference("vols", "volumes"),
    reference("ch", "chapter"),
    reference("chap", "chapter"),
    reference("fig", "figure"),
    reference("figs", "figures"),
    reference("eq", "equation"),
    reference("sec", "section"),
    reference("art", "article"),
    reference("p", "page"),
    reference("pp", "pages"),
    reference("pg", "page"),
    reference("ver", "version"),
    reference("ca", "circa"),
    reference("c", "circa"),
    reference("apt", "apartment"),
    reference("rm", "room"),
    reference("ext", "extension"),
    reference("rs", "rupees"),
    date("jan", "january"),
    date("feb", "february"),
    date("mar", "march"),
    date("apr", "april"),
    date("jun", "june"),
    date("jul", "july"),
    date("aug", "august"),
    date("sep", "september"),
    date("sept", "september"),
    date("oct", "october"),
    date("nov", "november"),
    date("dec", "december"),
    date("sat", "saturday"),
    date("sun", "sunday"),
    date("wed", "wednesday"),
    plain("mon", "monday"),
    plain("tue", "tuesday"),
    plain("tues", "tuesday"),
    plain("thu", "thursday"),
    plain("thur", "thursday"),
    plain("thurs", "thursday"),
    plain("fri", "friday"),
    plain("jr", "junior"),
    plain("sr", "senior"),
    plain("esq", "esquire"),
    plain("inc", "incorporated"),
    plain("ltd", "limited"),
    plain("corp", "corporation"),
    plain("co", "company"),
    plain("bros", "brothers"),
    plain("dept", "department"),
    plain("govt", "government"),
    plain("univ", "university"),
    plain("assn", "association"),
    plain("intl", "international"),
    plain("natl", "national"),
    plain("est", "established"),
    plain("tel", "telephone"),
    plain("misc", "miscellaneous"),
    plain("max", "maximum"),
    plain("min", "minimum"),
    plain("temp", "temperature"),
    plain("avg", "average"),
    plain("incl", "including"),
    plain("excl", "excluding"),
    plain("anon", "anonymous"),
    plain("cont", "continued"),
    open("etc", "et cetera"),
    inner("approx", "approximately"),
    inner("vs", "versus"),
    plain("v", "versus"),
    plain("al", "al"),
    inner("cf", "compare"),
    inner("viz", "namely"),
    plain("ibid", "ibid"),
    inner("e.g", "for example"),
    inner("i.e", "that is"),
    plain("a.m", "A M"),
    plain("p.m", "P M"),
    plain("b.c", "B C"),
    plain("a.d", "A D"),
    plain("ph.d", "P H D"),
    plain("m.sc", "M S C"),
    plain("b.sc", "B S C"),
    inner("a.k.a", "also known as"),
    inner("aka", "also known as"),
    inner("w.r.t", "with respect to"),
    plain("p.s", "P S"),
];

/// Words that often begin a sentence: after an abbreviation that may end one, a capital letter alone proves little.
const STARTERS: &[&str] = &[
    "A",
    "After",
    "All",
    "Also",
    "An",
    "And",
    "Another",
    "As",
    "At",
    "Because",
    "Before",
    "But",
    "By",
    "Did",
    "Do",
    "Does",
    "During",
    "Each",
    "Every",
    "Finally",
    "First",
    "For",
    "From",
    "Had",
    "Has",
    "Have",
    "He",
    "Her",
    "Here",
    "His",
    "How",
    "However",
    "I",
    "If",
    "In",
    "Is",
    "It",
    "Its",
    "Last",
    "Later",
    "Many",
    "Maybe",
    "Meanwhile",
    "Most",
    "My",
    "Next",
    "No",
    "None",
    "Not",
    "Now",
    "On",
    "Once",
    "One",
    "Only",
    "Or",
    "Our",
    "Perhaps",
    "She",
    "Since",
    "So",
    "Some",
    "Soon",
    "Still",
    "Such",
    "Suddenly",
    "That",
    "The",
    "Their",
    "Then",
    "There",
    "These",
    "They",
    "This",
    "Those",
    "Though",
    "Thus",
    "To",
    "Today",
    "Two",
    "Until",
    "Was",
    "We",
    "Well",
    "What",
    "When",
    "Where",
    "Which",
    "While",
    "Who",
    "Why",
    "Will",
    "With",
    "Yes",
    "Yet",
    "You",
    "Your",
];

/// Text around an abbreviation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings<'t> {
    /// The word before it, as written; empty at the beginning.
    pub(crate) previous: &'t str,
    /// The text after it, its dot not included.
    pub(crate) after: &'t str,
}

/// Returns the abbreviation that `word` (without its last dot) is in its surroundings.
pub(crate) fn find(
    word: &str,
    dotted: bool,
    around: Surroundings<'_>,
) -> Option<&'static Abbreviation> {
    const LONGEST: usize = 6;
    if word.len() > LONGEST {
        return None;
    }
    // `EST` is a time zone, and `MIN` a bank.
    let capitals = word.len() > 2 && word.bytes().all(|b| b.is_ascii_uppercase());
    if capitals && !IN_CAPITALS.contains(&word) {
        return None;
    }
    let lower = word.to_ascii_lowercase();
    let named = word.starts_with(|c: char| c.is_ascii_uppercase());
    ABBREVIATIONS.iter().filter(|a| a.written == lower).find(|a| {
        let case_fits = named || matches!(a.when, When::Always | When::BeforeNumber);
        // "No. I think so."
        let is_sentence = matches!(a.written, "no" | "nos") && word_of(around.after) == "I";
        // `Near St Mary's`, without its dot, is no street.
        let is_saint = !dotted
            && a.when == When::AfterCapital
            && is_name_follows(around.after.trim_start())
            && !DIRECTIONS.contains(&word_of(around.after));
        let written = (dotted || a.dot_optional) && !is_saint;
        written && case_fits && !is_sentence && fits(a.when, around)
    })
}

/// Words in capitals before a title or a saint.
const NO_STREETS: &[&str] =
    &["Dear", "Mt", "Mount", "Ft", "Fort", "Port", "Lake", "Bay", "Cape", "Near"];

/// Directions behind the name of a street.
const DIRECTIONS: &[&str] = &["N", "S", "E", "W", "NE", "NW", "SE", "SW"];

/// Abbreviations of three letters or more that stay ones in capitals.
const IN_CAPITALS: &[&str] = &["MRS", "INC", "LTD", "CORP", "ETC", "AVE", "BLVD"];

fn fits(when: When, around: Surroundings<'_>) -> bool {
    let next = around.after.trim_start();
    let next_char = next.chars().next();
    match when {
        When::Always => true,
        When::BeforeCapital => {
            next_char.is_some_and(|c| c.is_uppercase() || c == '&') || next.starts_with("and ")
        }
        When::BeforeNumber => {
            let next = next.strip_prefix('(').unwrap_or(next);
            next.starts_with(|c: char| c.is_ascii_digit() || c == '#') || begins_with_roman(next)
        }
        When::AfterCapital => {
            let first = around.previous.chars().next();
            let capital = first.is_some_and(char::is_uppercase);
            let number = first.is_some_and(|c| c.is_ascii_digit());
            let is_function_word =
                is_starter(around.previous) || NO_STREETS.contains(&around.previous);
            !is_function_word && (capital || number && !is_name_follows(next))
        }
        When::InDate => {
            next_char.is_none_or(|c| c.is_ascii_digit() || c == ',')
                || crate::normalize::begins_with_month(next)
        }
    }
}

/// `vol. II`
fn begins_with_roman(text: &str) -> bool {
    let word = word_of(text);
    !word.is_empty() && word.bytes().all(|b| matches!(b, b'I' | b'V' | b'X' | b'L' | b'C'))
}

/// Returns the letters and digits with which a text begins after white space.
fn word_of(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    &text[..end]
}

fn is_name_follows(next: &str) -> bool {
    next.starts_with(|c: char| c.is_ascii_uppercase()) && !is_starter(next)
}

/// Whether a text begins with a word that often begins a sentence.
pub(crate) fn is_starter(text: &str) -> bool {
    let text = text.trim_start().trim_start_matches(['"', '\'', '“', '‘', '(']);
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    STARTERS.contains(&&text[..end])
}

/// Whether the dot of an abbreviation (or of initials) that may end a sentence does so, by what follows it.
pub(crate) fn dot_ends_sentence(after: &str) -> bool {
    let trimmed = after.trim_start();
    trimmed.trim_matches(['"', '\'', '”', '’', ')']).is_empty()
        || (trimmed.len() < after.len() && is_starter(trimmed))
}
