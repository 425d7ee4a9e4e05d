//! Words in capitals: spoken as words or letter by letter; initials; names of letters and digits.

use super::cursor::{Cursor, Match, pattern};
use super::numerals::digits_in_name;
use crate::abbreviations::dot_ends_sentence;

pattern!(DOTTED, r"(?:[A-Z]\.){2,}(?:[A-Z]\b)?('s\b)?");
pattern!(INITIAL, r"([A-Z])\. ?[A-Z]");
pattern!(CAPITALS, r"([A-Z]{2,})('?s|'S)?");
pattern!(MIXED_CASE, r"([A-Z]+[a-z][A-Z]+|[a-z][A-Z]{2,})(s)?");
pattern!(MIXED_WORD, r"(?:([a-z]{2,})([A-Z]{2,})|([ei])([A-Z][a-z]+))");
pattern!(SHARP, r"([A-G])#");
pattern!(MARK, r"([A-F])([+-])(?:[\s,.;:!?)]|$)");
pattern!(
    LETTERS_DIGITS,
    r"(?:[A-Za-z]{1,12}[0-9]{1,8}|[0-9]{1,8}[A-Za-z]{1,12})(?:[0-9]{1,8}|[A-Za-z]{1,12})*"
);
pattern!(SINGLE, r"[A-Za-z]('s)?");

/// Capitals that are spoken as words or in an irregular way.
const SAID: &[(&str, &str)] = &[
    ("OK", "okay"),
    ("NET", "net"),
    ("NASA", "nasa"),
    ("NATO", "nato"),
    ("AIDS", "aids"),
    ("OPEC", "opec"),
    ("FIFA", "fifa"),
    ("UEFA", "uefa"),
    ("FEMA", "fema"),
    ("OSHA", "osha"),
    ("SARS", "sars"),
    ("SWAT", "swat"),
    ("IKEA", "ikea"),
    ("LEGO", "lego"),
    ("NAFTA", "nafta"),
    ("RADAR", "radar"),
    ("LASER", "laser"),
    ("ASCII", "askey"),
    ("COVID", "covid"),
    ("PIN", "pin"),
    ("SIM", "sim"),
    ("RAM", "ram"),
    ("ROM", "rom"),
    ("GIF", "gif"),
    ("ZIP", "zip"),
    ("CAD", "cad"),
    ("JPEG", "jay peg"),
    ("MPEG", "em peg"),
    ("JSON", "jason"),
    ("YAML", "yamel"),
    ("WIFI", "wifi"),
    ("NAACP", "N double A C P"),
    ("NCAA", "N C double A"),
    ("IEEE", "I triple E"),
    ("AAA", "triple A"),
];

/// Short words that people write in capitals to stress them.
const STRESSED: &[&str] = &[
    "ALL", "AM", "AND", "ANY", "ARE", "AS", "AT", "BAD", "BE", "BEST", "BIG", "BUT", "BUY", "BY",
    "CAN", "DAY", "DID", "DO", "DON", "END", "EVEN", "EVER", "FOR", "FREE", "FROM", "FUN", "GET",
    "GO", "GOD", "GOOD", "GOT", "HAD", "HAS", "HAVE", "HE", "HELP", "HER", "HERE", "HEY", "HIM",
    "HIS", "HOT", "HOW", "IF", "IN", "IS", "JUST", "LET", "LIVE", "LOVE", "MAN", "MANY", "MAY",
    "ME", "MORE", "MOST", "MUST", "MY", "NEVER", "NEW", "NEWS", "NEXT", "NO", "NOT", "NOW", "OF",
    "OFF", "OLD", "ON", "ONE", "ONLY", "OR", "OUR", "OUT", "PLEASE", "READ", "SAID", "SAY", "SEE",
    "SHE", "SO", "SOME", "STOP", "SURE", "THAT", "THE", "THEM", "THEN", "THEY", "THIS", "TO",
    "TOO", "TOP", "TRY", "TWO", "UP", "VERY", "WAIT", "WAS", "WAY", "WE", "WERE", "WHAT", "WHEN",
    "WHY", "WILL", "WITH", "YES", "YOU", "YOUR",
];

/// Common words of three letters, which are words in capitals too.
const SHORT: &str = "\
    act add age ago aid aim air ale all and any ape apt arm art ash ask ate awe axe bad bag ban bar bat bay \
    bed bee beg bet bib big bin bit boa bob bog bow box boy bug bun bus but buy cab can cap car cat cop cot \
    cow coy cry cub cue cup cut dad dam day den dew did die dig dim din dip dog dot dry dud due dug dye ear \
    eat ebb egg ego elf elk elm end era eve eye fan far fat fax fed fee few fig fin fir fit fix flu fly fog \
    for fox fry fun fur gap gas gay gem get god got gum gun gut guy gym had ham has hat hay hen her hew hey \
    hid him hip his hit hog hop hot how hub hue hug hum hut ice icy ill imp ink inn ivy jab jam jar jaw jet \
    job jog joy jug keg key kid kin lab lad lap law lax lay led leg let lid lie lip lit log lot low mad man \
    map mat may men met mix mob mom mop mow mud mug nag nap net new nod non nor not now nun nut oak oar oat \
    odd off oil old one our out owe owl own pad pan pat paw pay pea peg pen per pet pie pig pit ply pod pop \
    pot pub pup put rag ran rap rat raw ray red rib rid rig rim rip rob rod rot row rub rug rum run rut rye \
    sad sag sap sat saw say sea see set sew she shy sin sip sir sit six ski sky sly sob son sow soy spa spy sum \
    sun tab tag tan tap tar tax tea ten the thy tie tin tip toe ton too top tow toy try tub tug two urn use \
    van vat vet via vow wag war was wax way web wed wet who why wig win wit woe won wry yes yet you zap zip \
    zoo";

/// Words of two letters in a sentence all in capitals; alone they are letters.
const SHOUTED: &[&str] =
    &["IT", "US", "AN", "OH", "HI", "HA", "AH", "OX", "PA", "MA", "YE", "LO", "HO"];

/// Said by letters although they could be words.
const SPELLED: &[&str] = &[
    "UCLA", "USDA", "ACLU", "AOL", "IOU", "RIP", "DIY", "EULA", "USAF", "ESPN", "ASAP", "USPS",
    "SAT", "ERA",
];

/// Words before a single capital that is a letter's name even if it is `A`.
const BEFORE_LETTER: &[&str] = &[
    "grade",
    "plan",
    "vitamin",
    "letter",
    "option",
    "group",
    "type",
    "hepatitis",
    "class",
    "section",
    "exhibit",
    "team",
    "appendix",
    "gate",
    "terminal",
    "block",
    "series",
    "point",
    "an",
    "straight",
    "side",
    "level",
    "hall",
    "room",
    "unit",
    "form",
    "part",
];

/// `A+`, a mark at school or a blood group.
fn mark(cursor: &Cursor<'_>) -> Option<Match> {
    const LENGTH: usize = 2;
    let found = MARK.captures(cursor.rest)?;
    let sign = if &found[2] == "+" { "plus" } else { "minus" };
    Some(Match::new(LENGTH, format!("{} {sign}", &found[1])))
}

/// Returns the names of letters: capitals with spaces.
pub(super) fn letters(word: &str) -> String {
    let names: Vec<String> = word
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|c| c.to_ascii_uppercase().to_string())
        .collect();
    names.join(" ")
}

/// Verbalizes the capitals, initials or letter-and-digit name at the cursor.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    dotted(cursor)
        .or_else(|| initial(cursor))
        .or_else(|| capitals(cursor))
        .or_else(|| mixed_case(cursor))
        .or_else(|| name_with_digits(cursor))
        .or_else(|| mark(cursor))
        .or_else(|| single(cursor))
}

/// `U.S.A.`, `J.R.R.`
fn dotted(cursor: &Cursor<'_>) -> Option<Match> {
    let found = DOTTED.captures(cursor.rest)?;
    let (length, possessive) = (found[0].len(), found.get(1).is_some());
    let mut said = letters(found[0].trim_end_matches("'s"));
    if possessive {
        said.push_str("'s");
    } else if found[0].ends_with('.') && dot_ends_sentence(&cursor.rest[length..]) {
        said.push('.');
    }
    cursor.ends(length).then(|| Match::new(length, said))
}

/// `J. Smith`: a capital and a dot between names. `I` is a pronoun, except between initials.
fn initial(cursor: &Cursor<'_>) -> Option<Match> {
    const LENGTH: usize = 2;
    let found = INITIAL.captures(cursor.rest)?;
    let lower_before = cursor.previous.starts_with(|c: char| c.is_ascii_lowercase());
    let sentence_follows = crate::abbreviations::is_starter(&cursor.rest[LENGTH..]);
    let is_initial = &found[1] != "I"
        && !sentence_follows
        && (!lower_before || !BEFORE_LETTER.contains(&cursor.previous));
    is_initial.then(|| Match::new(LENGTH, &found[1]))
}

fn capitals(cursor: &Cursor<'_>) -> Option<Match> {
    let found = CAPITALS.captures(cursor.rest)?;
    let length = found[0].len();
    if !cursor.ends(length) || cursor.char_after(length) == Some('\'') {
        return None;
    }
    let (word, ending) = (&found[1], found.get(2).is_some());
    let joined_by_and = cursor.char_after(length) == Some('&') || cursor.before == Some('&');
    let mut said = match SAID.iter().find(|(written, _)| *written == word) {
        Some((_, said)) => (*said).to_owned(),
        None if !joined_by_and && is_said_as_word(word, cursor) => word.to_ascii_lowercase(),
        None => letters(word),
    };
    if ending {
        said.push_str(
            if said.ends_with(|c: char| c.is_ascii_uppercase()) || found[0].contains('\'') {
                "'s"
            } else {
                "s"
            },
        );
    }
    Some(Match::new(length, said))
}

/// `PhD`, `iOS`, `macOS`, `iPhone`, `C#`.
fn mixed_case(cursor: &Cursor<'_>) -> Option<Match> {
    if let Some(found) = SHARP.captures(cursor.rest) {
        return cursor.ends(found[0].len()).then(|| Match::new(2, format!("{} sharp", &found[1])));
    }
    if let Some(found) = MIXED_WORD.captures(cursor.rest)
        && cursor.ends(found[0].len())
    {
        let part = |index: usize| found.get(index).map_or("", |part| part.as_str());
        let said = match part(1) {
            "" => format!("{} {}", letters(part(3)), part(4).to_ascii_lowercase()),
            word => format!("{word} {}", letters(part(2))),
        };
        return Some(Match::new(found[0].len(), said));
    }
    let found = MIXED_CASE.captures(cursor.rest)?;
    let plural = if found.get(2).is_some() { "'s" } else { "" };
    cursor.ends(found[0].len()).then(|| Match::new(found[0].len(), letters(&found[1]) + plural))
}

/// Whether capitals are a word: a word of the dictionary is one unless it stands as an acronym.
fn is_said_as_word(word: &str, cursor: &Cursor<'_>) -> bool {
    const SHORTEST_UNKNOWN: usize = 6;
    const SHORTEST_READABLE: usize = 4;
    if word == "AM" && !cursor.shouting {
        return !is_radio(cursor);
    }
    // "THE US" and "THE IT" are names.
    let named = matches!(word, "US" | "IT") && cursor.previous == "THE";
    if STRESSED.contains(&word) || cursor.shouting && SHOUTED.contains(&word) && !named {
        return true;
    }
    let lower = word.to_ascii_lowercase();
    let is_short_word = SHORT.split_whitespace().any(|short| short == lower);
    // Among other words in capitals SAT and ERA are words themselves.
    let is_spelled = SPELLED.contains(&word) && !(cursor.shouting && is_short_word);
    if is_spelled || !word.contains(['A', 'E', 'I', 'O', 'U', 'Y']) {
        return false;
    }
    match word.len() {
        0..=2 => false,
        3 if is_short_word => true,
        3 => cursor.shouting && is_pronounceable(word) && (cursor.is_known)(&lower),
        _ if (cursor.is_known)(&lower) => true,
        SHORTEST_UNKNOWN.. => true,
        length => length >= SHORTEST_READABLE && is_pronounceable(word),
    }
}

/// Whether `AM` is the broadcast band: beside FM, after a frequency, or before a word of radio.
fn is_radio(cursor: &Cursor<'_>) -> bool {
    const RADIO: &[&str] = &[
        "radio",
        "radios",
        "station",
        "stations",
        "band",
        "broadcast",
        "broadcasts",
        "dial",
        "signal",
        "signals",
        "receiver",
        "receivers",
        "transmitter",
        "transmitters",
        "frequency",
        "frequencies",
        "tuner",
        "antenna",
        "stereo",
        "FM",
    ];
    let next = cursor.word_after("AM".len());
    let slashed = cursor.rest.starts_with("AM/FM") || cursor.before == Some('/');
    let follows = matches!(cursor.previous, "FM" | "kHz" | "KHZ" | "on" | "an" | "both" | "the");
    slashed || RADIO.contains(&next) || follows
}

/// Returns a rough test for English syllables: plausible consonants at the ends and no long runs.
fn is_pronounceable(word: &str) -> bool {
    const ONSETS: &[&str] = &[
        "BL", "BR", "CH", "CL", "CR", "DR", "FL", "FR", "GL", "GR", "KN", "PH", "PL", "PR", "SC",
        "SH", "SK", "SL", "SM", "SN", "SP", "ST", "SW", "TH", "TR", "TW", "WH", "WR", "STR", "SPR",
        "SCR",
    ];
    const CODAS: &[&str] = &[
        "CH", "CK", "CT", "FF", "FT", "GH", "LD", "LF", "LK", "LL", "LP", "LT", "MP", "ND", "NG",
        "NK", "NT", "PS", "PT", "RD", "RK", "RL", "RM", "RN", "RP", "RT", "SH", "SK", "SP", "SS",
        "ST", "TH", "TS", "CKS", "NDS", "NGS", "RDS", "RKS", "RS", "NS", "LLS", "DS", "KS", "MS",
        "LS", "GS", "WN", "WS",
    ];
    let is_vowel = |c: char| matches!(c, 'A' | 'E' | 'I' | 'O' | 'U' | 'Y');
    let onset: &str = word.split(is_vowel).next().unwrap_or_default();
    let coda: &str = word.rsplit(is_vowel).next().unwrap_or_default();
    let longest =
        |inside: fn(char) -> bool| word.split(|c| !inside(c)).map(str::len).max().unwrap_or(0);
    (onset.len() <= 1 || ONSETS.contains(&onset))
        && (coda.len() <= 1 || CODAS.contains(&coda))
        && longest(|c| !matches!(c, 'A' | 'E' | 'I' | 'O' | 'U' | 'Y')) <= 3
        && longest(|c| matches!(c, 'A' | 'E' | 'I' | 'O' | 'U')) <= 2
}

/// `MP3`, `B2B`, `A380`, `3D`.
fn name_with_digits(cursor: &Cursor<'_>) -> Option<Match> {
    let found = LETTERS_DIGITS.find(cursor.rest)?;
    let written = found.as_str();
    if !cursor.ends(written.len()) {
        return None;
    }
    let mut words = Vec::new();
    let mut rest = written;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != is_digit).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        words.push(if is_digit { digits_in_name(run) } else { say_letters(run) });
        rest = after;
    }
    Some(Match::new(written.len(), words.join(" ")))
}

/// Returns the letters in a name with digits: a word if it is long and not all capitals.
fn say_letters(run: &str) -> String {
    const SHORTEST_WORD: usize = 3;
    let capitals = run.chars().all(|c| c.is_ascii_uppercase());
    let has_vowel = run.to_ascii_lowercase().contains(['a', 'e', 'i', 'o', 'u', 'y']);
    // `IPv` in `IPv6`.
    const LONGEST_MIXED: usize = 4;
    let mixed = run.len() <= LONGEST_MIXED && run[1..].contains(|c: char| c.is_ascii_uppercase());
    if mixed && !capitals {
        return letters(run);
    }
    let long_enough = run.len() >= if capitals { SHORTEST_WORD + 1 } else { SHORTEST_WORD };
    if long_enough && has_vowel { run.to_ascii_lowercase() } else { letters(run) }
}

/// Returns a letter alone: its name, except for the article and what an apostrophe leaves.
fn single(cursor: &Cursor<'_>) -> Option<Match> {
    let found = SINGLE.captures(cursor.rest)?;
    let length = found[0].len();
    let letter = found[0].chars().next()?;
    let after = cursor.rest.as_bytes();
    // `t-shirt` and `x-ray` are words of the dictionary.
    if after.get(length) == Some(&b'-')
        && after.get(length + 1).is_some_and(u8::is_ascii_alphabetic)
    {
        return None;
    }
    if !cursor.ends(length)
        || cursor.char_after(length) == Some('\'')
        || cursor.before == Some('\'')
    {
        return None;
    }
    if letter.eq_ignore_ascii_case(&'a') && found.get(1).is_none() {
        let named = BEFORE_LETTER.contains(&cursor.previous.to_ascii_lowercase().as_str());
        let closes = cursor.rest[length..].trim_start().chars().next();
        let last =
            closes.is_none_or(|c| c.is_ascii_punctuation() && !matches!(c, '"' | '\'' | '$'));
        let is_letter = letter == 'A' && !cursor.shouting && (named || last);
        return Some(Match::new(length, if is_letter { "A" } else { "a" }));
    }
    let ending = if found.get(1).is_some() { "'s" } else { "" };
    Some(Match::new(length, format!("{}{ending}", letter.to_ascii_uppercase())))
}
