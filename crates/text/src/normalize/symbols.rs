//! Signs: pauses, and those that are said.

use super::capital_words::has;
use super::cursor::{Cursor, Match, pattern};
use super::lines::BREAK;
use super::numbers::cardinal_of_digits;
use super::{emoticons, money, operators};

pattern!(PLUS_MINUS, r"\+/-|\+-( ?)");
pattern!(POWER, r"\^(-?)([0-9]{1,3})");
pattern!(
    LINK_TARGET,
    r#"\]\((?:https?://|mailto:|tel:|www\.|\.{0,2}/|#|[^\s()/]+\.[a-z]{2,4}\b)[^\s()]*(?: "[^"]*")?\)"#
);
pattern!(QUOTED_LINE, r">(?: ?>)*");
pattern!(ROW, r"(?:\* ?){3,}|(?:_ ?){3,}|={3,}|#{3,}|~{3,}|\+{3,}");

/// Signs of ASCII that are symbols; the others are punctuation.
const SYMBOLS: &str = "#$%&*+/<=>@\\^_|~";

/// Reader of signs: pauses, and those that are said.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// Open marks of emphasis (`*so*`), the innermost last.
    emphasis: Vec<char>,
    /// Whether an angle bracket is open (`<ann@example.com>`).
    bracket: bool,
    /// Every symbol left out, once for each occurrence.
    pub(super) left_out: Vec<char>,
}

impl Signs {
    /// Verbalizes the sign at the cursor. Empty when it is not said at all.
    pub(super) fn say(&mut self, cursor: &Cursor<'_>) -> Option<Match> {
        if let Some(found) = emoticons::face(cursor) {
            return Some(found);
        }
        if let Some(length) = plus_minus(cursor) {
            return Some(Match::new(length, "plus or minus"));
        }
        if let Some(length) = link_target(cursor) {
            return Some(Match::new(length, ","));
        }
        if let Some(length) = layout(cursor) {
            return Some(Match::new(length, ""));
        }
        if let Some((length, name)) = operators::find(cursor) {
            return Some(Match::new(length, name));
        }
        if let Some(found) = self.angle_bracket(cursor) {
            return Some(found);
        }
        let c = cursor.rest.chars().next()?;
        let found = single(cursor, c);
        if found.said.is_empty() && self.is_emphasis(cursor, c) {
            return Some(Match::new(run_length(cursor, c), ""));
        }
        if SYMBOLS.contains(c) && (found.said.is_empty() || c == '|') {
            let signs = cursor.rest[..found.length].chars().filter(|&sign| sign == c);
            self.left_out.extend(signs);
        }
        Some(found)
    }

    /// Reads the brackets around an address or a name: `Ann <ann@example.com>`.
    fn angle_bracket(&mut self, cursor: &Cursor<'_>) -> Option<Match> {
        if cursor.rest.starts_with('>') && std::mem::take(&mut self.bracket) {
            return Some(Match::new(1, ","));
        }
        let inner = cursor.rest.strip_prefix('<')?.split('>').next()?;
        let closed = cursor.rest.len() > inner.len() + 1;
        let open = cursor.before.is_none_or(|c| !c.is_alphanumeric())
            || inner.contains('@')
            || inner.contains("://");
        let named = inner.starts_with(|c: char| c.is_alphabetic() || c == '/')
            && !inner.contains(|c: char| c.is_whitespace() || c == BREAK || c == '<');
        self.bracket = closed && open && named;
        self.bracket.then(|| Match::new(1, ","))
    }

    /// Whether marks at the cursor emphasize words: they open before one and close behind one.
    fn is_emphasis(&mut self, cursor: &Cursor<'_>, c: char) -> bool {
        if !matches!(c, '*' | '_' | '~') {
            return false;
        }
        let after = &cursor.rest[run_length(cursor, c)..];
        let inside = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace() && c != BREAK);
        let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let next = after.chars().next();
        if inside(cursor.before)
            && !word(next)
            && let Some(opened) = self.emphasis.iter().rposition(|&open| open == c)
        {
            self.emphasis.truncate(opened);
            return true;
        }
        let paragraph = after.split(BREAK).next().unwrap_or_default();
        let opens = inside(next) && !word(cursor.before) && paragraph.contains(c);
        if opens {
            self.emphasis.push(c);
        }
        opens
    }
}

/// Returns the number of signs in a row at the cursor that are `c`, each of one byte.
fn run_length(cursor: &Cursor<'_>, c: char) -> usize {
    cursor.rest.len() - cursor.rest.trim_start_matches(c).len()
}

/// Returns the length of the end of a link in Markdown, whose text alone is said: `[text](https://example.org)`.
fn link_target(cursor: &Cursor<'_>) -> Option<usize> {
    LINK_TARGET.find(cursor.rest).map(|found| found.len())
}

/// Returns the length of signs that lay a text out: marks of quoted lines, arrows and signs of headings at the start of
/// a line, and lines drawn with signs.
fn layout(cursor: &Cursor<'_>) -> Option<usize> {
    let rest = cursor.rest;
    let starts_line = cursor.before.is_none_or(|c| matches!(c, '\n' | BREAK));
    let starts_text = cursor.previous.is_empty() && opens_line(cursor);
    if (starts_line || starts_text) && !rest.starts_with(">=") {
        if let Some(found) = QUOTED_LINE.find(rest) {
            return Some(found.len());
        }
        let heading = rest.trim_start_matches('#');
        if heading.len() < rest.len() && heading.starts_with([' ', '\t']) {
            return Some(rest.len() - heading.len());
        }
        if let Some((length, _)) = operators::find(cursor).filter(|_| rest.starts_with(['-', '=']))
            && rest[..length].ends_with('>')
        {
            return Some(length);
        }
    }
    let row = ROW.find(rest)?.as_str();
    let next = cursor.char_after(row.len());
    let alone = next.is_none_or(|c| c.is_whitespace() || c == BREAK) || row.ends_with(' ');
    let opens = cursor.before.is_none_or(|c| c.is_whitespace() || c == BREAK);
    let blank = row.starts_with('_') && !starts_line;
    let operator = row.trim_end() == "===" && !starts_line;
    (alone && opens && !blank && !operator).then_some(row.trim_end().len())
}

/// Reads a sign of one character.
fn single(cursor: &Cursor<'_>, c: char) -> Match {
    let length = c.len_utf8();
    let next = cursor.char_after(length);
    let spaced =
        cursor.before.is_none_or(char::is_whitespace) && next.is_none_or(char::is_whitespace);
    let digit_next = |skip: usize| cursor.char_after(skip).is_some_and(|c| c.is_ascii_digit());
    let said = match c {
        ',' | ';' | ':' | '(' | ')' | '[' | ']' | '{' | '}' | '|' => ",",
        '!' => "!",
        '?' => "?",
        '.' => return dots(cursor),
        '-' => return dashes(cursor, spaced),
        '^' if next.is_some_and(char::is_alphabetic) && cursor.before.is_some_and(is_operand) => {
            "to the power of"
        }
        '^' => return power(cursor),
        '&' => "and",
        '+' => "plus",
        '=' if cursor.before != Some('=') => "equals",
        '@' => "at",
        '\\' if next.is_some_and(char::is_alphanumeric) => "backslash",
        '#' if is_keyed(cursor) && !next.is_some_and(char::is_alphanumeric) => "pound",
        '#' if digit_next(length) || spaced && digit_next(length + 1) => "number",
        '%' => "percent",
        '°' => "degrees",
        'Ω' => "ohms",
        'μ' => "micro",
        '§' if next == Some('§') => return Match::new(2 * length, "sections"),
        '§' => "section",
        '~' if opens_path(cursor, length) => "tilde",
        '±' => "plus or minus",
        '×' => "times",
        '÷' => "divided by",
        '*' => return asterisks(cursor, spaced),
        '~' if opens_amount(&cursor.rest[length..]) => "about",
        '<' => "less than",
        '>' => "greater than",
        '/' => return slashes(cursor, spaced),
        c => match money::names(c) {
            // The name of a variable, `$HOME`.
            Some([one, many]) => {
                if next.is_some_and(|c| c.is_alphabetic() || c == '-') {
                    one
                } else {
                    many
                }
            }
            None => "",
        },
    };
    Match::new(length, said)
}

/// Whether a character ends or begins an operand of a formula.
fn is_operand(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '(' | ')' | ']')
}

/// Reads a product (`2*3`, `x * y`), a power (`2**8`), or nothing.
fn asterisks(cursor: &Cursor<'_>, spaced: bool) -> Match {
    let length = run_length(cursor, '*');
    let after = cursor.rest[length..].trim_start_matches(' ');
    let next = after.chars().next();
    let end = after.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(after.len());
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let (left, right) = (cursor.previous, &after[..end]);
    let touches = cursor.before.is_some_and(is_operand) && cursor.char_after(length) == next;
    let open = spaced
        || length > 1 && cursor.before == Some(' ') && after.len() < cursor.rest.len() - length;
    // `dial *67`, `press *`
    if length == 1 && is_keyed(cursor) && next.is_none_or(|c| !c.is_alphabetic()) {
        return Match::new(length, "star");
    }
    if !next.is_some_and(is_operand) || left.is_empty() || !(touches || open) {
        return Match::new(length, "");
    }
    let counted = is_number(left) || is_number(right);
    match length {
        1 if spaced || counted || left.len() == 1 && right.len() <= 1 => Match::new(1, "times"),
        2 if open || counted => Match::new(2, "to the power of"),
        _ => Match::new(length, ""),
    }
}

/// Reads a slash between words or numbers; several are none.
fn slashes(cursor: &Cursor<'_>, spaced: bool) -> Match {
    let length = run_length(cursor, '/');
    let next = cursor.char_after(length);
    let after_digit = cursor.previous.ends_with(|c: char| c.is_ascii_digit());
    let digit_next = cursor.char_after(length + 1).is_some_and(|c| c.is_ascii_digit());
    // One beside a single word may be that of an unfinished pronunciation.
    let inside =
        cursor.before.is_some_and(char::is_alphanumeric) && next.is_some_and(char::is_alphanumeric);
    let between = spaced && !cursor.previous.is_empty() && !cursor.word_after(length).is_empty();
    let said = match length {
        1 if opens_path(cursor, 0) => "slash",
        1 if spaced && after_digit && digit_next => "divided by",
        1 if inside || between => "slash",
        _ => "",
    };
    Match::new(length, said)
}

/// Whether a sign is one of the keys of a telephone: `press #`.
fn is_keyed(cursor: &Cursor<'_>) -> bool {
    const KEYED: [&str; 8] =
        ["dial", "press", "pressing", "dialing", "hit", "enter", "key", "dialed"];
    let previous = cursor.previous.to_ascii_lowercase();
    let joined = matches!(previous.as_str(), "or" | "the" | "by" | "and");
    let earlier = cursor.words_before().nth(1).unwrap_or_default().to_ascii_lowercase();
    KEYED.contains(&previous.as_str()) || joined && KEYED.contains(&earlier.as_str())
}

/// Whether the path of a file follows the first `skip` bytes, which begin a word: `/usr/local`, `~/notes`.
fn opens_path(cursor: &Cursor<'_>, skip: usize) -> bool {
    let opens = |c: char| c.is_whitespace() || matches!(c, '(' | '"' | '\'' | '~' | BREAK);
    let token = cursor.rest[skip..].split_whitespace().next().unwrap_or_default();
    let Some(path) = token.strip_prefix('/').filter(|_| cursor.before.is_none_or(opens)) else {
        return false;
    };
    let home = skip > 0 || cursor.before == Some('~');
    let inside = path.find('/').is_some_and(|at| path[at + 1..].starts_with(char::is_alphanumeric));
    path.starts_with(|c: char| c.is_alphanumeric() || c == '.') && (home || inside)
}

/// Returns the length of `+/-` at the cursor, or of `+-` before an amount.
fn plus_minus(cursor: &Cursor<'_>) -> Option<usize> {
    let found = PLUS_MINUS.captures(cursor.rest)?;
    let length = found[0].len();
    let after = &cursor.rest[length..];
    (found.get(1).is_none() || opens_amount(after)).then_some(length)
}

/// Whether a text begins with a number or a sum of money.
fn opens_amount(text: &str) -> bool {
    let digits = text.strip_prefix('.').unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit()) || money::opens(text)
}

/// Whether a sign stands at the beginning of a line, or behind others of its kind there.
fn opens_line(cursor: &Cursor<'_>) -> bool {
    cursor.before.is_none_or(|c| c.is_whitespace() || c == '>')
}

/// One dot ends a sentence, several are a pause unless a new sentence follows.
fn dots(cursor: &Cursor<'_>) -> Match {
    let length = cursor.rest.len() - cursor.rest.trim_start_matches('.').len();
    let next = cursor.char_after(length);
    let touching = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    if length == 1 && touching(cursor.before) && next.is_some_and(|c| c.is_ascii_lowercase()) {
        return Match::new(length, "dot");
    }
    // `.NET`
    let opens = cursor.before.is_none_or(char::is_whitespace);
    if length == 1 && opens && next.is_some_and(|c| c.is_ascii_alphabetic()) {
        return Match::new(length, "dot");
    }
    let following = cursor.rest[length..].trim_start().chars().next();
    let goes_on =
        following.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == ',');
    Match::new(length, if length > 1 && goes_on { "," } else { "." })
}

/// Reads a dash: a pause, a minus, or a joint of words.
fn dashes(cursor: &Cursor<'_>, spaced: bool) -> Match {
    let length = cursor.rest.len() - cursor.rest.trim_start_matches('-').len();
    let amount_next = opens_amount(&cursor.rest[length..]);
    let digit_follows =
        cursor.rest[length..].trim_start().starts_with(|c: char| c.is_ascii_digit());
    let after_digit = cursor.previous.ends_with(|c: char| c.is_ascii_digit());
    let open = cursor
        .before
        .is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '[' | '"' | '=' | '<' | '>'));
    let said = match length {
        1 if spaced && after_digit && digit_follows => "minus",
        1 if open && amount_next => "minus",
        // `x-1`, but `F-16`
        1 if amount_next && has("k n x y z", cursor.previous) => "minus",
        1 if spaced && cursor.previous.is_empty() => "",
        1 if spaced => ",",
        1 => "",
        _ => ",",
    };
    Match::new(length, said)
}

fn power(cursor: &Cursor<'_>) -> Match {
    match POWER.captures(cursor.rest) {
        Some(found) => {
            let said = match (&found[1], &found[2]) {
                ("", "2") => "squared".to_owned(),
                ("", "3") => "cubed".to_owned(),
                ("", exponent) => format!("to the power of {}", cardinal_of_digits(exponent)),
                (_, exponent) => format!("to the power of minus {}", cardinal_of_digits(exponent)),
            };
            Match::new(found[0].len(), said)
        }
        None => Match::new(1, ""),
    }
}

/// Whether a character may be left out of what is said.
pub(super) fn may_be_left_out(c: char) -> bool {
    !c.is_ascii() || SYMBOLS.contains(c)
}
