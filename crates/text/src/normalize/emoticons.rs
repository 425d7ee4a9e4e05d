//! Emoticons, read by their names.

use super::cursor::{Cursor, Match, pattern};
use super::lines::BREAK;

pattern!(FACE, r"(>)?([:;=])(')?([-o^~]?)(\)+|\]|\(+|\[|D+\b|[Pp]\b|[Oo]\b|[Ss]\b|[/\\|*3@])");
pattern!(MIRRORED, r"(\(+)(-?)(['])?[:;]");
pattern!(HEART, r"<(/|\\)?3+");
pattern!(LETTERS, r"[Xx]D+|[oO]_[oO]|T_T|;_;|\^[_.-]?\^|-_+-|>[_.]<|[uU]_[uU]|B-\)");

/// Characters that may precede an emoticon, besides white space.
const OPENING: &str = "\"'(*~.!?,…";

/// Characters that may follow an emoticon, besides white space.
const CLOSING: &str = "\"')*~.!?,;…<";

/// Matches an emoticon that begins with a punctuation character.
pub(super) fn face(cursor: &Cursor<'_>) -> Option<Match> {
    if !cursor.rest.starts_with([':', ';', '=', '>', '<', '(', '^', '-']) {
        return None;
    }
    heart(cursor)
        .or_else(|| eyes_first(cursor))
        .or_else(|| mirrored(cursor))
        .or_else(|| letters(cursor))
}

/// Whether an emoticon may begin at the cursor, by the text before it.
fn opens(cursor: &Cursor<'_>) -> bool {
    cursor.before.is_none_or(|c| c.is_whitespace() || c == BREAK || OPENING.contains(c))
}

/// Whether an emoticon may end after `length` bytes.
fn closes(cursor: &Cursor<'_>, length: usize) -> bool {
    let after = cursor.char_after(length);
    after.is_none_or(|c| c.is_whitespace() || c == BREAK || CLOSING.contains(c))
}

/// Matches `:)`, `;-)`, `:D`, `:'(`, `>:(`. An emoticon without a nose must be separated from the previous word, since
/// `(see note:)` has none.
fn eyes_first(cursor: &Cursor<'_>) -> Option<Match> {
    let found = FACE.captures(cursor.rest)?;
    let length = found[0].len();
    let (eyes, tear) = (&found[2], found.get(3).is_some());
    let last = found[5].chars().next()?;
    let round = matches!(last, ')' | '(');
    let nose = &found[4] == "-" || &found[4] == "^";
    let apart = opens(cursor) || nose && round && cursor.before.is_some_and(char::is_alphabetic);
    let equation = eyes == "=" && !matches!(last, ')' | '(' | 'D' | 'P');
    // `at 5 :3` has no emoticon.
    let counted = last == '3' && !cursor.previous.ends_with(|c: char| c.is_ascii_alphabetic());
    if !apart || equation || counted || !closes(cursor, length) {
        return None;
    }
    let name = match last {
        ')' | ']' if tear => "tears of joy",
        ')' | ']' | 'D' if found.get(1).is_some() => "mischievous face",
        ')' | ']' if eyes == ";" => "winking face",
        ')' | ']' => "smiley face",
        'D' => "grinning face",
        '(' | '[' if tear => "crying face",
        '(' | '[' if found.get(1).is_some() => "angry face",
        '(' | '[' => "frowning face",
        'P' | 'p' => "face with tongue",
        'O' | 'o' => "surprised face",
        '|' => "neutral face",
        '*' => "kissing face",
        '3' => "cat face",
        '@' => "angry face",
        _ => "confused face",
    };
    Some(Match::new(length, name))
}

/// Matches mirrored emoticons: `(:` and `(-;`.
fn mirrored(cursor: &Cursor<'_>) -> Option<Match> {
    let found = MIRRORED.captures(cursor.rest)?;
    let length = found[0].len();
    let apart = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || c == BREAK);
    let fits = apart(cursor.before) && apart(cursor.char_after(length));
    let name = if found[0].ends_with(';') { "winking face" } else { "smiley face" };
    fits.then(|| Match::new(length, name))
}

/// Words before a heart.
const BEFORE_HEART: &str =
    "i we you u ya y'all love loves thanks thank guys everyone xo xoxo night bye";

/// Words after a heart.
const AFTER_HEART: &str = "you u ya it this that my them him her these those your";

/// Words before a comparison with a number.
const COMPARED: &str = "\
    age ages is are was were if when where with while value values count counts score scores size sizes ratio \
    level levels rank grade index number total rate rates sum mean length width height depth weight distance \
    version temperature temperatures order degree probability result results of and or than at";

/// Matches the hearts `<3` and `</3`, unless a variable or quantity before them makes a comparison.
fn heart(cursor: &Cursor<'_>) -> Option<Match> {
    let found = HEART.captures(cursor.rest)?;
    let length = found[0].len();
    if !opens(cursor) || !closes(cursor, length) || !cursor.number_ends(length) {
        return None;
    }
    let broken = found.get(1).is_some();
    let before = cursor.previous.to_ascii_lowercase();
    let listed = |list: &str, word: &str| list.split_whitespace().any(|listed| listed == word);
    let addressed = listed(BEFORE_HEART, &before)
        || listed(AFTER_HEART, &cursor.word_after(length).to_ascii_lowercase());
    let word =
        cursor.previous.get(1..).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_lowercase()));
    let plain = word && before.len() > 1 && !listed(COMPARED, &before);
    let next = cursor.rest[length..].trim_start().chars().next();
    let last =
        next.is_none_or(|c| c == BREAK || CLOSING.contains(c)) && !cursor.previous.is_empty();
    let alone = cursor.preceding.trim().is_empty() && next.is_none_or(char::is_uppercase);
    let name = if broken { "broken heart" } else { "heart" };
    (broken || addressed || last && plain || alone).then(|| Match::new(length, name))
}

/// Matches `XD`, `o_O`, `T_T`, `^_^`. `XD` must be at the end or the beginning of a sentence, and not after an article.
pub(super) fn letters(cursor: &Cursor<'_>) -> Option<Match> {
    const NAMED: &str = "a an the adobe of on in with for my your this that";
    const AFTER: &str = "card cards file files memory picture pictures format";
    let found = LETTERS.find(cursor.rest)?.as_str();
    let length = found.len();
    let lower = found.to_ascii_lowercase();
    let before = cursor.previous.to_ascii_lowercase();
    let listed = |list: &str, word: &str| list.split_whitespace().any(|listed| listed == word);
    let laughs = lower.starts_with('x');
    let named =
        listed(NAMED, &before) || listed(AFTER, &cursor.word_after(length).to_ascii_lowercase());
    let power = found.starts_with('^') && cursor.before.is_some_and(|c| !c.is_whitespace());
    if !opens(cursor) || !closes(cursor, length) || laughs && named || power {
        return None;
    }
    let name = match lower.as_bytes()[0] {
        b'x' => "laughing face",
        b'o' => "surprised face",
        b't' | b';' | b'u' => "crying face",
        b'^' => "smiling face",
        b'-' => "unamused face",
        b'>' => "annoyed face",
        _ => "face with sunglasses",
    };
    Some(Match::new(length, name))
}
