//! Synthetic runs.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use syrinx_eval::{Measure, Row, figures};
use syrinx_results::{RunAbout, Store};

/// An open store in a folder.
pub(crate) fn store(folder: &Path) -> Store {
    Store::open(&folder.join("results.db")).unwrap()
}

/// A run of a suite with a model.
pub(crate) fn about(suite: &str, model: &str) -> RunAbout {
    RunAbout {
        suite: suite.into(),
        task: "tts".into(),
        model: model.into(),
        fingerprint: format!("print of {model}"),
        config_hash: "c0ffee".into(),
        settings: json!({"decode": {"best_of": 1}}),
        revision: "abc1234".into(),
        seeds: vec![0, u64::MAX],
        machine: "bench-1, 2 cores".into(),
        folder: format!("/runs/{suite}").into(),
        ..RunAbout::default()
    }
}

/// A row with `wrong` of ten words wrong.
pub(crate) fn row(number: usize, wrong: usize) -> Row {
    let measures = [
        ("wer".to_owned(), Measure::count(wrong, 10)),
        ("similarity".to_owned(), Measure::value(0.5 + number as f64 / 100.0)),
    ];
    Row {
        key: format!("key {number}"),
        id: format!("item {number}"),
        group: format!("voice {}", number % 3),
        seed: u64::MAX,
        reference: "one, \"two\"".into(),
        audio: Some(format!("audio/{number}.wav")),
        measures: BTreeMap::from(measures),
        ..Row::default()
    }
}

/// Keeps rows and ends the run with them.
pub(crate) fn finished(store: &Store, about: &RunAbout, rows: &[Row], began_s: f64) -> String {
    let run = store.begin(about, began_s).unwrap();
    for row in rows {
        store.keep(&run, row, began_s + 1.0).unwrap();
    }
    store.finish_with(&run, rows, &figures(rows, &[]), began_s + 10.0).unwrap();
    run
}
