//! `results`: what evaluations leave behind.

use serde_json::{Value, json};

use crate::bench::Bench;

const SUITE: &str = r#"
    summary = "Some words."
    task = "g2p"
    request = { text = "{word}" }
    items = { held_out_words = 3, seed = 1 }
"#;

/// Runs the suite with a seed, into the store `results.db`.
fn eval(bench: &Bench, seed: &str) {
    bench.write("words.toml", SUITE);
    let out = format!("run{seed}");
    let ended = bench.run(&[
        "eval",
        "words.toml",
        "--out",
        &out,
        "--with-seed",
        seed,
        "--results",
        "results.db",
    ]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.err.contains("results: results.db"), "{}", ended.err);
}

fn results(bench: &Bench, args: &[&str]) -> String {
    let mut all = vec!["results", "--results", "results.db"];
    all.extend(args);
    let ended = bench.run(&all);
    assert_eq!(ended.code, 0, "{args:?}: {}", ended.err);
    ended.out
}

#[test]
fn evaluations_are_listed_shown_compared_exported_and_merged() {
    let bench = Bench::new();
    eval(&bench, "1");
    eval(&bench, "2");
    let runs: Value = serde_json::from_str(&results(&bench, &["list", "--json"])).unwrap();
    let ids: Vec<&str> =
        runs.as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap()).collect();
    let [new, old] = ids[..] else { panic!("{runs}") };
    assert_eq!(runs[0]["about"]["seeds"][0], 2);
    assert_eq!((&runs[0]["status"], &runs[0]["rows"]), (&"finished".into(), &3.into()));
    for part in ["machine", "config_hash", "fingerprint"] {
        assert!(!runs[0]["about"][part].as_str().unwrap().is_empty(), "{part}");
    }
    assert_eq!(results(&bench, &["list", "--limit", "1"]).lines().count(), 2);
    for verb in [&["list"][..], &["export", "csv"]] {
        let args = [&["results", "--results", "results.db"], verb, &["--suite", "typo"]].concat();
        bench.fails(&args, 3, &["no run has the suite `typo`", "the suites are: "]);
    }
    let shown = results(&bench, &["show", "latest", "--rows", "9"]);
    assert!(shown.contains(new) && shown.contains("95 % INTERVAL"), "{shown}");
    let compared = results(&bench, &["compare", old, new]);
    assert!(compared.contains("3 rows in common"), "{compared}");
    let csv = results(&bench, &["export", "csv"]);
    assert!(csv.starts_with("run,suite,task,") && csv.lines().count() > 6, "{csv}");
    results(&bench, &["export", "json", "-o", "all.json"]);
    let all: Value =
        serde_json::from_slice(&std::fs::read(bench.path("all.json")).unwrap()).unwrap();
    assert_eq!(all[0]["utterances"].as_array().unwrap().len(), 3);

    let merge = ["results", "merge", "results.db", "--results", "other.db"];
    assert!(bench.run(&merge).out.contains("2 runs with 6 rows"));
    assert!(bench.run(&merge).out.contains("0 runs with 0 rows"));
}

#[test]
fn figures_of_another_program_are_kept() {
    let bench = Bench::new();
    let figure = json!({"name": "say_rtf", "value": 0.125, "low": 0.1, "high": 0.2, "rows": 3,
        "unit": "number", "better": "neither"});
    bench.write("figures.json", json!([figure]).to_string());
    results(&bench, &["add", "bench-user", "figures.json"]);
    let runs: Value = serde_json::from_str(&results(&bench, &["list", "--json"])).unwrap();
    assert_eq!(
        (&runs[0]["about"]["suite"], &runs[0]["status"]),
        (&"bench-user".into(), &"finished".into())
    );
    assert_eq!(runs[0]["figures"], json!([figure]));
    bench.write("figures.json", "[{}]");
    let add = ["results", "add", "bench-user", "figures.json", "--results", "results.db"];
    bench.fails(&add, 3, &["figures.json", "missing field"]);
}

#[test]
fn what_cannot_be_shown_is_said() {
    let bench = Bench::new();
    bench.fails(&["results", "list"], 3, &["results.db", "does not exist"]);
    bench
        .write("notes.db", "these are notes, and no database at all; there is nothing to see here");
    bench.fails(&["results", "list", "--results", "notes.db"], 3, &["not a results store"]);
    eval(&bench, "1");
    let store = ["--results", "results.db"];
    bench.fails(&[&["results", "show", "nothing"][..], &store].concat(), 3, &["no run `nothing`"]);
    bench.fails(
        &[&["results", "show", "latest", "--sort", "beauty"][..], &store].concat(),
        2,
        &["no figure `beauty`"],
    );
    // An unusable store is reported before the work begins.
    bench.fails(
        &["eval", "words.toml", "--out", "run1", "--results", "notes.db"],
        3,
        &["not a results store"],
    );
}
