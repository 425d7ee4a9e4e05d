use syrinx_data::DataError;
use syrinx_data::import::{PhoneAlignment, SpeakerTiers, TextGrid};

use crate::put;

/// As the Montreal Forced Aligner writes it.
pub(crate) const LONG: &str = r#"File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0 
xmax = 1.2 
tiers? <exists> 
size = 2 
item []: 
    item [1]:
        class = "IntervalTier" 
        name = "words" 
        xmin = 0 
        xmax = 1.2 
        intervals: size = 5 
        intervals [1]:
            xmin = 0.0 
            xmax = 0.1 
            text = "" 
        intervals [2]:
            xmin = 0.1 
            xmax = 0.4 
            text = "hi" 
        intervals [3]:
            xmin = 0.4 
            xmax = 0.6 
            text = "" 
        intervals [4]:
            xmin = 0.6 
            xmax = 0.8 
            text = "a" 
        intervals [5]:
            xmin = 0.8 
            xmax = 1.2 
            text = "bee" 
    item [2]:
        class = "IntervalTier" 
        name = "phones" 
        xmin = 0 
        xmax = 1.2 
        intervals: size = 7 
        intervals [1]:
            xmin = 0.0 
            xmax = 0.1 
            text = "sil" 
        intervals [2]:
            xmin = 0.1 
            xmax = 0.2 
            text = "HH" 
        intervals [3]:
            xmin = 0.2 
            xmax = 0.4 
            text = "AY1" 
        intervals [4]:
            xmin = 0.4 
            xmax = 0.6 
            text = "sp" 
        intervals [5]:
            xmin = 0.6 
            xmax = 0.8 
            text = "AH0" 
        intervals [6]:
            xmin = 0.8 
            xmax = 0.9 
            text = "B" 
        intervals [7]:
            xmin = 0.9 
            xmax = 1.2 
            text = "IY1" 
"#;

/// The same in the short format.
pub(crate) const SHORT: &str = r#"File type = "ooTextFile"
Object class = "TextGrid"

0
1.2
<exists>
2
"IntervalTier"
"words"
0
1.2
5
0.0
0.1
""
0.1
0.4
"hi"
0.4
0.6
""
0.6
0.8
"a"
0.8
1.2
"bee"
"IntervalTier"
"phones"
0
1.2
7
0.0
0.1
"sil"
0.1
0.2
"HH"
0.2
0.4
"AY1"
0.4
0.6
"sp"
0.6
0.8
"AH0"
0.8
0.9
"B"
0.9
1.2
"IY1"
"#;

/// The phones of the grids above.
pub(crate) fn arpabet(phone: &str) -> Option<String> {
    ["HH", "AY1", "AH0", "B", "IY1"].contains(&phone).then(|| phone.to_owned())
}

fn rounded(durations_s: &[f64]) -> Vec<i64> {
    durations_s.iter().map(|d| (d * 1000.0).round() as i64).collect()
}

#[test]
fn long_and_short_say_the_same() {
    let long = TextGrid::parse(LONG).unwrap();
    assert_eq!(long, TextGrid::parse(SHORT).unwrap());
    assert_eq!(long.end_s, 1.2);
    let tiers = SpeakerTiers::of(&long).unwrap();
    assert_eq!(tiers.words.intervals[1].label, "hi");
    assert_eq!(tiers.phones.intervals[6].end_s, 1.2);
    assert!(tiers.unused.is_empty());
}

#[test]
fn silences_become_marks_where_written() {
    let check = |text: &str, phones: &str, durations_ms: &[i64]| {
        let grid = TextGrid::parse(LONG).unwrap();
        let aligned = PhoneAlignment::from_textgrid(&grid, text, &arpabet).unwrap();
        assert_eq!(aligned.phones.join(" "), phones, "{text}");
        assert_eq!(rounded(&aligned.durations_s), durations_ms, "{text}");
        assert_eq!(rounded(&[aligned.lead_s]), [100], "{text}");
    };
    check("hi a bee", "HH AY1 | SIL AH0 | B IY1", &[100, 200, 0, 200, 200, 0, 100, 300]);
    check("“Hi,” a bee.", "HH AY1 , | AH0 | B IY1 .", &[100, 200, 200, 0, 200, 0, 100, 300, 0]);
    check(
        "Hi a? Bee!",
        "HH AY1 | SIL AH0 ? | B IY1 !",
        &[100, 200, 0, 200, 200, 0, 0, 100, 300, 0],
    );
    // Three words aligned, two written: which mark belongs where is unknown.
    check("Hi, abee.", "HH AY1 | SIL AH0 | B IY1", &[100, 200, 0, 200, 200, 0, 100, 300]);
}

#[test]
fn what_cannot_be_aligned_is_said() {
    let check = |grid: &str, expected: &str| {
        let grid = TextGrid::parse(grid).unwrap();
        let error =
            PhoneAlignment::from_textgrid(&grid, "hi a bee", &arpabet).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}, not {expected}");
    };
    check(&LONG.replace("\"phones\"", "\"tones\""), "no tier 'phones' (tiers found: words, tones");
    check(&LONG.replace("\"IY1\"", "\"iː\""), "unknown phone `iː` at 0.9 s");
    check(&LONG.replace("\"B\"", "\"spn\""), "`spn` at 0.8 s");
    check(
        &LONG.replace("xmin = 0.9", "xmin = 0.85"),
        "tier 'phones', interval 7: starts at 0.85 s, before the end of interval 6 at 0.9 s",
    );
    check(&LONG.replace("\"words\"", "\"notes\""), "no tier 'words' (tiers found: notes, phones");
    let head = r#""ooTextFile" "TextGrid" 0 1 <exists>"#;
    let words = r#""IntervalTier" "words" 0 1 1 0 1 "hi""#;
    let points = |name: &str| format!(r#""TextTier" "{name}" 0 1 1 0.5 "x""#);
    let empty = r#""IntervalTier" "tones" 0 1 1 0 1 """#;
    // Tiers of a file, and the list of those found.
    let tiers = [
        (format!("1 {}", points("phones")), "no tier 'words' (tiers found: phones (point tier)"),
        (
            format!("3 {} {words} {}", points("phones"), points("clicks")),
            "no tier 'phones' (tiers found: words, phones (point tier), clicks (point tier)",
        ),
        (
            format!("3 {words} {empty} {}", points("clicks")),
            "no tier 'phones' (tiers found: words, tones (empty), clicks (point tier)",
        ),
        ("0".to_owned(), "no tier 'words' (tiers found: none"),
    ];
    for (tiers, expected) in tiers {
        check(&format!("{head} {tiers}"), expected);
    }
    check(&LONG.replace("xmax = 0.2", "xmax = 0.05"), "tier 'phones', interval 2: ends at 0.05 s");
    let silent = ["HH", "AY1", "AH0", "B", "IY1"];
    let silent = silent.iter().fold(LONG.to_owned(), |g, p| g.replace(&format!("\"{p}\""), "\"\""));
    check(&silent, "nothing but silence");
}

#[test]
fn reads_speakers_gaps_points_quotes_and_utf16() {
    let grid = r#""ooTextFile" "TextGrid" 0 1 <exists> 4 ! a comment "with" 3 things
        "IntervalTier" "Bob - phones" 0 1 1 0 1 ""
        "IntervalTier" "Ann - words" 0 1 1 0.25 1 "hi"
        "TextTier" "clicks" 0 1 1 0.5 "a ""quoted"" click"
        "IntervalTier" "Ann - phones" 0 1 2 0.25 0.5 "HH" 0.75 1 "AY1""#;
    let parsed = TextGrid::parse(grid).unwrap();
    assert_eq!(parsed.tiers.len(), 3);
    assert_eq!(parsed.point_tiers, ["clicks"]);
    assert_eq!(parsed.empty_tiers().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["Bob - phones"]);
    let aligned = PhoneAlignment::from_textgrid(&parsed, "hi", &arpabet).unwrap();
    assert_eq!(aligned.phones.join(" "), "HH SIL AY1");
    assert_eq!((aligned.lead_s, aligned.durations_s), (0.25, vec![0.25; 3]));

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.TextGrid");
    for big in [true, false] {
        let unit = |u: u16| if big { u.to_be_bytes() } else { u.to_le_bytes() };
        let text = format!("\u{feff}{LONG}");
        put(&path, text.encode_utf16().flat_map(unit).collect::<Vec<u8>>());
        assert_eq!(TextGrid::read(&path).unwrap(), TextGrid::parse(LONG).unwrap());
    }
}

#[test]
fn a_broken_grid_names_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.TextGrid");
    let cut = LONG.find("text = \"bee\"").unwrap();
    let cases = [
        (LONG[..cut].to_owned(), 33, "the file ends, expected the label of an interval"),
        (LONG[..cut + 10].to_owned(), 34, "a string without a closing quote"),
        (LONG.replace("\"hi\"", "3"), 22, "found the number 3, expected the label"),
        (LONG.replace("size = 7", "size = 7.5"), 40, "expected the number of intervals"),
        (LONG.replace("<exists>", "<absent>"), 6, "found the flag `<absent>`"),
        ("RIFF".to_owned(), 1, "the file ends, expected the file type"),
        (LONG.replace("\"TextGrid\"", "\"Pitch\""), 2, "object class `Pitch`"),
        (SHORT.replace("\n7\n", "\n99999999999\n"), 53, "the file ends, expected"),
        (LONG.replace("size = 7", "size = 6"), 66, "text after the number of tiers"),
    ];
    for (text, expected_line, expected) in cases {
        put(&path, text);
        match TextGrid::read(&path).unwrap_err() {
            DataError::BrokenTextGrid { line, fault, .. } => {
                assert!(fault.to_string().contains(expected), "{fault}, not {expected}");
                assert_eq!(line, expected_line, "{fault}");
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn times_beyond_the_end_are_clamped_or_refused() {
    // End of the recording, and the intervals that are clamped to it or the refusal.
    let check = |end_s: f64, expected: Result<usize, &str>| {
        let mut tiers = SpeakerTiers::of(&TextGrid::parse(LONG).unwrap()).unwrap();
        match (tiers.clamp(end_s).map_err(|fault| fault.to_string()), expected) {
            (Ok(clamped), Ok(expected)) => {
                assert_eq!(clamped, expected, "{end_s}");
                let both = [&tiers.words, &tiers.phones];
                let ends = both.iter().flat_map(|t| &t.intervals).map(|i| i.end_s);
                assert!(ends.fold(0.0, f64::max) <= end_s);
                assert!(PhoneAlignment::from_tiers(&tiers, "hi a bee", &arpabet).is_ok());
            }
            (Err(reason), Err(expected)) => assert!(reason.contains(expected), "{reason}"),
            (got, expected) => panic!("{end_s}: {got:?}, expected {expected:?}"),
        }
    };
    check(1.2, Ok(0));
    check(5.0, Ok(0));
    check(1.1999, Ok(0));
    check(1.1, Ok(2));
    check(0.85, Err("tier 'phones', interval 7: starts at 0.9 s, beyond the end of the recording"));
    check(0.5, Err("tier 'words', interval 4"));
}

#[test]
fn both_tiers_are_of_one_speaker() {
    // Tiers by name and label, with the chosen words and phones and the tiers not used; or the refusal.
    let check = |tiers: &[(&str, &str)], expected: Result<(&str, &str, &[&str]), &str>| {
        let tier = |(name, label): &(&str, &str)| {
            format!(r#""IntervalTier" "{name}" 0 1 1 0.5 1 "{label}""#)
        };
        let all = tiers.iter().map(tier).collect::<Vec<_>>().join(" ");
        let count = tiers.len();
        let grid = format!(r#""ooTextFile" "TextGrid" 0 1 <exists> {count} {all}"#);
        match (SpeakerTiers::of(&TextGrid::parse(&grid).unwrap()), expected) {
            (Ok(found), Ok((words, phones, unused))) => {
                assert_eq!(
                    (found.words.name.as_str(), found.phones.name.as_str()),
                    (words, phones)
                );
                assert_eq!(found.unused, unused);
            }
            (Err(fault), Err(expected)) => {
                assert!(fault.to_string().contains(expected), "{fault}, not {expected}");
            }
            (found, expected) => panic!("{found:?}, not {expected:?}"),
        }
    };
    let (ann_words, ann_phones) = (("Ann - words", "hi"), ("Ann - phones", "HH"));
    let (bob_words, bob_phones) = (("Bob - words", "bee"), ("Bob - phones", "B"));
    check(
        &[ann_words, ann_phones, bob_words, bob_phones],
        Ok(("Ann - words", "Ann - phones", &["Bob - words", "Bob - phones"])),
    );
    // Ann says nothing: the words are Bob's as well as the phones.
    check(
        &[ann_words, ("Ann - phones", ""), bob_phones, bob_words],
        Ok(("Bob - words", "Bob - phones", &["Ann - words"])),
    );
    check(
        &[bob_phones, ann_words, ann_phones],
        Ok(("Ann - words", "Ann - phones", &["Bob - phones"])),
    );
    check(&[("WORDS", "hi"), ann_phones], Ok(("WORDS", "Ann - phones", &[])));
    check(&[ann_words, bob_phones], Err("no speaker has both a tier 'words' and a tier 'phones'"));
    check(&[("words", "hi"), ann_phones, bob_phones], Err("no speaker has both"));
}

#[test]
fn late_labels_of_unused_tiers_do_not_matter() {
    let notes = r#""IntervalTier" "notes" 0 9 1 5 9 "door" "TextTier" "clicks" 0 1 1 0.5 "x""#;
    let grid = TextGrid::parse(&SHORT.replacen("\n2\n", "\n4\n", 1).replacen(
        "\"IntervalTier\"",
        &format!("{notes} \"IntervalTier\""),
        1,
    ));
    let mut tiers = SpeakerTiers::of(&grid.unwrap()).unwrap();
    assert_eq!(tiers.unused, ["notes", "clicks (point tier)"]);
    assert_eq!(tiers.clamp(1.2), Ok(0));
}
