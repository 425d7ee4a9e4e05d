//! Files that are no store, or not one of ours.

use syrinx_eval::Row;
use syrinx_results::{ControlRequest, ResultsError, SCHEMA_VERSION, Store};

use crate::material::{about, finished, row, store};

#[test]
fn a_file_of_a_newer_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = store(folder.path()).path().to_path_buf();
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", SCHEMA_VERSION + 1).unwrap();
    drop(newer);
    let before = std::fs::read(&path).unwrap();
    let error = Store::open(&path).err().unwrap();
    assert!(matches!(error, ResultsError::Newer { found, .. } if found == SCHEMA_VERSION + 1));
    assert!(error.hint().unwrap().contains("use a newer program"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_of_version_1_is_migrated_with_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = store(folder.path()).path().to_path_buf();
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(
        "ALTER TABLE runs RENAME COLUMN ablation TO bench;
         ALTER TABLE cells RENAME COLUMN ablation TO bench;
         ALTER TABLE control_requests RENAME TO wishes;
         ALTER TABLE wishes RENAME COLUMN ablation TO bench;
         ALTER TABLE wishes RENAME COLUMN request TO wish;
         ALTER TABLE rows RENAME COLUMN transcript TO heard;
         ALTER TABLE rows RENAME COLUMN reference TO wanted;
         INSERT INTO wishes (bench, key, wish) VALUES ('prompt', 'c1', 'stop');
         PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(old);
    let migrated = Store::open(&path).unwrap();
    assert_eq!(migrated.control_request("prompt", "c1").unwrap(), Some(ControlRequest::Stop));
    migrated.cells("prompt").unwrap();
    drop(migrated);
    let read = rusqlite::Connection::open(&path).unwrap();
    let version: i64 = read.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, SCHEMA_VERSION);
}

#[test]
fn rows_of_version_2_are_migrated_with_all_their_fields() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let path = store.path().to_path_buf();
    let row = Row {
        hypothesis: "one \"three\"".into(),
        reference_audio: Some("ref.wav".into()),
        ..row(1, 2)
    };
    let run = finished(&store, &about("tts", "a"), std::slice::from_ref(&row), 1.0);
    drop(store);
    let old = rusqlite::Connection::open(&path).unwrap();
    let json: String = old.query_row("SELECT json FROM rows", [], |row| row.get(0)).unwrap();
    let json = json
        .replace("\"reference\":", "\"wanted\":")
        .replace("\"hypothesis\":", "\"got\":")
        .replace("\"reference_audio\":", "\"reference\":");
    old.execute("UPDATE rows SET json = ?1", [json]).unwrap();
    old.execute_batch(
        "ALTER TABLE rows RENAME COLUMN reference TO wanted; PRAGMA user_version = 2;",
    )
    .unwrap();
    drop(old);
    assert_eq!(Store::open(&path).unwrap().rows(&run).unwrap(), [row]);
}

#[test]
fn files_of_others_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(
        &text,
        "these are my notes, and they are longer than a header of SQLite is\n".repeat(20),
    )
    .unwrap();
    let theirs = folder.path().join("theirs.db");
    let other = rusqlite::Connection::open(&theirs).unwrap();
    other.execute_batch("CREATE TABLE mine (a)").unwrap();
    drop(other);
    for path in [&text, &theirs] {
        let before = std::fs::read(path).unwrap();
        let error = Store::open(path).err().unwrap();
        assert!(matches!(error, ResultsError::Foreign { .. }), "{error}");
        assert_eq!(std::fs::read(path).unwrap(), before);
    }
}

#[test]
fn what_is_not_there_is_made_only_where_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/down/results.db");
    let error = Store::open_existing(&path).err().unwrap();
    assert!(error.to_string().contains("the file does not exist"), "{error}");
    assert!(!path.exists());
    Store::open(&path).unwrap();
    Store::open_existing(&path).unwrap();
    let blocked = text_in_the_way(folder.path());
    assert!(matches!(Store::open(&blocked).err().unwrap(), ResultsError::Folder { .. }));
}

fn text_in_the_way(folder: &std::path::Path) -> std::path::PathBuf {
    std::fs::write(folder.join("file"), "text").unwrap();
    folder.join("file/results.db")
}
