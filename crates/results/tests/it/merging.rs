//! Two stores that become one.

use syrinx_results::{Cell, CellState, MergedCounts, ResultsError, RunFilter};

use crate::material::{about, finished, row, store};

#[test]
fn a_merge_takes_what_is_new_or_further() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (ours, theirs) = (store(here.path()), store(there.path()));
    let both = about("tts", "both");
    let open = ours.begin(&both, 1.0).unwrap();
    ours.keep(&open, &row(0, 1), 100.0).unwrap();
    // The same run on the other machine, finished there but written to earlier.
    assert_eq!(finished(&theirs, &both, &[row(0, 1), row(1, 2)], 1.0), open);
    let mine = finished(&ours, &about("tts", "mine"), &[row(0, 1)], 2.0);
    let new = finished(&theirs, &about("stt", "theirs"), &[row(0, 1), row(1, 1), row(2, 1)], 3.0);
    let cell = |key: &str, state, updated_s| Cell {
        ablation: "b".into(),
        key: key.into(),
        state,
        updated_s,
        ..Cell::default()
    };
    ours.put_cells(&[cell("1", CellState::Finished, 1.0), cell("2", CellState::Training, 1.0)])
        .unwrap();
    theirs
        .put_cells(&[
            cell("1", CellState::Planned, 9.0),
            cell("2", CellState::Finished, 0.5),
            cell("3", CellState::Planned, 1.0),
        ])
        .unwrap();

    let merged = ours.merge(theirs.path()).unwrap();
    assert_eq!(merged, MergedCounts { runs: 2, rows: 5, cells: 2 });
    let ids: Vec<String> =
        ours.runs(&RunFilter::default()).unwrap().into_iter().map(|r| r.id).collect();
    assert_eq!(ids, [new.clone(), mine, open.clone()]);
    assert_eq!(ours.run(&open).unwrap(), theirs.run(&open).unwrap());
    assert_eq!(ours.rows(&new).unwrap(), theirs.rows(&new).unwrap());
    let states: Vec<_> = ours.cells("b").unwrap().into_iter().map(|c| c.state).collect();
    assert_eq!(states, [CellState::Finished, CellState::Finished, CellState::Planned]);
    // Again, and there is nothing left to take.
    assert_eq!(ours.merge(theirs.path()).unwrap(), MergedCounts::default());
}

#[test]
fn a_store_that_is_not_there_cannot_be_merged() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let error = store.merge(&folder.path().join("other.db")).unwrap_err();
    assert!(matches!(error, ResultsError::Missing { .. }));
    // And the store still works.
    finished(&store, &about("tts", "a"), &[row(0, 1)], 1.0);
}
