//! Texts that people found misread, one a row in `cases.jsonl`: the words said, the phones of some of them, or the
//! pieces of a text.

use serde::Deserialize;
use syrinx_text::inventory::to_arpabet;
use syrinx_text::sentences::{DEFAULT_MAX_CHARS, split};
use syrinx_text::{Frontend, normalize, symbols_left_out, whisper_english};

const ROWS: &str = include_str!("cases.jsonl");
const WHISPER: &str = include_str!("whisper.jsonl");
const HETERONYMS: &str = include_str!("heteronyms.tsv");

/// Share of the heteronyms that must be read rightly.
const REQUIRED_SHARE: f64 = 0.92;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    #[serde(default)]
    say: String,
    words: Option<String>,
    /// Another right form.
    r#or: Option<String>,
    phones: Option<Vec<Vec<String>>>,
    split: Option<String>,
    pieces: Option<Vec<String>>,
}

/// Words compared without case, punctuation and hyphens; "and" inside numbers is optional.
fn plain(text: &str) -> String {
    let kept =
        |c: char| if c.is_alphanumeric() || c == '\'' { c.to_ascii_lowercase() } else { ' ' };
    let text: String = text.chars().map(kept).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace("hundred and ", "hundred ").replace("dollars and ", "dollars ")
}

/// Phones without the difference of secondary stress.
fn sounds(arpabet: &str) -> String {
    arpabet.replace('2', "1").replace("IH0", "AH0")
}

fn check_row(row: &Row, frontend: &Frontend) -> Result<(), String> {
    if let Some(words) = &row.words {
        let said = plain(&normalize(&row.say));
        let right = [Some(words), row.r#or.as_ref()].into_iter().flatten();
        if !right.into_iter().any(|right| plain(right) == said) {
            return Err(format!(
                "{}: {:?}\n  expected {words:?}\n  said     {said:?}",
                row.id, row.say
            ));
        }
    }
    if let Some(expected) = &row.phones {
        let spoken = frontend.phonemize(&row.say).unwrap();
        let mut words = spoken.words.iter();
        for pair in expected {
            let word = words.by_ref().find(|word| word.spoken == pair[0].to_lowercase());
            let got = word.map(|word| to_arpabet(&word.phones)).unwrap_or_default();
            if sounds(&got) != sounds(&pair[1]) {
                return Err(format!("{}: {} is {got}, expected {}", row.id, pair[0], pair[1]));
            }
        }
    }
    if let (Some(text), Some(expected)) = (&row.split, &row.pieces) {
        let pieces = split(text, DEFAULT_MAX_CHARS);
        if pieces != *expected {
            return Err(format!("{}: {pieces:?}, expected {expected:?}", row.id));
        }
    }
    Ok(())
}

#[test]
fn reported_texts_are_read_rightly() {
    let frontend = Frontend::english().unwrap();
    let rows = ROWS.lines().map(|line| serde_json::from_str::<Row>(line).unwrap());
    let wrong: Vec<String> = rows.filter_map(|row| check_row(&row, &frontend).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn heteronyms_are_read_by_part_of_speech() {
    let frontend = Frontend::english().unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    let mut words = std::collections::BTreeSet::new();
    for line in HETERONYMS.lines().filter(|line| !line.starts_with('#')) {
        let [word, expected, sentence] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let spoken = frontend.phonemize(sentence).unwrap();
        let got = spoken.words.iter().find(|w| w.spoken == word).map(|w| to_arpabet(&w.phones));
        let got = got.unwrap_or_default();
        count += 1;
        words.insert(word);
        if sounds(&got) != sounds(expected) {
            wrong.push(format!("{word} = {got}, expected {expected}: {sentence}"));
        }
    }
    let share = 1.0 - wrong.len() as f64 / f64::from(count);
    assert!(count >= 300 && words.len() >= 60, "{count} sentences, {} words", words.len());
    assert!(share >= REQUIRED_SHARE, "{:.1} %\n{}", 100.0 * share, wrong.join("\n"));
}

#[test]
fn whisper_rules_give_the_published_pairs() {
    #[derive(Deserialize)]
    struct Pair {
        text: String,
        normalized: String,
    }
    for line in WHISPER.lines() {
        let pair: Pair = serde_json::from_str(line).unwrap();
        assert_eq!(whisper_english(&pair.text), pair.normalized, "{}", pair.text);
    }
}

#[test]
fn symbols_without_a_name_are_told_once() {
    let told = |text: &str| {
        let left_out = symbols_left_out(text);
        left_out.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(told("“Zoë” paid 5 ₿ for ½ a pie."), "`₿` (U+20BF, once)");
    assert_eq!(told("₿₿ and 日 — naïve • £5 😀 ₿"), "`₿` (U+20BF, 3 times), `日` (U+65E5, once)");
    assert_eq!(told("▲ 2 and 3¨ ● milk ── ‽"), "`▲` (U+25B2, once), `¨` (U+00A8, once)");
    assert_eq!(told("Plain text :) <3"), "");
    assert_eq!(told("你好,世界"), "", "the text is refused");
    let frontend = Frontend::english().unwrap();
    let spoken = frontend.phonemize("Five ₿ now").unwrap();
    assert_eq!((spoken.words.len(), spoken.left_out.len()), (2, 1));
}

#[test]
fn no_symbol_of_ascii_is_left_out_in_silence() {
    let rows = [
        ("a~b", "`~` (U+007E, once)"),
        ("snake_case_name", "`_` (U+005F, 2 times)"),
        ("Home | About | Contact", "`|` (U+007C, 2 times)"),
        ("price* here ^ there", "`*` (U+002A, once), `^` (U+005E, once)"),
        ("5 &#8383;", "`₿` (U+20BF, once)"),
        ("fish &amp; chips", ""),
        ("a^b ₿ _", "`₿` (U+20BF, once), `_` (U+005F, once)"),
        ("a+b < c * d / e = f", ""),
        ("> quoted\n## Plan\n* milk\n+ eggs\n* * *\n====", ""),
        ("**Great** and _so_ on, ~20 (x^2)", ""),
    ];
    for (text, expected) in rows {
        let left_out = symbols_left_out(text);
        let told = left_out.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        assert_eq!(told, expected, "{text:?}");
    }
}

#[test]
fn unspaced_en_dashes_of_clauses_are_pauses() {
    assert_eq!(normalize("He paused–then he ran."), "he paused, then he ran.");
    assert_eq!(normalize("She knew–of course–all of it."), "she knew, of course, all of it.");
    assert_eq!(normalize("The winner–Tom–smiled."), "the winner, tom, smiled.");
    assert_eq!(normalize("Monday–Friday"), "monday to friday");
    assert_eq!(normalize("one\u{2028}Two\rThree"), "one. two. three");
}

#[test]
fn line_ends_of_lists_are_pauses() {
    let frontend = Frontend::english().unwrap();
    let phones = |text: &str| to_arpabet(&frontend.phonemize(text).unwrap().phones);
    assert_eq!(phones("Hammer\nSaw\nChisel"), phones("Hammer. Saw. Chisel"));
    assert_eq!(phones("the saw\nis here"), phones("the saw is here"));
}

#[test]
fn a_pronunciation_behind_a_space_is_of_the_word_before() {
    let frontend = Frontend::english().unwrap();
    let words = |text: &str| {
        let spoken = frontend.phonemize(text).unwrap();
        spoken.words.iter().map(|w| to_arpabet(&w.phones)).collect::<Vec<_>>()
    };
    assert_eq!(words("Read /R EH1 D/ it"), ["R EH1 D", "IH1 T"]);
    assert_eq!(words("Say /HH AH0 L OW1/"), ["S EY1", "HH AH0 L OW1"]);
    // A word that is in no dictionary has no pronunciation to compare.
    assert_eq!(words("GIF /JH IH1 F/ Plorvik /P L AO1 R V/"), ["JH IH1 F", "P L AO1 R V"]);
}

const HARVARD: &str = include_str!("../../../../evals/data/harvard-1-300.txt");

/// Share of the sentences that must be said in capitals as they are otherwise. An acronym among them may be a word too.
const REQUIRED_IN_CAPITALS: f64 = 0.99;

#[test]
fn sentences_in_capitals_are_said_as_they_are() {
    let heteronyms = HETERONYMS.lines().filter_map(|line| line.split('\t').nth(2));
    let sentences: Vec<&str> = HARVARD.lines().chain(heteronyms).filter(|s| s.len() > 9).collect();
    let differs = |sentence: &&&str| {
        let capitals = sentence.to_uppercase();
        plain(&normalize(sentence)) != plain(&normalize(&capitals))
    };
    let wrong: Vec<&&str> = sentences.iter().filter(differs).collect();
    let share = 1.0 - wrong.len() as f64 / sentences.len() as f64;
    assert!(sentences.len() > 600 && share >= REQUIRED_IN_CAPITALS, "{share:.3}: {wrong:?}");
}
