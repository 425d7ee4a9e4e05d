use std::fs;

use syrinx_data::{DataError, Manifest, Utterance};

use crate::put;

/// A line of the corpus, cut short.
const LINE: &str = r#"{"id": "awb_085_0000", "audio": "audio/awb/awb_085_0000.ogg", "speaker": "awb_085", "text": "Came out", "phones": "SIL K EY M | AW T SIL", "durations_s": [0.2459, 0.12, 0.1247, 0.1106, 0.0, 0.1424, 0.0788, 0.1], "lead_s": 0.0, "seconds": 3.118, "split": "train", "voice": "awb", "new_field": [1]}"#;

#[test]
fn reads_a_line_of_the_corpus() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("manifest.jsonl");
    put(&path, format!("\u{feff}{LINE}\r\n\n"));
    let manifest = Manifest::read(&path).unwrap();
    let utterance = manifest.get("awb_085_0000").unwrap();
    assert_eq!(manifest.len(), 1);
    assert_eq!(utterance.phones.as_ref().unwrap().join(" "), "SIL K EY M | AW T SIL");
    assert_eq!(utterance.seconds, Some(3.118));
    assert_eq!(utterance.voice.as_deref(), Some("awb"));
    assert_eq!(utterance.timed_phones()[4].phone, "|");
    assert_eq!(utterance.timed_phones()[1].duration_s, 0.12);
    assert_eq!(manifest.audio_path(utterance), dir.path().join("audio/awb/awb_085_0000.ogg"));
    assert_eq!(manifest.split("train").len(), 1);
    assert!(manifest.split("test").get("awb_085_0000").is_none());
}

#[test]
fn a_broken_line_names_file_line_and_fault() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.jsonl");
    let cases = [
        (r#"{"id": "b", "audio": "#, "bad JSON at column 21: the line ends too early"),
        (r#"{"id": "b", "audio": "b.wav", "text": ""}"#, "missing field `speaker`"),
        (r#"{"id": "b", "audio": "b", "speaker": "s", "text": 3}"#, "expected a string"),
        (r#"{"id": "a", "audio": "b", "speaker": "s", "text": ""}"#, "line 1 has the same id"),
        (r#"{"id": " ", "audio": "b", "speaker": "s", "text": ""}"#, "`id` is empty"),
        (r#"{"id": "b", "audio": "", "speaker": "s", "text": ""}"#, "`audio` is empty"),
        (r#"{"id": "b", "audio": "../b", "speaker": "s", "text": ""}"#, "leaves the manifest's"),
        (r#"{"id": "b", "audio": "b", "speaker": "", "text": ""}"#, "`speaker` is empty"),
        (
            r#"{"id": "b", "audio": "b", "speaker": "s", "text": "", "phones": "A B", "durations_s": [1]}"#,
            "2 phones but 1 durations",
        ),
        (
            r#"{"id": "b", "audio": "b", "speaker": "s", "text": "", "durations_s": [1]}"#,
            "`durations_s` without `phones`",
        ),
        (
            r#"{"id": "b", "audio": "b", "speaker": "s", "text": "", "phones": ["A"], "durations_s": [-0.5]}"#,
            "duration 1 (phone `A`) is -0.5, but a time cannot be negative",
        ),
        (
            r#"{"id": "b", "audio": "b", "speaker": "s", "text": "", "phones": "A", "durations_s": [NaN]}"#,
            "bad JSON at column",
        ),
        (
            r#"{"id": "b", "audio": "b", "speaker": "s", "text": "", "phones": 7}"#,
            "phones must be a string with spaces between, or a list",
        ),
        (r#"{"id": "b", "audio": "b", "speaker": "s", "text": "", "lead_s": -1}"#, "`lead_s`"),
        ("[]", "invalid length 0"),
    ];
    for (line, expected) in cases {
        put(&path, format!("{}\n\n{line}\n", LINE.replace("awb_085_0000", "a")));
        let error = Manifest::read(&path).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, DataError::BrokenLine { line: 3, .. }), "{line}: {text}");
        assert!(text.starts_with(&format!("{}, line 3: ", path.display())), "{text}");
        assert!(text.contains(expected), "{line}\n  gave {text}\n  not  {expected}");
        assert!(!text.contains("at line 1"), "{text}");
    }
    put(&path, b"\xff\xfe\n");
    assert!(Manifest::read(&path).unwrap_err().to_string().contains("line 1: not UTF-8"));
    put(&path, "\n");
    assert!(matches!(Manifest::read(&path), Err(DataError::NothingFound { .. })));
    let missing = Manifest::read(&dir.path().join("none.jsonl")).unwrap_err();
    assert_eq!(missing.hint().as_deref(), Some("check the path"));
    assert!(missing.to_string().contains("none.jsonl"), "{missing}");
}

#[test]
fn utterances_given_by_a_program_are_checked_too() {
    let sound = || Utterance {
        id: "a".to_owned(),
        audio: "a.wav".into(),
        speaker: "s".to_owned(),
        ..Utterance::default()
    };
    let nan = Utterance {
        phones: Some(vec!["A".to_owned()]),
        durations_s: Some(vec![f64::NAN]),
        ..sound()
    };
    assert!(Manifest::new(".", vec![sound()]).is_ok());
    for (list, expected) in
        [(vec![nan], "is NaN"), (vec![sound(), sound()], "utterance 1 has the same id")]
    {
        let text = Manifest::new(".", list).unwrap_err().to_string();
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn writing_and_reading_gives_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.jsonl");
    put(&path, format!("{LINE}\n"));
    let first = Manifest::read(&path).unwrap();
    let copy = dir.path().join("copy.jsonl");
    first.write(&copy).unwrap();
    let second = Manifest::read(&copy).unwrap();
    assert_eq!(first, second);
    assert_eq!(first.fingerprint(), second.fingerprint());
    let written = fs::read_to_string(&copy).unwrap();
    assert!(written.contains(r#""phones":"SIL K EY M | AW T SIL""#), "{written}");

    let changed = LINE.replace("0.2459", "0.2460");
    put(&path, changed);
    assert_ne!(Manifest::read(&path).unwrap().fingerprint(), first.fingerprint());
}

#[test]
fn writing_elsewhere_keeps_the_recordings_in_reach() {
    let dir = tempfile::tempdir().unwrap();
    put(&dir.path().join("deep/corpus/m.jsonl"), LINE);
    let manifest = Manifest::read(&dir.path().join("deep/corpus/m.jsonl")).unwrap();
    let recording = "audio/awb/awb_085_0000.ogg";
    fs::create_dir(dir.path().join("other")).unwrap();
    let absolute = fs::canonicalize(dir.path()).unwrap().join("deep/corpus").join(recording);
    for (place, expected) in
        [("up.jsonl", format!("deep/corpus/{recording}").into()), ("other/m.jsonl", absolute)]
    {
        let path = dir.path().join(place);
        manifest.write(&path).unwrap();
        assert_eq!(Manifest::read(&path).unwrap().utterances()[0].audio, expected, "{place}");
    }
    let nowhere = manifest.write(&dir.path().join("none/m.jsonl")).unwrap_err().to_string();
    assert!(nowhere.contains("none"), "{nowhere}");
}

#[test]
fn a_part_is_evenly_spread_and_missing_recordings_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let utterance = |i: usize| -> Utterance {
        let json =
            format!(r#"{{"id": "u{i}", "audio": "u{i}.wav", "speaker": "s", "text": "Yes."}}"#);
        serde_json::from_str(&json).unwrap()
    };
    let manifest = Manifest::new(dir.path(), (0..9).map(utterance).collect()).unwrap();
    let ids = |limit| -> Vec<String> {
        manifest.evenly(limit).utterances().iter().map(|u| u.id.clone()).collect()
    };
    assert_eq!(ids(Some(3)), ["u0", "u3", "u6"]);
    assert_eq!((ids(None).len(), ids(Some(20)).len(), ids(Some(0)).len()), (9, 9, 0));
    put(&dir.path().join("u0.wav"), "");
    let error = manifest.check_recordings().unwrap_err();
    assert!(matches!(error, DataError::MissingRecordings { missing: 8, of: 9, .. }), "{error}");
    assert!(manifest.evenly(Some(1)).check_recordings().is_ok());
}
