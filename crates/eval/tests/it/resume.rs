//! Stopping and going on.

use syrinx_eval::{EvalError, EvalOptions, JudgeConfig, evaluate};
use syrinx_types::{CancelToken, Event, NullSink, RecordingSink};

use crate::fake::{Fake, figure, run, suite};

const TOML: &str = r#"
    task = "speak"
    request = { text = "{text}", voice = "{voice}" }
    items = { lines = "lines.txt" }
"#;

const LINES: &str = "one\ntwo\nthree\nfour\n";

#[test]
fn a_stopped_run_goes_on_where_it_was_and_ends_the_same() {
    let (folder, fresh) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let suite = suite(folder.path(), TOML, &[("lines.txt", LINES)]);
    let options = EvalOptions { out: folder.path().join("run"), ..EvalOptions::default() };
    let fake = Fake { cancel_after: Some(3), ..Fake::default() };
    let stopped = evaluate(&suite, &fake, &options, &CancelToken::default(), &NullSink);
    match stopped.unwrap_err() {
        EvalError::Cancelled { done, total, .. } => assert_eq!((done, total), (2, 4)),
        other => panic!("{other}"),
    }
    assert!(!options.out.join("report.json").exists());

    let fake = Fake::default();
    let report = run(&suite, &fake);
    assert_eq!(fake.asked.get(), 2, "two of four were there");
    let again = EvalOptions { out: fresh.path().into(), ..EvalOptions::default() };
    let whole = evaluate(&suite, &Fake::default(), &again, &CancelToken::default(), &NullSink);
    assert_eq!(report.rows, whole.unwrap().rows);
}

#[test]
fn a_recording_that_can_not_be_written_ends_the_run_and_is_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let suite = suite(folder.path(), TOML, &[("lines.txt", LINES)]);
    let options = EvalOptions { out: folder.path().join("run"), ..EvalOptions::default() };
    std::fs::create_dir(&options.out).unwrap();
    std::fs::write(options.out.join("audio"), "a file in the place of the folder").unwrap();
    let outcome = evaluate(&suite, &Fake::default(), &options, &CancelToken::default(), &NullSink);
    assert!(matches!(outcome.unwrap_err(), EvalError::Io { .. }));
    std::fs::remove_file(options.out.join("audio")).unwrap();
    let fake = Fake::default();
    assert_eq!(run(&suite, &fake).missing, 0);
    assert_eq!(fake.asked.get(), 4);
}

#[test]
fn only_what_changed_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let suite = suite(folder.path(), TOML, &[("lines.txt", LINES)]);
    let asked = |suite: &syrinx_eval::Suite, weights| {
        let fake = Fake { weights, ..Fake::default() };
        run(suite, &fake);
        fake.asked.get()
    };
    assert_eq!(asked(&suite, "a"), 4);
    assert_eq!(asked(&suite, "a"), 0);
    let mut changed = suite.clone();
    changed.decode.insert("temperature".into(), 1.into());
    assert_eq!(asked(&changed, "a"), 4, "other decoding settings");
    assert_eq!(asked(&changed, "b"), 4, "other weights");
    std::fs::write(folder.path().join("lines.txt"), "one\ntwo\nthree\nfive\n").unwrap();
    assert_eq!(asked(&changed, "b"), 1, "another line");
    let wavs = || std::fs::read_dir(folder.path().join("run/audio")).unwrap().flatten();
    assert_eq!(wavs().count(), 4, "recordings of old rows are gone");
    std::fs::remove_file(wavs().next().unwrap().path()).unwrap();
    assert_eq!(asked(&changed, "b"), 1, "a lost recording");
}

#[test]
fn rows_that_failed_are_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let suite = suite(folder.path(), TOML, &[("lines.txt", LINES)]);
    assert_eq!(run(&suite, &Fake { fails_on: "two", ..Fake::default() }).missing, 1);
    let fake = Fake::default();
    assert_eq!(run(&suite, &fake).missing, 0);
    assert_eq!(fake.asked.get(), 1);
}

#[test]
fn a_judge_added_later_judges_the_finished_rows() {
    let folder = tempfile::tempdir().unwrap();
    let suite = suite(folder.path(), TOML, &[("lines.txt", LINES)]);
    run(&suite, &Fake::default());
    let judge = |command: &str| JudgeConfig::Command { name: "sh".into(), command: command.into() };
    let mut options = EvalOptions { out: folder.path().join("run"), ..EvalOptions::default() };
    options.judges = vec![judge(r#"sed 's/}$/, "heard": "one", "sim": 0.5}/' {list}"#)];
    let fake = Fake::default();
    let sink = RecordingSink::default();
    let report = evaluate(&suite, &fake, &options, &CancelToken::default(), &sink).unwrap();
    assert_eq!(fake.asked.get(), 0);
    assert_eq!(figure(&report, "wer@sh").0, 0.75);
    assert_eq!(figure(&report, "sim@sh").0, 0.5);
    let transcript = |e: &Event| matches!(e, Event::EvalRow { figures, .. } if figures.iter().any(|f| f.0 == "wer@sh"));
    assert_eq!(sink.events().iter().filter(|e| transcript(e)).count(), 4);

    // The same judge is not called again; a call would fail.
    std::fs::remove_file(options.out.join("judge-sh.jsonl")).unwrap();
    evaluate(&suite, &fake, &options, &CancelToken::default(), &NullSink).unwrap();
    assert!(!options.out.join("judge-sh.jsonl").exists());
    options.judges.clear();
    let report = evaluate(&suite, &fake, &options, &CancelToken::default(), &NullSink).unwrap();
    assert!(report.figure("wer").is_none(), "what it said earlier is no part of this report");
    options.judges = vec![judge(r#"sed 's/}$/, "heard": "one", "sim": 0.5}/' {list}"#)];
    evaluate(&suite, &fake, &options, &CancelToken::default(), &NullSink).unwrap();
    assert!(!options.out.join("judge-sh.jsonl").exists(), "and it is still there");
    options.judges = vec![judge("false")];
    let error = evaluate(&suite, &fake, &options, &CancelToken::default(), &NullSink).unwrap_err();
    assert!(matches!(error, EvalError::Judge { .. }), "{error}");
}
