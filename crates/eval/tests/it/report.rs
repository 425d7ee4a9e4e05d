//! The report in its three forms.

use serde_json::json;
use syrinx_eval::{EvalOptions, Report, evaluate};
use syrinx_types::{CancelToken, NullSink};

use crate::fake::{Fake, run, suite};

fn probe(folder: &std::path::Path) -> Report {
    let toml = r#"
        summary = "Two <lines> in two voices"
        task = "speak"
        request = { text = "{text}", voice = "{voice}" }
        items = { lines = "lines.txt" }
        voices = { pairing = "each" }
        figures = ["wer", "fail", "own_voice"]
        judges = [{ kind = "own", task = "ear", request = { audio = "{audio}" } }]
        players = { worst = 2, others = 1 }
    "#;
    let suite = suite(folder, toml, &[("lines.txt", "Go on now.\nStay here\nNot this\n")]);
    let fake = Fake {
        transcripts: [("lines-001", "go on now"), ("lines-002", "they hear")].into(),
        fails_on: "Not this",
        ..Fake::default()
    };
    run(&suite, &fake)
}

#[test]
fn table_for_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(probe(folder.path()).table());
}

#[test]
fn json_reads_back_and_keeps_its_shape() {
    let folder = tempfile::tempdir().unwrap();
    let report = probe(folder.path());
    assert_eq!(Report::load(&folder.path().join("run/report.json")).unwrap(), report);
    insta::assert_json_snapshot!(schemars::schema_for!(Report));
    let row = serde_json::to_value(&report.rows[2]).unwrap();
    insta::assert_json_snapshot!(row, {
        ".key" => "[key]", ".audio" => "[wav]", ".measures.*" => "[number]",
        ".verdicts.*.judge" => "[judge]",
    });
}

#[test]
fn the_page_needs_nothing_else_and_shows_the_worst_first() {
    let folder = tempfile::tempdir().unwrap();
    probe(folder.path());
    let page = std::fs::read_to_string(folder.path().join("run/report.html")).unwrap();
    assert!(page.contains("Two &#60;lines&#62; in two voices"));
    for outside in ["src=\"http", "href=", "<script src", "url(", "@import", "fetch("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("prefers-color-scheme: dark"));
    let cards: Vec<&str> = page.split("<section class=\"card\">").skip(1).collect();
    assert_eq!(cards.len(), 3);
    assert!(cards[0].contains("no answer</b> it is all too much"), "{}", cards[0]);
    assert!(cards[2].contains("they"), "{}", cards[2]);
    assert!(cards[2].contains("data:audio/wav;base64,UklGR"));
    assert!(cards[2].contains("data:image/png;base64,iVBORw0KGgo"));
    assert!(cards[2].contains("<mark title=\"instead of stay\">they</mark>"), "{}", cards[2]);
}

#[test]
fn a_report_without_sound_has_no_players() {
    let folder = tempfile::tempdir().unwrap();
    let toml = "task = 'spell'\nrequest = { text = '{word}' }\nitems = { held_out_words = 2 }";
    let suite = suite(folder.path(), toml, &[]);
    let fake = Fake { answers: [("", json!({"phones": "AA1"}))].into(), ..Fake::default() };
    let options = EvalOptions { out: folder.path().join("run"), ..EvalOptions::default() };
    evaluate(&suite, &fake, &options, &CancelToken::default(), &NullSink).unwrap();
    let page = std::fs::read_to_string(folder.path().join("run/report.html")).unwrap();
    assert!(!page.contains("<audio"));
    assert!(page.contains("phone error rate"));
}
