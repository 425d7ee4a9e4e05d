//! Suite files: accepted keys and error messages.

use std::path::{Path, PathBuf};

use syrinx_eval::{EvalOptions, JudgeConfig, Suite, evaluate, read_items};
use syrinx_types::{CancelToken, NullSink};

use crate::fake::{Fake, suite};

fn evals() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../evals")
}

#[test]
fn every_suite_in_the_repository_can_be_read_and_has_its_material() {
    let mut read = 0;
    for entry in std::fs::read_dir(evals()).unwrap().flatten() {
        if entry.path().extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let suite = Suite::load(&entry.path()).unwrap_or_else(|e| panic!("{e}"));
        let items = read_items(&suite, &mut |_| {}).unwrap_or_else(|e| panic!("{e}"));
        assert!(!suite.summary.is_empty(), "{} doesn't say what it measures", suite.name);
        for item in items {
            for path in item.audio.iter().chain(&item.prompt) {
                assert!(path.is_file(), "{}: {} is missing", suite.name, path.display());
            }
        }
        read += 1;
    }
    assert!(read >= 6, "only {read} suites in {}", evals().display());
}

#[test]
fn nonsense_is_refused_with_a_reason() {
    let check = |toml: &str, expected: &str| {
        let error = Suite::parse(toml, "probe", Path::new("")).unwrap_err().to_string();
        assert!(error.contains(expected), "{toml}: {error}");
    };
    check("task = 'a'", "exactly one of");
    check("task = 'a'\nitems = { lines = 'a', held_out_words = 3 }", "exactly one of");
    check("items = { lines = 'a' }", "either `task` or `[codec]`");
    check("task = 'a'\nitems = { lines = 'a' }\nseeds = []", "`seeds` is empty");
    check("task = 'a'\nitems = { lines = 'a', limit = 0 }", "limited to 0");
    check("task = 'a'\nitems = { lines = 'a' }\nceiling = true", "`ceiling` needs");
    check("task = 'a'\nitems = { lines = 'a' }\nitem = 3", "unknown field `item`");
    check("items = { manifest = 'a' }\ncodec = { levels = [] }", "`codec.levels` is empty");
    check("items = { lines = 'a' }\ncodec = { levels = [1] }", "needs recordings");
    let judge = "{ kind = 'command', command = 'x' }";
    let head = "task = 'a'\nitems = { lines = 'a' }\n";
    check(&format!("{head}judges = [{judge}, {judge}]"), "two judges are called `judge`");
    check(&format!("{head}judges = [{{ kind = 'command', command = 'x', name = 'a@b' }}]"), "a@b");
    check(&format!("{head}judges = [{{ kind = 'oracle' }}]"), "unknown variant `oracle`");
}

/// Three utterances of two splits.
const SPLITS: &str = r#"{"id": "a", "audio": "a.wav", "speaker": "x", "text": "go", "seconds": 1, "split": "test"}
{"id": "b", "audio": "b.wav", "speaker": "x", "text": "on", "seconds": 3, "split": "train"}
{"id": "c", "audio": "c.wav", "speaker": "x", "text": "stay", "seconds": 9, "split": "test"}
"#;

#[test]
fn a_limit_of_0_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let head = "task = 'speak'\nrequest = { text = '{text}' }";
    let files = [("lines.txt", "go on\n")];
    let suite = suite(folder.path(), &format!("{head}\nitems = {{ lines = 'lines.txt' }}"), &files);
    let out = folder.path().join("run");
    let options = EvalOptions { out: out.clone(), limit: Some(0), ..EvalOptions::default() };
    let error = evaluate(&suite, &Fake::default(), &options, &CancelToken::default(), &NullSink);
    let error = error.unwrap_err();
    assert!(error.to_string().contains("limited to 0"), "{error}");
    assert_eq!(error.hint().as_deref(), Some("give a limit of at least 1"));
    assert!(!out.exists(), "a run without rows leaves no report");
}

#[test]
fn what_does_not_fit_the_model_is_refused_before_anything_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("lines.txt", "go on\n"),
        ("empty.txt", "#\n"),
        ("m.jsonl", SPLITS),
        ("plain.jsonl", r#"{"id": "d", "audio": "d.wav", "speaker": "x", "text": "go"}"#),
    ];
    let check = |toml: &str, expected: &str| {
        let suite = suite(folder.path(), toml, &files);
        let options = EvalOptions { out: folder.path().join("run"), ..EvalOptions::default() };
        let fake = Fake::default();
        let error = evaluate(&suite, &fake, &options, &CancelToken::default(), &NullSink);
        let error = error.unwrap_err();
        let error = format!("{error}; {}", error.hint().unwrap_or_default());
        assert!(error.contains(expected), "{error}");
        assert_eq!(fake.asked.get(), 0);
    };
    let head =
        "items = { lines = 'lines.txt' }\nrequest = { text = '{text}', voice = '{voice}' }\n";
    check(&format!("{head}task = 'sing'"), "no task `sing`; it has speak, write, spell");
    check(
        &format!("{head}task = 'speak'\nvoices = {{ names = ['hi'] }}"),
        "no voice `hi`; there are low, high",
    );
    check("task = 'speak'\nitems = { lines = 'none.txt' }", "none.txt");
    check("task = 'speak'\nitems = { lines = 'empty.txt' }", "no item was found");
    check(
        "task = 'speak'\nitems = { manifest = 'm.jsonl', split = 'tset' }",
        "no utterance is in the split `tset`; the splits are: test, train",
    );
    check(
        "task = 'speak'\nitems = { manifest = 'm.jsonl', split = 'test', seconds = [2.0, 5.0] }",
        "1 left out because it is in the split `train` (first: b), 2 left out because it is not 2 to 5 s long (first: a)",
    );
    check(
        "task = 'speak'\nitems = { manifest = 'plain.jsonl', split = 'test' }",
        "1 left out because it is in no split (first: d)",
    );
    check(
        "task = 'speak'\nitems = { lines = 'lines.txt' }\nrequest = { a = '{audio}' }",
        "needs `{audio}`",
    );
    check("codec = { levels = [9] }\nitems = { manifest = 'none.jsonl' }", "none.jsonl");
    let recognizer = "judges = [{ kind = 'own', task = 'speak', request = {} }]";
    check(&format!("{head}task = 'speak'\n{recognizer}"), "returns Speech, not text");
}

#[test]
fn the_caller_can_narrow_a_suite_and_replace_its_judges() {
    let folder = tempfile::tempdir().unwrap();
    let toml = r#"
        task = "speak"
        request = { text = "{text}", voice = "{voice}" }
        items = { lines = "lines.txt" }
        judges = [{ kind = "own", task = "ear", request = { audio = "{audio}" } }]
    "#;
    let suite = suite(folder.path(), toml, &[("lines.txt", &"go on\n".repeat(9))]);
    let command = r#"sed 's/}$/, "heard": "go on"}/' {list}"#.to_owned();
    let options = EvalOptions {
        out: folder.path().join("run"),
        limit: Some(3),
        voices: vec!["high".into()],
        seeds: vec![1, 2],
        judges: vec![JudgeConfig::Command { name: "own".into(), command }],
        baseline: None,
        ..EvalOptions::default()
    };
    let report =
        evaluate(&suite, &Fake::default(), &options, &CancelToken::default(), &NullSink).unwrap();
    let ids: Vec<_> = report.rows.iter().map(|r| r.id.as_str()).collect();
    let expected =
        ["003/high#1", "003/high#2", "006/high#1", "006/high#2", "009/high#1", "009/high#2"];
    assert_eq!(ids, expected.map(|id| format!("lines-{id}")));
    assert_eq!(report.figure("wer").map(|f| f.value), Some(0.0), "the replacement listened");
}

#[test]
fn schema_of_suites() {
    insta::assert_json_snapshot!(schemars::schema_for!(Suite));
}
