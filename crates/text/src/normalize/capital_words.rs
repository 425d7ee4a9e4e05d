//! Words in capitals, which are spoken as words or letter by letter.

use super::cursor::Cursor;

/// Acronyms that are spoken as words, or have an irregular spoken form.
pub(super) const SAID: &[(&str, &str)] = &[
    ("OK", "okay"),
    ("OLED", "O led"),
    ("USAID", "U S aid"),
    ("NOAA", "noah"),
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

/// Short words that are often written in capitals for emphasis.
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

/// Common words of three letters, which are spoken as words in capitals, too.
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

/// Capitals of two letters that are words among other words in capitals, and otherwise read by letters.
const SHOUTED: &[&str] = &["AN", "OH", "HI", "HA", "AH", "OX", "YE", "LO", "HO"];

/// Interjections, which are words without other words in capitals, too.
const INTERJECTIONS: &[&str] = &["OH", "HI", "HA", "AH"];

/// Capitals that are words among other words in capitals (except in contexts of [`is_letters`]), and otherwise read by
/// letters.
const AMBIGUOUS: &[&str] = &["US", "IT", "WHO", "LED", "SAT", "ERA", "RIP", "PA", "MA"];

/// Acronyms read by letters although they could be words.
const SPELLED: &[&str] = &[
    "UCLA", "USDA", "ACLU", "AOL", "IOU", "DIY", "EULA", "USAF", "ESPN", "ASAP", "USPS", "YMCA",
    "YWCA", "AARP", "ASPCA", "IMHO", "OSCE", "AFAIK", "BYOB", "NYSE", "LAX", "MIT", "LGBTQIA",
    "IANAL", "UPENN", "EPA", "ESA", "ROI", "RAF", "LOL",
];

/// Whether capitals are spoken as a word. A word of the dictionary is, unless its context shows an acronym.
pub(super) fn is_said_as_word(word: &str, cursor: &Cursor<'_>) -> bool {
    const LONGEST_READABLE: usize = 5;
    if word == "AM" {
        return is_verb(cursor);
    }
    if word == "LED" && is_verb_led(cursor) {
        return true;
    }
    if is_state(cursor) || word == "ACT" && is_examination(word, cursor) {
        return false;
    }
    if word == "AD" {
        return is_advertisement(cursor);
    }
    if AMBIGUOUS.contains(&word) {
        return cursor.shouting && !is_letters(word, cursor);
    }
    if STRESSED.contains(&word) || cursor.shouting && SHOUTED.contains(&word) {
        return true;
    }
    if SPELLED.contains(&word) || !word.contains(['A', 'E', 'I', 'O', 'U', 'Y']) {
        return false;
    }
    let lower = word.to_ascii_lowercase();
    let is_known = || (cursor.is_known)(&lower);
    match word.len() {
        ..=2 => false,
        3 => is_short_word(&lower) || cursor.shouting && is_pronounceable(word) && is_known(),
        4..=LONGEST_READABLE => is_known() || is_pronounceable(word),
        _ => true,
    }
}

fn is_short_word(lower: &str) -> bool {
    has(SHORT, lower)
}

/// Whether a space-separated list of words contains a word.
pub(super) fn has(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|listed| listed == word)
}

/// Whether a word in capitals, also with hyphens and apostrophes, is an English word and not an acronym.
pub(super) fn is_ordinary(word: &str, is_known: &dyn Fn(&str) -> bool) -> bool {
    const CONTRACTIONS: &[&str] = &["N'T", "'LL", "'RE", "'VE", "'M", "'D", "IT'S", "HE'S"];
    if word.contains('\'') {
        return CONTRACTIONS.iter().any(|ending| word.ends_with(ending))
            || word.strip_suffix("'S").is_some_and(|stem| is_ordinary(stem, is_known));
    }
    if word.contains('-') {
        return word.split('-').any(|part| is_ordinary(part, is_known));
    }
    let is_name = word == "AM"
        || AMBIGUOUS.contains(&word)
        || SPELLED.contains(&word)
        || SAID.iter().any(|(said, _)| *said == word);
    let lower = word.to_ascii_lowercase();
    let is_word = STRESSED.contains(&word)
        || INTERJECTIONS.contains(&word)
        || word == "AN"
        || is_short_word(&lower)
        || word.len() > 3 && is_known(&lower);
    !is_name && is_word
}

/// Whether a word is an interjection at the beginning of a sentence or before its final mark: `OH! I forgot`.
pub(super) fn is_interjection(word: &str, cursor: &Cursor<'_>) -> bool {
    INTERJECTIONS.contains(&word)
        && (cursor.previous.is_empty() || cursor.char_after(word.len()) == Some('!'))
}

/// Words that show that a preceding `US` is the country.
const AFTER_US: &str = "\
    ARMY NAVY MARINES MILITARY TROOPS FORCES SOLDIERS AIR COAST GOVERNMENT PRESIDENT SENATE SENATOR CONGRESS \
    HOUSE TREASURY COURT SUPREME POSTAL DOLLAR DOLLARS ECONOMY MARKET MARKETS STOCKS CITIZEN CITIZENS STATES \
    ELECTION ELECTIONS NEWS OPEN STEEL BORDER EMBASSY OFFICIALS TARIFFS LAW HISTORY";

/// Words after `IT` for computing.
const AFTER_IT: &str = "\
    DEPARTMENT SUPPORT TEAM STAFF MANAGER DIRECTOR INDUSTRY SECTOR SERVICES SECURITY HELP HELPDESK ADMIN \
    SPECIALIST CONSULTANT GUY CROWD SYSTEMS INFRASTRUCTURE BUDGET";

/// Words after `LED` for lamps.
const AFTER_LED: &str = "\
    LIGHT LIGHTS LIGHTING LAMP LAMPS BULB BULBS SCREEN SCREENS DISPLAY DISPLAYS STRIP STRIPS TV TVS PANEL \
    PANELS MONITOR";

/// Words after `SAT` and `ACT` for the examinations.
const AFTER_SAT: &str = "\
    SCORE SCORES TEST TESTS PREP EXAM EXAMS";

/// Words after `PA` for loudspeakers.
const AFTER_PA: &str = "\
    SYSTEM SYSTEMS SPEAKER SPEAKERS ANNOUNCEMENT ANNOUNCEMENTS ANNOUNCER EQUIPMENT MICROPHONE AMPLIFIER";

/// Words after `MA` for the degree.
const AFTER_MA: &str = "\
    DEGREE DEGREES THESIS PROGRAM PROGRAMME STUDENT STUDENTS COURSE";

/// Words before and after `AD` for an advertisement.
const BEFORE_AD: &str = "\
    A AN THE THIS THAT EACH EVERY ANY NO ONE MY OUR YOUR THEIR ITS NEW TV RADIO PRINT VIDEO ONLINE NEWSPAPER \
    MAGAZINE BANNER SEARCH WEB POP-UP";
const AFTER_AD: &str = "\
    AGENCY AGENCIES CAMPAIGN CAMPAIGNS BLOCKER BLOCKERS SPACE REVENUE BREAK BREAKS SALES SPEND BUDGET RATES \
    PLACEMENT HOC";

/// Whether one of [`AMBIGUOUS`] is an acronym among other words in capitals: `THE US ARMY`, `IT SUPPORT`.
fn is_letters(word: &str, cursor: &Cursor<'_>) -> bool {
    const DETERMINERS: &[&str] = &["THE", "A", "AN", "OUR", "YOUR", "MY", "HIS", "HER", "THEIR"];
    const BEFORE_US: &[&str] = &["NEW", "OLD", "FORMER", "LATEST", "TOP", "MOST", "FIRST"];
    let next = cursor.word_after(word.len());
    let previous = cursor.previous.to_ascii_uppercase();
    let after_article = DETERMINERS.contains(&previous.as_str());
    match word {
        // The pronoun follows another word in capitals, or is followed by certain words.
        "US" => {
            let shouted_before =
                cursor.previous == "I" || cursor.previous.len() > 1 && *cursor.previous == previous;
            after_article
                || BEFORE_US.contains(&previous.as_str())
                || has(AFTER_US, next)
                || !shouted_before && !matches!(next, "AND" | "ALL" | "BOTH" | "TOO" | "VS")
        }
        "IT" => after_article || has(AFTER_IT, next) || follows_acronym(cursor),
        "WHO" => previous == "THE",
        "LED" => after_article || has(AFTER_LED, next),
        "SAT" => after_article || is_examination(word, cursor),
        "PA" => has(AFTER_PA, next),
        "MA" => {
            has(AFTER_MA, next) || matches!(previous.as_str(), "AN" | "BA" | "BS") || next == "IN"
        }
        _ => false,
    }
}

/// Whether `SAT` or `ACT` is the examination: `ACT SCORES`, `SAT AND ACT`.
fn is_examination(word: &str, cursor: &Cursor<'_>) -> bool {
    let mut before = cursor.words_before();
    let (nearest, second) = (before.next().unwrap_or_default(), before.next().unwrap_or_default());
    let joined = matches!(nearest.to_ascii_uppercase().as_str(), "AND" | "OR") && second == "SAT";
    has(AFTER_SAT, &cursor.word_after(word.len()).to_ascii_uppercase()) || joined
}

/// Whether `AD` is an advertisement, not part of a year: `AN AD`, `A TV AD`, `AD AGENCY`.
fn is_advertisement(cursor: &Cursor<'_>) -> bool {
    let rest = cursor.rest["AD".len()..].trim_start();
    let dated = rest.starts_with(|c: char| c.is_ascii_digit())
        || cursor.previous.ends_with(|c: char| c.is_ascii_digit());
    let previous = cursor.previous.to_ascii_uppercase();
    let between = has(BEFORE_AD, &previous)
        || has(AFTER_AD, &cursor.word_after("AD".len()).to_ascii_uppercase());
    between && !dated
}

/// Whether two capitals are the postal code of a state: `Portland, OR 97201`.
pub(super) fn is_state(cursor: &Cursor<'_>) -> bool {
    const STATES: &str = "\
    AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR \
    PA RI SC SD TN TX UT VT VA WA WV WI WY DC";
    const ZIP_DIGITS: usize = 5;
    let (Some(code), Some(rest)) = (cursor.rest.get(..2), cursor.rest.get(2..)) else {
        return false;
    };
    let zip = rest.trim_start_matches([' ', '\n']);
    let digits = zip.bytes().take_while(u8::is_ascii_digit).count();
    let place = cursor.preceding.trim_end().ends_with(',');
    place && zip.len() < rest.len() && digits == ZIP_DIGITS && has(STATES, code)
}

/// Whether the word follows an acronym and "and" or "or": `HR AND IT`.
fn follows_acronym(cursor: &Cursor<'_>) -> bool {
    const LONGEST: usize = 3;
    let before = cursor.words_before().nth(1).unwrap_or_default();
    let is_joined = matches!(cursor.previous, "AND" | "OR");
    let capitals = before.len() > 1 && before.bytes().all(|b| b.is_ascii_uppercase());
    let is_word = SHOUTED.contains(&before) || is_ordinary(before, cursor.is_known);
    is_joined && capitals && before.len() <= LONGEST && !is_word && before != "IT"
}

/// Whether `LED` is the verb, with a pronoun after it and no article before it: `Who LED this?`.
fn is_verb_led(cursor: &Cursor<'_>) -> bool {
    const OBJECTS: &str = "this that them us him her me his our their the";
    has(OBJECTS, cursor.word_after("LED".len()))
        && !has("a an the each every", &cursor.previous.to_ascii_lowercase())
}

/// Whether `AM` is the verb, with `I` next to it, and not the broadcast band or a time of day.
fn is_verb(cursor: &Cursor<'_>) -> bool {
    const ADVERBS: &str = "\
    really certainly definitely truly still always never just already actually surely absolutely also so indeed";
    let next = cursor.word_after("AM".len());
    let mut before = cursor.words_before();
    let (nearest, second) = (before.next().unwrap_or_default(), before.next().unwrap_or_default());
    let adjacent_i = nearest == "I"
        || next == "I"
        || second == "I" && has(ADVERBS, &nearest.to_ascii_lowercase());
    adjacent_i || cursor.shouting && !is_radio(cursor)
}

/// Whether `AM` is the broadcast band in a sentence in capitals: next to FM or a frequency, or before a word of
/// broadcasting.
fn is_radio(cursor: &Cursor<'_>) -> bool {
    const RADIO: &str = "\
    FM RADIO RADIOS STATION STATIONS BAND BANDS BROADCAST BROADCASTS DIAL SIGNAL SIGNALS RECEIVER TRANSMITTER \
    FREQUENCY FREQUENCIES TUNER ANTENNA STEREO";
    let rest = &cursor.rest["AM".len()..];
    let joined = ["/FM", " AND FM", " OR FM"].iter().any(|end| rest.starts_with(end));
    let listed = ["FM AND", "FM OR", "FM/"];
    let follows = matches!(cursor.previous, "FM" | "THE" | "AN" | "ON" | "KHZ")
        || listed.iter().any(|words| cursor.preceding.trim_end().ends_with(words));
    let digits = rest.trim_start().bytes().take_while(u8::is_ascii_digit).count();
    let tuned = digits > 2 || cursor.previous.ends_with(|c: char| c.is_ascii_digit());
    joined || follows || tuned || has(RADIO, cursor.word_after("AM".len()))
}

/// Whether a word is roughly pronounceable in English: plausible consonants at both ends and between vowels.
fn is_pronounceable(word: &str) -> bool {
    const DOUBLE_VOWELS: &[&str] = &["AA", "II", "UU"];
    const LONGEST_VOWELS: usize = 2;
    // A `Y` before a consonant at the beginning is not a vowel.
    let is_vowel = |c: char| matches!(c, 'A' | 'E' | 'I' | 'O' | 'U' | 'Y');
    let initial_y = word.starts_with('Y') && !word[1..].starts_with(['A', 'E', 'I', 'O', 'U']);
    let mut clusters = word.split(is_vowel).filter(|cluster| !cluster.is_empty());
    let onset = word.split(is_vowel).next().unwrap_or_default();
    let coda = word.rsplit(is_vowel).next().unwrap_or_default();
    let vowels = word.split(|c| !matches!(c, 'A' | 'E' | 'I' | 'O' | 'U')).map(str::len).max();
    !initial_y
        && (onset.len() <= 1 || ONSETS.contains(&onset))
        && (coda.len() <= 1 || CODAS.contains(&coda))
        && vowels.unwrap_or(0) <= LONGEST_VOWELS
        && !DOUBLE_VOWELS.iter().any(|pair| word.contains(pair))
        && clusters.all(is_plausible)
}

/// Whether a consonant cluster between vowels is plausible: no stop before a stop or a fricative, and `H` only in a
/// digraph.
fn is_plausible(cluster: &str) -> bool {
    const LONGEST: usize = 3;
    let known = |pair: &str| ONSETS.contains(&pair) || CODAS.contains(&pair);
    cluster.len() <= LONGEST
        && (1..cluster.len()).all(|at| {
            let pair = &cluster[at - 1..=at];
            let stop_first = pair.starts_with(['B', 'C', 'D', 'G', 'K', 'P', 'Q', 'T']);
            let sonorant_second = pair.ends_with(['L', 'M', 'N', 'R', 'W']);
            let doubled = pair[..1] == pair[1..];
            known(pair) || doubled || !(stop_first && !sonorant_second || pair.ends_with('H'))
        })
}

/// Consonant clusters at the beginning of words.
const ONSETS: &[&str] = &[
    "BL", "BR", "CH", "CL", "CR", "DR", "FL", "FR", "GL", "GR", "KN", "PH", "PL", "PR", "SC", "SH",
    "SK", "SL", "SM", "SN", "SP", "ST", "SW", "TH", "TR", "TW", "WH", "WR", "STR", "SPR", "SCR",
];

/// Consonant clusters at the end of words.
const CODAS: &[&str] = &[
    "CH", "CK", "CT", "FF", "FT", "GH", "LD", "LF", "LK", "LL", "LP", "LT", "MP", "ND", "NG", "NK",
    "NT", "PS", "PT", "RD", "RK", "RL", "RM", "RN", "RP", "RT", "SH", "SK", "SP", "SS", "ST", "TH",
    "TS", "CKS", "NDS", "NGS", "RDS", "RKS", "RS", "NS", "LLS", "DS", "KS", "MS", "LS", "GS", "WN",
    "WS",
];
