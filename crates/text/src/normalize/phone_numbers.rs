//! Telephone numbers and the like: digits in groups.

use super::capital_words::has;
use super::cursor::{Cursor, Match, pattern};
use super::numbers::{cardinal_of_digits, digit_by_digit};
use super::units::{self, Count};

pattern!(
    NATIONAL,
    r"(?:\+?1[-. ])?(?:\([0-9]{3}\) ?|[0-9]{3}[-. ])[0-9]{3}[-. ][0-9]{4}|[0-9]{3}-[0-9]{4}|[0-9]{3}-[0-9]{2}-[0-9]{4}"
);
pattern!(INTERNATIONAL, r"\+[0-9]{1,3}(?:[-. ]?\(?[0-9]{1,6}\)?){1,7}");
// Trunk prefix and area code, then at least two more groups or one long one: 020 7946 0018, 07700 900123.
pattern!(
    TRUNK,
    r"(?:\(0[0-9]{1,4}\)|\(0\) ?[0-9]{2,5}|0[0-9]{1,5})(?:(?: ?/ ?|[- ])[0-9]{2,8}){1,5}"
);
pattern!(TRUNK_DOTTED, r"0[0-9](?:\.[0-9]{2}){4}");
pattern!(TOLL_FREE, r"1[38]00[- ][0-9]{3}[- ][0-9]{3,4}");
// A local number with a zero after the exchange, which is no other number: 555 0142; mobiles of India,
// China and Brazil, and a Russian number: 98765 43210, 138 0013 8000, (11) 91234-5678, 8 (495) 123-45-67.
pattern!(
    LOCAL,
    concat!(
        r"1[3-9][0-9][- ][0-9]{4}[- ][0-9]{4}|[0-9]{3}[- ]0[0-9]{3}|[6-9][0-9]{4}[- ][0-9]{5}|",
        r"\([1-9][0-9]\) ?9?[0-9]{4}-[0-9]{4}|8 ?\([0-9]{3}\) ?[0-9]{3}-[0-9]{2}-[0-9]{2}"
    )
);
// A number of a bank's card.
pattern!(CARD, r"[0-9]{4}(?:[- ][0-9]{4}){3}");
pattern!(SECRET, r"[0-9]{2,8}");
pattern!(GROUPS, r"\(?[0-9]{2,11}\)?(?:[-. ][0-9]{2,5}){0,5}");
pattern!(RANGE, r"[0-9]{3}-[1-9][0-9]{3}");
pattern!(SHORT_CODE, r"[0-9]{3,6}");
// An extension behind a number: `555-0142 x12`.
pattern!(EXTENSION, r"(?i),? ?(?:x|ext\.?) ?([0-9]{1,6})\b");
// Three groups or more that are no date: 978-3-16-148410-0, 4-4-2.
pattern!(CODE, r"[0-9]{1,10}(?:-[0-9]{1,10}){2,6}");
pattern!(VANITY, r"(?:(1)-(8[0-9]{2})|([0-9]{3}))-([A-Z]{3,10}|[A-Z]{2,7}-[A-Z]{2,7})");

/// Words right before a number that make it one of a telephone.
const BEFORE: &str = "\
    call calls called calling ring rang ringing phone phoned telephone tel dial dialed dialled dialing dialling fax \
    faxed text texted texting message mobile cell hotline helpline landline whatsapp sms";

/// Verbs before `at`, `on` or `to` and a telephone number.
const CALLING: &str = "\
    call calls called calling ring rang phone phoned telephone dial fax faxed text texted texting message messaged \
    reach reached contact whatsapp sms";

/// Nouns before `is` and a telephone number.
const NUMBERS: &str =
    "number phone telephone tel mobile cell fax hotline helpline landline whatsapp extension ext";

/// Emergency and service numbers, which are no counts after a word of telephony.
const SERVICES: &str = "911 999 112 000 988 101 111 211 311 411 511 611 711 811";

/// Words after an emergency number without a word of telephony before it.
const AFTER_SERVICE: &str =
    "call caller operator operators dispatcher dispatchers emergency hotline lifeline";

/// Words before two numbers with a hyphen that make it a range.
const BEFORE_RANGE: &str = "\
    between from about around roughly approximately some pages pp lines verses rooms chapters years ages";

/// Words after a short code; before other words a number counts.
const AFTER_CODE: &str = "\
    now if for in and or when right immediately from to at first about with on before because until as but today \
    tonight anytime instead again directly after once so then by is was";

/// Fewest and most digits of a telephone number with its area code, and the fewest of one without.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
const FEWEST_LOCAL_DIGITS: usize = 6;
const FEWEST_UNSEPARATED_DIGITS: usize = 10;
const SERVICE_DIGITS: usize = 3;

/// Verbalizes the telephone number at the cursor digit by digit, with a pause between the groups.
pub(super) fn say(cursor: &Cursor<'_>) -> Option<Match> {
    if let Some(found) = VANITY.captures(cursor.rest) {
        let word = found[4].to_ascii_lowercase().replace('-', " ");
        let said = match (found.get(2), found.get(3)) {
            (Some(code), _) => Some(format!("one {} {word}", toll_free_code(code.as_str()))),
            // `555-HELP`
            (None, Some(code)) if code.as_str() == "555" || is_called(cursor) => {
                Some(format!("{} {word}", digit_by_digit(code.as_str())))
            }
            _ => None,
        };
        if let Some(said) = said.filter(|_| cursor.ends(found[0].len())) {
            return Some(Match::new(found[0].len(), said));
        }
    }
    let rules = [
        card,
        secret,
        national,
        international,
        toll_free,
        trunk_dotted,
        trunk,
        local,
        after_call,
        short_code,
    ];
    let Some(written) = rules.into_iter().find_map(|rule| rule(cursor)) else {
        return code(cursor);
    };
    let groups: Vec<String> = written
        .split(|c: char| !c.is_ascii_digit())
        .filter(|group| !group.is_empty())
        .map(digit_by_digit)
        .collect();
    let plus = if written.starts_with('+') { "plus " } else { "" };
    let said = format!("{plus}{}", groups.join(", "));
    let after = &cursor.rest[written.len()..];
    Some(match EXTENSION.captures(after).filter(|_| digits(written) >= FEWEST_LOCAL_DIGITS) {
        Some(found) => {
            let extension = extension(&found[1]);
            Match::new(written.len() + found[0].len(), format!("{said} extension {extension}"))
        }
        None => Match::new(written.len(), said),
    })
}

/// Returns the digits of an extension: as a number up to ninety-nine.
fn extension(digits: &str) -> String {
    const LONGEST_NUMBER: usize = 2;
    let is_number = digits.len() <= LONGEST_NUMBER && !digits.starts_with('0');
    if is_number { cardinal_of_digits(digits) } else { digit_by_digit(digits) }
}

/// Returns the code of toll-free numbers: `800` is a round number.
fn toll_free_code(digits: &str) -> String {
    if digits.ends_with("00") { cardinal_of_digits(digits) } else { digit_by_digit(digits) }
}

/// Returns the text at the cursor that a pattern fits, if a number may end behind it.
fn number_of<'t>(cursor: &Cursor<'t>, pattern: &regex::Regex) -> Option<&'t str> {
    let written = pattern.find(cursor.rest)?.as_str().trim_end();
    cursor.number_ends(written.len()).then_some(written)
}

fn toll_free<'t>(cursor: &Cursor<'t>) -> Option<&'t str> {
    number_of(cursor, &TOLL_FREE)
}

fn card<'t>(cursor: &Cursor<'t>) -> Option<&'t str> {
    number_of(cursor, &CARD)
}

/// Returns a number that is none: a PIN, a code of an area, a password.
fn secret<'t>(cursor: &Cursor<'t>) -> Option<&'t str> {
    const CODED: &str =
        "zip postal area country dialing dialling access security pin entry verification door";
    const LONGEST_AREA: usize = 5;
    let written = number_of(cursor, &SECRET)?;
    let mut before = cursor.words_before().map(str::to_ascii_lowercase);
    let colon = cursor.preceding.trim_end().ends_with(':');
    let joint = matches!(cursor.previous, "is" | "was" | "number");
    let mut noun = if joint { before.nth(1) } else { before.next() }.unwrap_or_default();
    if noun == "number" {
        noun = before.next().unwrap_or_default();
    }
    let is_code = matches!(noun.as_str(), "code" | "codes")
        && ((joint || colon) && written.len() > 3
            || written.len() > LONGEST_AREA
            || has(CODED, &before.next().unwrap_or_default()));
    let is_secret = has("pin passcode password otp zip zipcode", &noun) && written.len() > 3;
    let counts = is_counted(cursor.word_after(written.len()));
    ((is_secret || is_code) && !counts).then_some(written)
}

fn trunk_dotted<'t>(cursor: &Cursor<'t>) -> Option<&'t str> {
    number_of(cursor, &TRUNK_DOTTED)
}

fn local<'t>(cursor: &Cursor<'t>) -> Option<&'t str> {
    number_of(cursor, &LOCAL)
}

/// Returns a national number; two groups with a hyphen may also be a range: `500-1000 people`.
fn national<'t>(cursor: &Cursor<'t>) -> Option<&'t str> {
    let written = number_of(cursor, &NATIONAL)?;
    let length = written.len();
    // `020-7946-0958` goes on.
    let next = cursor.char_after(length + 1).is_some_and(|c| c.is_ascii_digit());
    if next && cursor.char_after(length) == Some('-') {
        return None;
    }
    let two_groups = RANGE.find(written).is_some_and(|range| range.len() == length);
    let counts = written.ends_with("00")
        || is_counted(cursor.word_after(length))
        || cursor.char_after(length) == Some('%')
        || units::after(cursor, length, Count::Many).is_some()
        || has(BEFORE_RANGE, &cursor.previous.to_ascii_lowercase());
    (!(two_groups && counts) || is_called(cursor) || is_named(cursor)).then_some(written)
}

/// Returns a number with a plus: separators or many digits, but no decimals (`+1.5`) and no round number.
fn international<'t>(cursor: &Cursor<'t>) -> Option<&'t str> {
    if cursor.before.is_some_and(|c| c.is_alphanumeric() || c == ')') {
        return None;
    }
    let written = number_of(cursor, &INTERNATIONAL)?;
    let count = digits(written);
    let separators = written[1..].replace(|c: char| c.is_ascii_digit(), "");
    let fits = match separators.as_str() {
        "" => count >= FEWEST_UNSEPARATED_DIGITS && !written.ends_with("000"),
        separators => separators != ".",
    };
    (fits && DIGITS.contains(&count)).then_some(written)
}

/// Says groups with hyphens: digit by digit if one is long, else each as a number.
fn code(cursor: &Cursor<'_>) -> Option<Match> {
    const LONGEST_NUMBER: usize = 2;
    let written = CODE.find(cursor.rest)?.as_str();
    let groups: Vec<&str> = written.split('-').collect();
    let short = groups.iter().all(|group| group.len() <= LONGEST_NUMBER && !group.starts_with('0'));
    let say = if short { cardinal_of_digits } else { digit_by_digit };
    let said: Vec<String> = groups.into_iter().map(say).collect();
    let separator = if short { " " } else { ", " };
    cursor.number_ends(written.len()).then(|| Match::new(written.len(), said.join(separator)))
}

/// Returns a number with a trunk prefix.
fn trunk<'t>(cursor: &Cursor<'t>) -> Option<&'t str> {
    let written = number_of(cursor, &TRUNK)?;
    // `030/1234567`, but no date.
    let slashed = match written.split_once('/') {
        None => true,
        Some((code, number)) => digits(code) > 2 && digits(number) > 4 && !number.contains('/'),
    };
    (DIGITS.contains(&digits(written)) && slashed).then_some(written)
}

/// Returns a long number after words of telephony.
fn after_call<'t>(cursor: &Cursor<'t>) -> Option<&'t str> {
    if !is_called(cursor) && !is_named(cursor) {
        return None;
    }
    let written = number_of(cursor, &GROUPS)?;
    let one_group = written.bytes().all(|b| b.is_ascii_digit());
    let counts =
        one_group && (written.ends_with("000") || is_counted(cursor.word_after(written.len())));
    (digits(written) >= FEWEST_LOCAL_DIGITS && !counts).then_some(written)
}

/// Returns a code of few digits: `call 911`, `text STOP to 12345`, `ext. 204`.
fn short_code<'t>(cursor: &Cursor<'t>) -> Option<&'t str> {
    const LONGEST_DIALED: usize = 5;
    const NEXT_TO_LAST: usize = 2;
    let written = number_of(cursor, &SHORT_CODE)?;
    let next = cursor.word_after(written.len());
    let counts =
        is_counted(next) || next == "million" || cursor.char_after(written.len()) == Some('%');
    let previous = cursor.previous.to_ascii_lowercase();
    let alone = next.is_empty() || has(AFTER_CODE, next);
    let (is_service, is_round) = (has(SERVICES, written), written.ends_with("000"));
    let fits = match previous.as_str() {
        "ext" | "extension" => true,
        "is" | "at" | "number" if has_before(cursor, NEXT_TO_LAST, "ext extension") => true,
        "to" if is_text_to(cursor) => !is_round,
        _ if is_service && is_called(cursor) => true,
        "and" | "or" if is_service => {
            cursor.words_before().nth(1).is_some_and(|word| has(SERVICES, word))
        }
        "call" | "dial" | "text" | "ring" | "phone" | "dialed" | "dialled" => {
            alone && !is_round && written.len() <= LONGEST_DIALED
        }
        "emergency" if is_service => true,
        "" if is_service => {
            let is_all = cursor.rest.len() == written.len() && cursor.before.is_none();
            is_all || has(AFTER_SERVICE, next)
        }
        _ if has(BEFORE, &previous) => alone && written.len() == SERVICE_DIGITS,
        _ => is_service && has(AFTER_SERVICE, next),
    };
    (fits && !counts).then_some(written)
}

/// Whether a word of telephony stands before, perhaps with `at`, `on` or `to` between: `call me at`.
fn is_called(cursor: &Cursor<'_>) -> bool {
    const FARTHEST: usize = 5;
    let previous = cursor.previous.to_ascii_lowercase();
    let joined = matches!(previous.as_str(), "at" | "on" | "to" | "via")
        && has_before(cursor, FARTHEST, CALLING);
    has(BEFORE, &previous) || joined
}

/// Whether the words before name a telephone number: `my number is`, `phone number`.
fn is_named(cursor: &Cursor<'_>) -> bool {
    const FARTHEST: usize = 4;
    match cursor.previous.to_ascii_lowercase().as_str() {
        "is" | "was" | "at" | "on" => has_before(cursor, FARTHEST, NUMBERS),
        "number" => has_before(cursor, FARTHEST, BEFORE),
        _ => false,
    }
}

/// `text STOP to`, `send JOIN to`.
fn is_text_to(cursor: &Cursor<'_>) -> bool {
    const FARTHEST: usize = 6;
    const SENDING: &str = "send sent reply replied sending";
    let keyword = cursor.words_before().nth(1).unwrap_or_default();
    let is_keyword = keyword.len() > 1 && keyword.bytes().all(|b| b.is_ascii_uppercase());
    has_before(cursor, FARTHEST, "text texted texting sms message messaged")
        || is_keyword && has_before(cursor, FARTHEST, SENDING)
}

/// Whether one of the words behind the previous one is in a list.
fn has_before(cursor: &Cursor<'_>, farthest: usize, list: &str) -> bool {
    cursor.words_before().take(farthest).skip(1).any(|word| has(list, &word.to_ascii_lowercase()))
}

/// Whether a word after a number looks like a plural.
fn is_counted(word: &str) -> bool {
    const NO_PLURALS: &str = "was is has as this its his us yes does always please";
    const PLURALS: &str = "people men women children feet more fewer percent dollars";
    let plural = word.len() > 2 && word.ends_with('s') && !word.ends_with("ss");
    let is_lower = word.starts_with(|c: char| c.is_ascii_lowercase());
    has(PLURALS, word) || plural && is_lower && !has(NO_PLURALS, word)
}

fn digits(written: &str) -> usize {
    written.bytes().filter(u8::is_ascii_digit).count()
}
