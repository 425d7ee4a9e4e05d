//! Several writers at once, and one that is killed.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Barrier;

use syrinx_results::{RunFilter, RunStatus, Store};

use crate::material::{about, finished, row};

#[test]
fn writers_wait_for_one_another_even_while_the_file_is_made() {
    const WRITERS: usize = 4;
    const ROWS: usize = 25;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.db");
    let begin = Barrier::new(WRITERS);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (path, begin) = (&path, &begin);
            scope.spawn(move || {
                begin.wait();
                // A connection of its own, as another program would have.
                let store = Store::open(path).unwrap();
                let rows: Vec<_> = (0..ROWS).map(|i| row(i, i % 3)).collect();
                finished(&store, &about("tts", &format!("model {writer}")), &rows, 1.0);
            });
        }
    });
    let store = Store::open_existing(&path).unwrap();
    let runs = store.runs(&RunFilter::default()).unwrap();
    assert_eq!(runs.len(), WRITERS);
    for run in runs {
        assert_eq!((run.status, run.rows), (RunStatus::Finished, ROWS));
        assert_eq!(store.rows(&run.id).unwrap().len(), ROWS);
    }
}

/// Names the store to the process that is going to be killed.
const WRITER: &str = "SYRINX_TEST_WRITER";

#[test]
fn a_killed_writer_loses_nothing_that_it_finished() {
    if let Some(path) = std::env::var_os(WRITER) {
        let store = Store::open(path.as_ref()).unwrap();
        let run = store.begin(&about("tts", "killed"), 1.0).unwrap();
        for i in 0..usize::MAX {
            store.keep(&run, &row(i, 1), 2.0).unwrap();
            println!("kept {i}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.db");
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "together::a_killed_writer_loses_nothing_that_it_finished",
            "--nocapture",
        ])
        .env(WRITER, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(writer.stdout.take().unwrap()).lines();
    let kept = said.map_while(Result::ok).filter(|line| line.contains("kept ")).take(20).count();
    writer.kill().unwrap();
    writer.wait().unwrap();
    assert_eq!(kept, 20);

    let store = Store::open_existing(&path).unwrap();
    let run = store.run("latest").unwrap();
    assert_eq!(run.status, RunStatus::Running);
    assert!(run.rows >= kept, "{} rows of {kept} that were reported", run.rows);
    let rows = store.rows(&run.id).unwrap();
    let in_order = rows.iter().enumerate().all(|(i, r)| *r == row(i, 1));
    assert!(in_order && rows.len() == run.rows, "rows are whole and in order");
    // The run can be continued.
    assert_eq!(store.begin(&about("tts", "killed"), 3.0).unwrap(), run.id);
    store.finish_with(&run.id, &rows, &[], 4.0).unwrap();
    assert_eq!(store.run(&run.id).unwrap().status, RunStatus::Finished);
}
