//! Reports.

use std::fs;

use syrinx_ablate::{AblateError, Findings, write_report};
use syrinx_eval::Moved;
use syrinx_types::{CancelToken, RunContext};

use crate::fake::{DEMO, Fake, Place, with_bad_cells};

fn findings(place: &Place, text: &str) -> Findings {
    let fake = Fake::new(&place.store);
    let plan = place.plan(text, &fake);
    let cancel = CancelToken::default();
    plan.run(&fake, &place.store, &place.options("1/1"), RunContext::quiet(&cancel)).unwrap();
    Findings::gather(&plan, &place.store).unwrap()
}

#[test]
fn the_page_says_what_is_and_what_is_not_beyond_noise() {
    let place = Place::new();
    let findings = findings(&place, &with_bad_cells());
    let files = write_report(&findings, &place.path("reports")).unwrap();
    let names: Vec<String> =
        files.iter().map(|f| f.file_name().unwrap().to_string_lossy().into_owned()).collect();
    let charts = ["wer", "similarity", "rtf"].map(|figure| format!("demo-speak-{figure}.svg"));
    assert_eq!(names[..2], ["demo.md", "demo.json"]);
    assert_eq!(names[2..], charts);
    insta::assert_snapshot!(fs::read_to_string(&files[0]).unwrap());
    let json: Findings = serde_json::from_str(&fs::read_to_string(&files[1]).unwrap()).unwrap();
    assert_eq!(json, findings);
    let svg = fs::read_to_string(&files[2]).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    for text in ["word error rate", "shift", "mode plain", "mode fancy", "0.1"] {
        assert!(svg.contains(text), "no `{text}` in the chart");
    }
}

#[test]
fn seeds_are_pooled_and_the_pairs_kept_apart() {
    let place = Place::new();
    let findings = findings(&place, &format!("seeds = [3, 4]\n{DEMO}"));
    let points = &findings.suites[0].points;
    assert_eq!(points.len(), 6);
    assert!(points.iter().all(|p| (p.rows, p.seeds) == (48, 2)));
    let base = points.iter().position(|p| p.baseline).unwrap();
    assert_eq!(base, 2);
    // Four words more of twenty, in every row: a change without any noise.
    let worse = points[0].moves.iter().find(|m| m.figure == "wer").unwrap();
    assert!((worse.low - 0.2).abs() < 1e-9 && (worse.high - 0.2).abs() < 1e-9, "{worse:?}");
}

#[test]
fn what_seeds_disagree_on_is_noise() {
    let moody = |seeds: &str| {
        let place = Place::new();
        let text = DEMO.replace("{ shift = 4.0 }", "{ moody = 2.0 }");
        let findings = findings(&place, &format!("seeds = {seeds}\n{text}"));
        let moves = &findings.suites[0].points[0].moves;
        moves.iter().find(|m| m.figure == "wer").unwrap().clone()
    };
    // All rows of a seed move alike, so the interval over speakers is as narrow as can be.
    let (one, both) = (moody("[4]"), moody("[3, 4]"));
    assert!((one.low - 0.1).abs() < 1e-9 && one.moved == Moved::Worse, "{one:?}");
    assert!(both.low > 0.02 && both.moved == Moved::No, "{both:?}");
}

#[test]
fn a_few_rows_say_nothing_of_noise() {
    let place = Place::new();
    let mut fake = Fake::new(&place.store);
    fake.rows = 7;
    let plan = place.plan(DEMO, &fake);
    let cancel = CancelToken::default();
    plan.run(&fake, &place.store, &place.options("1/1"), RunContext::quiet(&cancel)).unwrap();
    let findings = Findings::gather(&plan, &place.store).unwrap();
    assert!(findings.suites[0].points.iter().all(|p| p.rows == 7 && p.moves.is_empty()));
    let files = write_report(&findings, &place.path("reports")).unwrap();
    let page = fs::read_to_string(&files[0]).unwrap();
    assert!(
        page.contains("not enough to test for a difference") && !page.contains("beyond noise**"),
        "{page}"
    );
}

#[test]
fn a_chart_that_is_no_longer_made_goes() {
    let place = Place::new();
    let reports = place.path("reports");
    let other = reports.join("other-speak-wer.svg");
    write_report(&findings(&place, DEMO), &reports).unwrap();
    fs::write(&other, "").unwrap();
    let fewer = format!("figures = [\"wer\"]\n{DEMO}");
    write_report(&findings(&place, &fewer), &reports).unwrap();
    let there = |name: &str| reports.join(name).exists();
    assert!(there("demo-speak-wer.svg") && !there("demo-speak-similarity.svg") && other.exists());
}

#[test]
fn nothing_is_written_of_nothing() {
    let place = Place::new();
    let fake = Fake::new(&place.store);
    let plan = place.plan(DEMO, &fake);
    let error = Findings::gather(&plan, &place.store).unwrap_err();
    assert!(matches!(error, AblateError::NothingFound { .. }), "{error}");
}
