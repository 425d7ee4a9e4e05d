//! Warnings about repaired recordings.

use std::fs;
use std::path::Path;

use serde_json::json;
use syrinx_audio::{WavFormat, write_wav};
use syrinx_eval::{EvalOptions, Suite, evaluate, read_items};
use syrinx_types::{CancelToken, Event, RecordingSink};

use crate::fake::{Fake, hum, suite};

/// One speaker whose first recording is truncated. Without lengths, so that they are measured.
const MANIFEST: &str = r#"{"id": "a", "audio": "a.wav", "speaker": "x", "text": "go on"}
{"id": "b", "audio": "b.wav", "speaker": "x", "text": "stay"}
"#;

/// Makes the recordings of [`MANIFEST`]; returns the message about the truncated one.
fn recordings(folder: &Path) -> String {
    let [a, b] = ["a.wav", "b.wav"].map(|name| folder.join(name));
    for path in [&a, &b] {
        write_wav(path, &hum(220.0, 1.0), WavFormat::Int16).unwrap();
    }
    // 44 bytes of header, 20 000 samples of two bytes.
    let bytes = fs::read(&a).unwrap();
    fs::write(&a, &bytes[..44 + 2 * 20_000]).unwrap();
    format!("{}: the data is cut short: using 20000 of 24000 samples", a.display())
}

/// Returns the warnings of an evaluation with a number of rows.
fn warnings_of(suite: &Suite, rows: usize) -> Vec<String> {
    let fake = Fake {
        answers: [("a.wav", json!({"text": "go on"})), ("b.wav", json!({"text": "stay"}))].into(),
        ..Fake::default()
    };
    let options = EvalOptions { out: suite.folder.join("run"), ..EvalOptions::default() };
    let sink = RecordingSink::default();
    let report = evaluate(suite, &fake, &options, &CancelToken::default(), &sink).unwrap();
    assert_eq!((report.rows.len(), report.missing), (rows, 0));
    let message = |event: Event| match event {
        Event::Warning { message } => Some(message),
        _ => None,
    };
    sink.events().into_iter().filter_map(message).collect()
}

#[test]
fn a_truncated_recording_is_reported_once_in_a_run() {
    // The request, and the number of rows.
    let requests = [
        ("task = 'write'\nrequest = { audio = '{audio}' }", 4),
        ("task = 'speak'\nrequest = { text = '{text}', prompt = '{prompt}' }\nceiling = true", 8),
        ("codec = { levels = [1, 2] }", 4),
    ];
    // The items, and whether their lengths are measured.
    let items = [("", false), (", seconds = [0.5, 5.0]", true)];
    for ((request, rows), (range, is_measured)) in
        requests.into_iter().flat_map(|request| items.map(|items| (request, items)))
    {
        let folder = tempfile::tempdir().unwrap();
        let toml = format!("{request}\nitems = {{ manifest = 'm.jsonl'{range} }}\nseeds = [1, 2]");
        let suite = suite(folder.path(), &toml, &[("m.jsonl", MANIFEST)]);
        let expected = recordings(folder.path());
        let mut warnings = Vec::new();
        read_items(&suite, &mut |warning| warnings.push(warning.to_string())).unwrap();
        assert_eq!(warnings, vec![expected.clone(); usize::from(is_measured)], "{toml}");
        assert_eq!(warnings_of(&suite, rows), [expected], "{toml}");
    }
}
