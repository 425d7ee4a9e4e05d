//! Figures by the kind of answer.

use serde_json::json;

use syrinx_eval::{EvalOptions, evaluate};
use syrinx_types::{CancelToken, NullSink};

use crate::fake::{Fake, figure, hum, run, suite};

const SPEECH: &str = r#"
    task = "speak"
    request = { text = "{text}", voice = "{voice}" }
    items = { lines = "lines.txt" }
    voices = { pairing = "each" }
    judges = [{ kind = "own", task = "ear", request = { audio = "{audio}" } }]
"#;

#[test]
fn speech_is_transcribed_and_compared_with_its_voice() {
    let folder = tempfile::tempdir().unwrap();
    let suite = suite(folder.path(), SPEECH, &[("lines.txt", "# two\nGo on now.\n\nStay here\n")]);
    let fake = Fake {
        transcripts: [("lines-002", "go on"), ("lines-004", "stay here")].into(),
        ..Fake::default()
    };
    let report = run(&suite, &fake);
    assert_eq!(report.rows.len(), 4);
    let ids: Vec<_> = report.rows.iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, ["lines-002/low", "lines-002/high", "lines-004/low", "lines-004/high"]);
    // One of three words is missing, none of two, in both voices alike.
    assert_eq!(figure(&report, "wer@own"), (0.2, 0.0, 1.0 / 3.0, 4).spread(&report, "wer@own"));
    assert_eq!(figure(&report, "fail").0, 0.0);
    assert_eq!(figure(&report, "own_voice").0, 1.0);
    assert_eq!(figure(&report, "rtf").0, 0.5);
    assert_eq!(figure(&report, "first_audio_s").0, 0.25);
    assert!(figure(&report, "similarity").0 > 0.9);
    let pitches: Vec<f64> =
        report.rows.iter().map(|r| r.all_measures()["f0_hz"].alone().unwrap()).collect();
    assert!((pitches[0] - 100.0).abs() < 2.0 && (pitches[1] - 220.0).abs() < 4.0, "{pitches:?}");
    assert_eq!(report.groups.len(), 2);
    for name in ["rows.jsonl", "report.json", "report.html", "voices/low.wav"] {
        assert!(folder.path().join("run").join(name).is_file(), "{name}");
    }
}

/// Interval ends that only have to hold the value.
trait Spread {
    fn spread(self, report: &syrinx_eval::Report, name: &str) -> Self;
}

impl Spread for (f64, f64, f64, usize) {
    fn spread(self, report: &syrinx_eval::Report, name: &str) -> Self {
        let (_, low, high, _) = figure(report, name);
        assert!(low <= self.0 && self.0 <= high);
        (self.0, low, high, self.3)
    }
}

#[test]
fn what_gives_no_answer_is_all_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let suite = suite(folder.path(), SPEECH, &[("lines.txt", "Go on now.\nStay here\n")]);
    let fake = Fake {
        transcripts: [("lines-001", "go on now"), ("lines-002", "stay here")].into(),
        fails_on: "Stay",
        ..Fake::default()
    };
    let report = run(&suite, &fake);
    assert_eq!(report.missing, 2);
    assert_eq!(figure(&report, "wer").0, 0.4);
    assert_eq!(figure(&report, "cer").0, 0.5);
    assert_eq!(figure(&report, "fail").0, 0.5);
    assert_eq!(figure(&report, "own_voice").0, 0.5);
    assert!(figure(&report, "similarity").0 < 0.51);
    assert_eq!(figure(&report, "similarity").3, 4);
    assert_eq!(report.rows[2].error.as_deref(), Some("it is all too much"));
}

#[test]
fn recordings_of_the_same_words_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let toml = r#"
        task = "speak"
        request = { text = "{text}", prompt = "{prompt}" }
        items = { manifest = "m.jsonl" }
    "#;
    let suite = suite(folder.path(), toml, &[("m.jsonl", MANIFEST)]);
    recordings(folder.path());
    let report = run(&suite, &Fake::default());
    // The fake answers half a second at 220 Hz; the references are 1 s long, at 220, 220, 110 and 110 Hz.
    assert_eq!(figure(&report, "duration_ratio").0, 0.5);
    let shift = figure(&report, "f0_shift_st").0;
    assert!((shift - 6.0).abs() < 0.2, "{shift}");
    assert_eq!(figure(&report, "own_voice").0, 0.5);
    assert_eq!(figure(&report, "mcd_db").3, 4);
    assert_eq!(report.rows[0].reference_audio.as_deref(), Some("a.wav"));
    assert_eq!(report.rows[0].prompt.as_deref(), Some("b.wav"));
}

#[test]
fn recordings_and_their_round_trip_are_the_ceiling() {
    let folder = tempfile::tempdir().unwrap();
    let toml = r#"
        task = "speak"
        request = { text = "{text}", prompt = "{prompt}" }
        items = { manifest = "m.jsonl" }
    "#;
    let suite = suite(folder.path(), toml, &[("m.jsonl", MANIFEST)]);
    recordings(folder.path());
    let report = run(&suite, &Fake::default());
    let of = |name: &str, variant: &str| {
        let found = report.figures.iter().find(|f| f.name == name && f.variant == variant);
        found.unwrap_or_else(|| panic!("no {name} of `{variant}`")).value
    };
    assert_eq!(report.rows.len(), 12, "an answer, a recording and a round trip of each item");
    assert_eq!(of("duration_ratio", ""), 0.5);
    for variant in ["recording", "codec round trip"] {
        assert_eq!(of("duration_ratio", variant), 1.0);
        assert!(of("f0_shift_st", variant) < 0.01);
    }
    assert!(of("mcd_db", "recording") < 1e-6);
    assert_eq!(report.groups.len(), 2, "speakers are compared by their answers alone");
}

#[test]
fn the_ceiling_is_measured_where_recordings_have_the_texts() {
    let folder = tempfile::tempdir().unwrap();
    recordings(folder.path());
    let empty = r#"{"id": "a", "audio": "a.wav", "speaker": "x", "text": ""}"#;
    let files = [
        ("m.jsonl", MANIFEST),
        ("empty.jsonl", empty),
        ("lines.txt", "go on\n"),
        ("edits.tsv", "a\tgo off\na\tcome on\nc\tcome\n"),
    ];
    let speak = "task = 'speak'\nrequest = { text = '{text}' }";
    let write = "task = 'write'\nrequest = { audio = '{audio}' }";
    let check = |toml: &str, expected: &[&str]| {
        let report = run(&suite(folder.path(), toml, &files), &Fake::default());
        let ids: Vec<_> = report
            .rows
            .iter()
            .filter(|r| r.variant == "recording")
            .map(|r| r.id.as_str())
            .collect();
        assert_eq!(ids, expected, "{toml}");
    };
    let all = ["a/recording", "b/recording", "c/recording", "d/recording"];
    check(&format!("{speak}\nitems = {{ manifest = 'm.jsonl' }}"), &all);
    check(&format!("{speak}\nitems = {{ manifest = 'm.jsonl' }}\nceiling = false"), &[]);
    check(&format!("{speak}\nitems = {{ manifest = 'm.jsonl', limit = 2 }}"), &[all[1], all[3]]);
    check(&format!("{speak}\nitems = {{ manifest = 'empty.jsonl' }}"), &[]);
    check(&format!("{speak}\nitems = {{ lines = 'lines.txt' }}"), &[]);
    check(&format!("{write}\nitems = {{ manifest = 'm.jsonl' }}"), &[]);
    // Each edited recording once, however many edits it has.
    let edits = "items = { manifest = 'm.jsonl', edits = 'edits.tsv' }";
    check(&format!("{speak}\n{edits}"), &[all[0], all[2]]);
}

/// Two speakers, two utterances each.
const MANIFEST: &str = r#"{"id": "a", "audio": "a.wav", "speaker": "x", "text": "go on", "phones": "G OW1 | AA1 N", "durations_s": [0.25, 0.25, 0, 0.25, 0.25]}
{"id": "b", "audio": "b.wav", "speaker": "x", "text": "stay"}
{"id": "c", "audio": "c.wav", "speaker": "y", "text": "go"}
{"id": "d", "audio": "d.wav", "speaker": "y", "text": "on"}
"#;

fn recordings(folder: &std::path::Path) {
    for (name, pitch_hz) in [("a", 220.0), ("b", 220.0), ("c", 110.0), ("d", 110.0)] {
        let audio = hum(pitch_hz, 1.0);
        let path = folder.join(format!("{name}.wav"));
        syrinx_audio::write_wav(path, &audio, syrinx_audio::WavFormat::Int16).unwrap();
    }
}

#[test]
fn words_and_their_times_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let toml = r#"
        task = "write"
        request = { audio = "{audio}" }
        items = { manifest = "m.jsonl" }
    "#;
    let suite = suite(folder.path(), toml, &[("m.jsonl", MANIFEST)]);
    recordings(folder.path());
    let words = json!([{"word": "go", "start_s": 0.0, "end_s": 0.5}, {"word": "on", "start_s": 0.75, "end_s": 1.0}]);
    let fake = Fake {
        answers: [
            ("a.wav", json!({"text": "Go on", "words": words})),
            ("b.wav", json!({"text": "say"})),
            ("c.wav", json!({"text": ""})),
            ("d.wav", json!({"words": []})),
        ]
        .into(),
        ..Fake::default()
    };
    let report = run(&suite, &fake);
    assert_eq!(figure(&report, "wer").0, 3.0 / 5.0);
    assert_eq!(figure(&report, "fail").0, 3.0 / 4.0);
    // Errors of 0, 0, 0.25 and 0 s: the median is 0, and one row has any.
    assert_eq!(figure(&report, "word_time_error_s"), (0.0, 0.0, 0.0, 1));
    assert_eq!(figure(&report, "rtf").0, 0.25);
    assert_eq!(report.missing, 1, "an answer without a transcript is none");
}

#[test]
fn spelling_is_compared_with_the_dictionary() {
    let folder = tempfile::tempdir().unwrap();
    let toml = r#"
        task = "spell"
        request = { text = "{word}" }
        items = { held_out_words = 3, seed = 7 }
    "#;
    let suite = suite(folder.path(), toml, &[]);
    let items = syrinx_eval::read_items(&suite, &mut |_| {}).unwrap();
    let right = items[0].pronunciations[0].join(" ");
    let other = items[1].pronunciations[0].join(" | ");
    // The fake finds answers by part of the request, and keeps them for good.
    let word = |i: usize| -> &'static str { Box::leak(format!("\"{}\"", items[i].text).into()) };
    let fake = Fake {
        answers: [
            (word(0), json!({ "phones": right })),
            (word(1), json!({ "phones": format!("{other} ZH") })),
        ]
        .into(),
        ..Fake::default()
    };
    let report = run(&suite, &fake);
    let length = |i: usize| items[i].pronunciations[0].len() as f64;
    let shortest = items[2].pronunciations.iter().map(Vec::len).min().unwrap() as f64;
    let expected = (1.0 + shortest) / (length(0) + length(1) + shortest);
    assert_eq!(figure(&report, "per").0, expected);
    assert_eq!(figure(&report, "word_error").0, 2.0 / 3.0);
    assert_eq!(figure(&report, "word_error_no_stress").0, 2.0 / 3.0);
    assert_eq!(report.missing, 1);
}

#[test]
fn a_codec_is_judged_level_by_level_and_against_the_recording() {
    let folder = tempfile::tempdir().unwrap();
    let toml = r#"
        codec = { levels = [0, 1, 8] }
        items = { manifest = "m.jsonl", limit = 2 }
        judges = [{ kind = "own", task = "ear", request = { audio = "{audio}" } }]
    "#;
    let suite = suite(folder.path(), toml, &[("m.jsonl", MANIFEST)]);
    recordings(folder.path());
    let fake = Fake {
        transcripts: [("b-recording", "stay"), ("b-8-levels", "stay"), ("b-1-level", "say")].into(),
        ..Fake::default()
    };
    let report = run(&suite, &fake);
    let of = |name: &str, variant: &str| {
        report.figures.iter().find(|f| f.name == name && f.variant == variant).map(|f| f.value)
    };
    assert_eq!(of("wer@own", "recording"), Some(0.5));
    assert_eq!(of("wer@own", "1 level"), Some(1.0));
    assert_eq!(of("wer@own", "8 levels"), Some(0.5));
    assert_eq!(of("lsd_db", "recording"), None);
    assert!(of("lsd_db", "1 level") > of("lsd_db", "8 levels"));
    assert_eq!(of("rtf", "1 level"), Some(0.125));
}

#[test]
fn another_codec_goes_through_the_same_suite() {
    let folder = tempfile::tempdir().unwrap();
    let of = |levels: &str, weights: &str| {
        let toml = format!(
            "codec = {{ levels = {levels}, path = '{weights}' }}\nitems = {{ manifest = 'm.jsonl', limit = 1 }}"
        );
        suite(folder.path(), &toml, &[("m.jsonl", MANIFEST), ("weights", "")])
    };
    recordings(folder.path());
    let report = run(&of("[1]", "weights"), &Fake::default());
    assert_eq!(figure(&report, "rtf").0, 0.5);
    let refused = |levels: &str, weights: &str| {
        let options = EvalOptions { out: folder.path().join("refused"), ..EvalOptions::default() };
        let (suite, watch) = (of(levels, weights), CancelToken::default());
        let fake = Fake::default();
        evaluate(&suite, &fake, &options, &watch, &NullSink).unwrap_err().to_string()
    };
    assert!(refused("[1]", "elsewhere").contains("elsewhere"));
    // Numbers beyond the codec's are all of its levels, once.
    let report = run(&of("[2, 3, 8]", "weights"), &Fake::default());
    let variants: Vec<&str> = report.rows.iter().map(|row| row.variant.as_str()).collect();
    assert_eq!(variants, ["2 levels"]);
}
