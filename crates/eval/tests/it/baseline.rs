//! Comparing with an older report.

use syrinx_eval::{EvalOptions, Moved, Report, evaluate};
use syrinx_types::{CancelToken, NullSink};

use crate::fake::{Fake, suite};

const TOML: &str = r#"
    task = "speak"
    request = { text = "{text}", voice = "{voice}" }
    items = { lines = "lines.txt" }
    judges = [{ kind = "own", task = "ear", request = { audio = "{audio}" } }]
"#;

/// The report of a run whose judge returns `transcript`, compared with `baseline`.
fn report(folder: &std::path::Path, transcript: &'static str, baseline: Option<&str>) -> Report {
    let lines = "go on\n".repeat(12);
    let suite = suite(folder, TOML, &[("lines.txt", &lines)]);
    let options = EvalOptions {
        out: folder.join(transcript),
        baseline: baseline.map(|run| folder.join(run).join("report.json")),
        ..EvalOptions::default()
    };
    let fake = Fake { transcripts: [("wav", transcript)].into(), ..Fake::default() };
    evaluate(&suite, &fake, &options, &CancelToken::default(), &NullSink).unwrap()
}

#[test]
fn a_worse_model_is_a_regression_and_a_better_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!report(folder.path(), "go on", None).regressed());
    let worse = report(folder.path(), "go off", Some("go on"));
    assert!(worse.regressed());
    let comparison = worse.comparison.as_ref().unwrap();
    assert_eq!(comparison.of("wer@own", "").map(|m| (m.old, m.new)), Some((0.0, 0.5)));
    assert_eq!(comparison.of("similarity", "").map(|m| m.moved), Some(Moved::No));
    assert!(worse.table().contains("WORSE beyond noise"), "{}", worse.table());
    let better = report(folder.path(), "go on", Some("go off"));
    assert!(!better.regressed());
    let moved = better.comparison.unwrap().of("wer@own", "").map(|m| m.moved);
    assert_eq!(moved, Some(Moved::Better));
}

#[test]
fn what_is_no_report_is_refused_before_anything_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let suite = suite(folder.path(), TOML, &[("lines.txt", "go on\n")]);
    let check = |text: &str, expected: &str| {
        let baseline = folder.path().join("old.json");
        std::fs::write(&baseline, text).unwrap();
        let options = EvalOptions {
            out: folder.path().join("run"),
            baseline: Some(baseline),
            ..EvalOptions::default()
        };
        let fake = Fake::default();
        let error = evaluate(&suite, &fake, &options, &CancelToken::default(), &NullSink);
        let error = error.unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("old.json"), "{error}");
        assert_eq!(fake.asked.get(), 0);
    };
    check("", "is not an evaluation report");
    check("{\"format\": 1}", "is not an evaluation report");
    let mut old = report(folder.path(), "go on", None);
    old.format = 99;
    check(&serde_json::to_string(&old).unwrap(), "has format 99");
}
