//! Cells of ablations.

use serde_json::json;
use syrinx_results::{Cell, CellState, ControlRequest};

use crate::material::store;

fn cell(place: usize, state: CellState) -> Cell {
    Cell {
        ablation: "prompt-length".into(),
        key: format!("c{place}"),
        place,
        axes: [("prompt_s".to_owned(), json!(place)), ("pooled".to_owned(), json!(false))].into(),
        seed: u64::MAX,
        state,
        done: 0.25,
        note: "step 10".into(),
        updated_s: 5.0,
        ..Cell::default()
    }
}

#[test]
fn cells_come_back_in_their_order_and_move_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    assert!(store.ablations().unwrap().is_empty());
    store.put_cells(&[cell(1, CellState::Planned), cell(0, CellState::Training)]).unwrap();
    let other = Cell { ablation: "another".into(), ..cell(0, CellState::Failed) };
    store.put_cell(&other).unwrap();
    assert_eq!(store.ablations().unwrap(), ["another", "prompt-length"]);
    let there = store.cells("prompt-length").unwrap();
    assert_eq!(there, [cell(0, CellState::Training), cell(1, CellState::Planned)]);
    let done = Cell { done: 1.0, ended_s: Some(9.0), ..cell(0, CellState::Finished) };
    store.put_cell(&done).unwrap();
    assert_eq!(store.cell("prompt-length", "c0").unwrap(), Some(done));
    assert_eq!(store.cell("prompt-length", "c9").unwrap(), None);
}

#[test]
fn a_control_request_waits_until_it_is_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    assert_eq!(store.control_request("b", "c").unwrap(), None);
    store.request_control("b", "c", ControlRequest::Stop).unwrap();
    store.request_control("b", "c", ControlRequest::Resume).unwrap();
    assert_eq!(store.control_request("b", "c").unwrap(), Some(ControlRequest::Resume));
    assert_eq!(store.control_request("b", "d").unwrap(), None);
    store.clear_control_request("b", "c").unwrap();
    assert_eq!(store.control_request("b", "c").unwrap(), None);
}
