//! Cells: run once, kept when they fail, stopped and gone on with.

use syrinx_ablate::{AblationPlan, Tally};
use syrinx_results::{CellState, ControlRequest};
use syrinx_types::{CancelToken, RunContext};

use crate::fake::{DEMO, Fake, Place, with_bad_cells};

fn run(place: &Place, plan: &AblationPlan, fake: &Fake<'_>) -> Tally {
    let cancel = CancelToken::default();
    plan.run(fake, &place.store, &place.options("1/1"), RunContext::quiet(&cancel)).unwrap()
}

fn states(place: &Place) -> Vec<&'static str> {
    place.store.cells("demo").unwrap().iter().map(|c| c.state.name()).collect()
}

#[test]
fn every_value_meets_every_other_and_no_cell_is_run_twice() {
    let place = Place::new();
    let fake = Fake::new(&place.store);
    let plan = place.plan(DEMO, &fake);
    assert_eq!(run(&place, &plan, &fake), Tally { finished: 6, ..Tally::default() });
    let done = fake.done();
    assert_eq!(done.len(), 6);
    assert!(done[0].contains("4.0") && done[0].contains("plain"), "{done:?}");
    assert!(done[1].contains("4.0") && done[1].contains("fancy"), "{done:?}");
    assert!(done[5].contains("0.1") && done[5].contains("fancy"), "{done:?}");
    let cells = place.store.cells("demo").unwrap();
    assert!(cells.iter().all(|c| c.state == CellState::Finished && c.done == 1.0));
    assert_eq!(cells[0].axes["shift"], 4);
    assert_eq!(cells[0].axes["mode"], "plain");

    assert_eq!(run(&place, &plan, &fake), Tally { known: 6, ..Tally::default() });
    assert!(fake.done().is_empty());
}

#[test]
fn only_what_changed_is_run_again() {
    let place = Place::new();
    let mut fake = Fake::new(&place.store);
    run(&place, &place.plan(DEMO, &fake), &fake);
    // Another name for the same keys is the same cell; another value is another one.
    let renamed = DEMO.replace("name = \"4\"", "name = \"four\"").replace("0.1", "0.2");
    let plan = place.plan(&renamed, &fake);
    let expected = Tally { known: 4, finished: 2, ..Tally::default() };
    assert_eq!(run(&place, &plan, &fake), expected);
    // Another sentence to say, and everything is.
    std::fs::write(place.path("lines.txt"), "One.\nThree.\n").unwrap();
    let plan = place.plan(DEMO, &fake);
    assert_eq!(run(&place, &plan, &fake).finished, 6);
    fake.weights = "second";
    let plan = place.plan(DEMO, &fake);
    assert_eq!(run(&place, &plan, &fake).finished, 6);
}

#[test]
fn a_cell_that_fails_is_kept_with_its_error_and_tried_again() {
    let place = Place::new();
    let fake = Fake::new(&place.store);
    let plan = place.plan(&with_bad_cells(), &fake);
    let expected = Tally { finished: 6, failed: 4, ..Tally::default() };
    assert_eq!(run(&place, &plan, &fake), expected);
    let cells = place.store.cells("demo").unwrap();
    assert_eq!(cells[0].state, CellState::Failed);
    assert_eq!(cells[0].note, "the weights are broken (train again)");
    assert_eq!(cells[2].note, "there is no setting `impossible`");
    let expected = Tally { known: 6, failed: 4, ..Tally::default() };
    assert_eq!(run(&place, &plan, &fake), expected);
}

#[test]
fn what_was_stopped_goes_on() {
    let place = Place::new();
    let fake = Fake::new(&place.store);
    let plan = place.plan(DEMO, &fake);
    *fake.cancel_in.lock().unwrap() = Some(2);
    let cancel = CancelToken::default();
    // Pulling a cell's own token stops that cell only; Ctrl-C pulls the one above all of them.
    let tally =
        plan.run(&fake, &place.store, &place.options("1/1"), RunContext::quiet(&cancel)).unwrap();
    assert_eq!(tally, Tally { finished: 5, stopped: 1, ..Tally::default() });
    assert_eq!(states(&place)[2], "stopped");
    cancel.cancel();
    let tally =
        plan.run(&fake, &place.store, &place.options("1/1"), RunContext::quiet(&cancel)).unwrap();
    assert_eq!(tally, Tally { stopped: 6, ..Tally::default() });
    fake.done();
    let expected = Tally { known: 5, finished: 1, ..Tally::default() };
    assert_eq!(run(&place, &plan, &fake), expected);
    assert_eq!(fake.done().len(), 1);
}

#[test]
fn control_requests_stop_and_resume_cells() {
    let place = Place::new();
    let fake = Fake::new(&place.store);
    let plan = place.plan(DEMO, &fake);
    let key = &plan.cells[1].key;
    place.store.request_control("demo", key, ControlRequest::Stop).unwrap();
    let expected = Tally { finished: 5, stopped: 1, ..Tally::default() };
    assert_eq!(run(&place, &plan, &fake), expected);
    assert_eq!(states(&place)[1], "stopped");
    // The cell stays stopped until a control request resumes it.
    let expected = Tally { known: 5, stopped: 1, ..Tally::default() };
    assert_eq!(run(&place, &plan, &fake), expected);
    place.store.request_control("demo", key, ControlRequest::Resume).unwrap();
    let expected = Tally { known: 5, finished: 1, ..Tally::default() };
    assert_eq!(run(&place, &plan, &fake), expected);
    assert_eq!(place.store.control_request("demo", key).unwrap(), None);
}

#[test]
fn cells_that_learn_the_same_share_a_model() {
    let place = Place::new();
    let fake = Fake::new(&place.store);
    let text = format!(
        "train = {{ steps = 5 }}\nseeds = [1, 2]\n{}",
        DEMO.replace(
            "{ name = \"0.1\", keys = { shift = 0.1 } }",
            "{ name = \"grouped\", keys = { \"train.model.group\" = 2 } }",
        )
    );
    let plan = place.plan(&text, &fake);
    assert_eq!(run(&place, &plan, &fake).finished, 12);
    let trained = fake.done().into_iter().filter(|what| what.starts_with("trained")).count();
    // Grouped or not, with two seeds.
    assert_eq!(trained, 4);
    let findings = syrinx_ablate::Findings::gather(&plan, &place.store).unwrap();
    let losses = &findings.suites[0];
    assert_eq!(losses.suite, "training");
    assert_eq!(losses.points[0].figures[0].name, "loss tts/ar");
    assert!((losses.points[0].figures[0].value - 2.15).abs() < 1e-9);
    assert!((losses.points[5].figures[0].value - 1.65).abs() < 1e-9);
}
