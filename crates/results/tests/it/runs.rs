//! Runs and their rows.

use syrinx_eval::{KeepRows as _, Moved};
use syrinx_results::{ResultsError, RunFilter, RunKeeper, RunStatus, to_csv, to_json};

use crate::material::{about, finished, row, store};

#[test]
fn a_run_comes_back_as_it_went_in() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let rows: Vec<_> = (0..6).map(|i| row(i, i % 2)).collect();
    let id = finished(&store, &about("tts", "a.safetensors"), &rows, 1000.5);
    let run = store.run(&id[..5]).unwrap();
    assert_eq!(run.about, about("tts", "a.safetensors"));
    assert_eq!((run.status, run.rows), (RunStatus::Finished, 6));
    assert_eq!((run.started_s, run.ended_s), (1000.5, Some(1010.5)));
    assert_eq!(run.figures, syrinx_eval::figures(&rows, &[]));
    assert_eq!(store.rows(&id).unwrap(), rows);
    assert_eq!(run.figure("wer").unwrap().value, 0.05);
}

#[test]
fn rows_of_a_run_that_did_not_end_are_there_with_figures() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let about = about("tts", "a");
    let id = store.begin(&about, 1.0).unwrap();
    let clock = || 2.0;
    let keeper = RunKeeper::new(&store, &id, &clock);
    keeper.keep(&row(0, 5));
    keeper.keep(&row(1, 5));
    keeper.keep(&row(1, 7));
    assert!(keeper.failure().is_none());
    let run = store.run(&id).unwrap();
    assert_eq!(
        (run.status, run.rows, run.updated_s, run.ended_s),
        (RunStatus::Running, 2, 2.0, None)
    );
    assert_eq!(run.figure("wer").unwrap().value, 0.6);

    // The same command resumes it; another one does not.
    store.end(&id, RunStatus::Stopped, "", 3.0).unwrap();
    assert_eq!(store.begin(&about, 4.0).unwrap(), id);
    assert_eq!(store.run(&id).unwrap().rows, 2);
    let other = crate::material::about("tts", "b");
    assert_ne!(store.begin(&other, 4.0).unwrap(), id);
    // A finished run stays: the next one is another run, and rows that the report lacks are removed.
    store.finish_with(&id, &[row(1, 7)], &[], 5.0).unwrap();
    assert_eq!(store.run(&id).unwrap().rows, 1);
    assert_ne!(store.begin(&about, 6.0).unwrap(), id);
}

#[test]
fn runs_are_found_by_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    assert!(matches!(store.run("latest"), Err(ResultsError::NoRun { .. })));
    let first = finished(&store, &about("tts", "small.safetensors"), &[row(0, 1)], 10.0);
    let second = finished(&store, &about("stt", "large.safetensors"), &[row(0, 1)], 20.0);
    let mut cell = about("tts", "cell.safetensors");
    (cell.ablation, cell.cell) = ("prompt".into(), "c1".into());
    let third = finished(&store, &cell, &[row(0, 1)], 30.0);
    let check = |filter: RunFilter, expected: &[&String]| {
        let ids: Vec<String> = store.runs(&filter).unwrap().into_iter().map(|r| r.id).collect();
        assert_eq!(ids.iter().collect::<Vec<_>>(), expected, "{filter:?}");
    };
    let text = |s: &str| Some(s.to_owned());
    check(RunFilter::default(), &[&third, &second, &first]);
    check(RunFilter { suite: text("tts"), ..RunFilter::default() }, &[&third, &first]);
    check(RunFilter { model: text("large"), ..RunFilter::default() }, &[&second]);
    check(RunFilter { ablation: text(""), ..RunFilter::default() }, &[&second, &first]);
    check(RunFilter { cell: text("c1"), limit: Some(3), ..RunFilter::default() }, &[&third]);
    check(RunFilter { limit: Some(2), ..RunFilter::default() }, &[&third, &second]);
    assert_eq!(store.run("latest").unwrap().id, third);
    assert!(matches!(store.run("nothing"), Err(ResultsError::NoRun { .. })));
    assert!(matches!(store.run(""), Err(ResultsError::Ambiguous { count: 3, .. })));
}

#[test]
fn a_filter_that_no_run_passes_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    assert_eq!(store.selected_runs(&RunFilter::default()).unwrap(), []);
    let text = |s: &str| Some(s.to_owned());
    let check = |filter: RunFilter, message: &str, hint: &str| {
        let errors = [
            store.selected_runs(&filter).unwrap_err(),
            to_csv(&store, &filter).unwrap_err(),
            to_json(&store, &filter).unwrap_err(),
        ];
        for error in errors {
            assert!(error.to_string().contains(message), "{error}");
            assert_eq!(error.hint().as_deref(), Some(hint));
        }
    };
    let typo = || RunFilter { suite: text("tsts"), ..RunFilter::default() };
    check(typo(), "no run has the suite `tsts`", "run an evaluation first");
    finished(&store, &about("tts", "small.safetensors"), &[row(0, 1)], 10.0);
    finished(&store, &about("stt", "large.safetensors"), &[row(0, 1)], 20.0);
    check(typo(), "no run has the suite `tsts`", "the suites are: stt, tts");
    let model = || RunFilter { suite: text("tts"), model: text("huge"), ..RunFilter::default() };
    let known = "the models are: large.safetensors, small.safetensors";
    check(model(), "no run has the model `huge`", known);
    let apart = RunFilter { suite: text("tts"), model: text("large"), ..RunFilter::default() };
    check(apart, "no run passes all filters", "omit one of the filters");
    let none = RunFilter { limit: Some(0), ..RunFilter::default() };
    check(none, "no run passes all filters", "omit one of the filters");
    let fits = RunFilter { suite: text("tts"), model: text("small"), ..RunFilter::default() };
    assert_eq!(store.selected_runs(&fits).unwrap().len(), 1);
}

#[test]
fn runs_are_compared_row_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let rows = |more: usize| (0..30).map(|i| row(i, i % 2 + more)).collect::<Vec<_>>();
    let old = finished(&store, &about("tts", "old"), &rows(0), 1.0);
    let new = finished(&store, &about("tts", "new"), &rows(2), 2.0);
    let comparison = store.compare(&old, &new).unwrap();
    assert_eq!((comparison.rows, comparison.model.as_str()), (30, "old"));
    assert_eq!(comparison.of("wer", "").unwrap().moved, Moved::Worse);
    assert_eq!(comparison.of("similarity", "").unwrap().moved, Moved::No);
    assert!(comparison.regressed());
    let other = finished(&store, &about("stt", "new"), &[], 3.0);
    assert!(matches!(store.compare(&old, &other), Err(ResultsError::Incomparable { .. })));
}

#[test]
fn exports_have_every_row() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut failed = row(1, 10);
    (failed.error, failed.audio) = (Some("too much, \"really\"".into()), None);
    failed.measures.clear();
    finished(&store, &about("tts", "a"), &[row(0, 3), failed], 1.0);
    let filter = RunFilter::default();
    insta::assert_snapshot!(to_csv(&store, &filter).unwrap());
    let json: serde_json::Value = serde_json::from_str(&to_json(&store, &filter).unwrap()).unwrap();
    assert_eq!(json[0]["utterances"][0]["measures"]["wer"]["part"], 3.0);
    assert_eq!(json[0]["about"]["seeds"][1], u64::MAX);
}
