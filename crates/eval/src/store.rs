//! Rows on disk, appended one by one, so that finished rows survive an interrupted run.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use syrinx_data::WorkShare;

use crate::{EvalError, Row};
use syrinx_types::IoOperation;

/// Rows in a run's folder. A line of `rows.jsonl` replaces an earlier line with the same key. Each process of an array
/// job appends to its own file `rows-N-of-M.jsonl` in the same folder, and reads the files of all others.
pub(crate) struct RowStore {
    path: PathBuf,
    rows: HashMap<String, Row>,
    file: File,
}

impl RowStore {
    /// Opens or creates the folder. Lines that can't be read (the last one of a killed run, those of an older version)
    /// are skipped, so that their rows are computed again.
    pub(crate) fn open(folder: &Path, part: WorkShare) -> Result<Self, EvalError> {
        fs::create_dir_all(folder).map_err(EvalError::io(IoOperation::CreateFolder, folder))?;
        let path = folder.join(format!("rows{}.jsonl", suffix(part)));
        let mut rows = HashMap::new();
        for other in parts_of(folder)?.iter().filter(|other| **other != path) {
            take(&mut rows, &read(other)?);
        }
        let text = read(&path)?;
        take(&mut rows, &text);
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(EvalError::io(IoOperation::Write, &path))?;
        if !text.is_empty() && !text.ends_with('\n') {
            // A line break ends a truncated line before the next row.
            file.write_all(b"\n").map_err(EvalError::io(IoOperation::Write, &path))?;
        }
        Ok(Self { path, rows, file })
    }

    /// Returns a finished row.
    pub(crate) fn get(&self, key: &str) -> Option<&Row> {
        self.rows.get(key)
    }

    /// Appends a row.
    pub(crate) fn put(&mut self, row: Row) -> Result<(), EvalError> {
        let mut line = to_line(&row);
        line.push('\n');
        self.file
            .write_all(line.as_bytes())
            .map_err(EvalError::io(IoOperation::Write, &self.path))?;
        self.rows.insert(row.key.clone(), row);
        Ok(())
    }

    /// Rewrites the file with these rows only, in this order, and returns them.
    pub(crate) fn finish(mut self, keys: &[String]) -> Result<Vec<Row>, EvalError> {
        let rows: Vec<Row> = keys.iter().filter_map(|key| self.rows.remove(key)).collect();
        let mut text = String::new();
        for row in &rows {
            text.push_str(&to_line(row));
            text.push('\n');
        }
        write_whole(&self.path, text.as_bytes())?;
        Ok(rows)
    }
}

/// Returns the suffix of the files of a share: `-N-of-M`, or an empty suffix for all rows.
pub(crate) fn suffix(part: WorkShare) -> String {
    match part.of() {
        1 => String::new(),
        of => format!("-{}-of-{of}", part.index() + 1),
    }
}

/// Returns the files of rows in a folder: those of shares, then `rows.jsonl`.
fn parts_of(folder: &Path) -> Result<Vec<PathBuf>, EvalError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(EvalError::io(IoOperation::List, folder))? {
        let path = entry.map_err(EvalError::io(IoOperation::List, folder))?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if name.starts_with("rows-") && name.ends_with(".jsonl") {
            files.push(path);
        }
    }
    files.sort();
    files.push(folder.join("rows.jsonl"));
    Ok(files)
}

/// Returns the text of a file; an empty text if the file doesn't exist.
fn read(path: &Path) -> Result<String, EvalError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(e) => Err(EvalError::io(IoOperation::Read, path)(e)),
    }
}

fn take(rows: &mut HashMap<String, Row>, text: &str) {
    let read = text.lines().filter_map(|line| serde_json::from_str::<Row>(line).ok());
    rows.extend(read.map(|row| (row.key.clone(), row)));
}

fn to_line(row: &Row) -> String {
    serde_json::to_string(row).expect("a row has string keys and plain values only")
}

/// Writes a file that is either complete or unchanged.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), EvalError> {
    syrinx_atomic::write_bytes(path, bytes).map_err(EvalError::io(IoOperation::Write, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str, hypothesis: &str) -> Row {
        Row { key: key.into(), hypothesis: hypothesis.into(), ..Row::default() }
    }

    #[test]
    fn rows_outlive_a_kill_in_the_middle_of_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = RowStore::open(folder.path(), WorkShare::WHOLE).unwrap();
        store.put(row("a", "1")).unwrap();
        store.put(row("b", "1")).unwrap();
        store.put(row("b", "2")).unwrap();
        drop(store);
        let path = folder.path().join("rows.jsonl");
        let mut text = fs::read_to_string(&path).unwrap();
        text.push_str("{\"key\":\"c\",\"hypothesis");
        fs::write(&path, text).unwrap();

        let mut store = RowStore::open(folder.path(), WorkShare::WHOLE).unwrap();
        assert_eq!(store.get("a").unwrap().hypothesis, "1");
        assert_eq!(store.get("b").unwrap().hypothesis, "2");
        assert!(store.get("c").is_none());
        store.put(row("d", "1")).unwrap();
        drop(store);

        let store = RowStore::open(folder.path(), WorkShare::WHOLE).unwrap();
        let rows = store.finish(&["d".into(), "b".into()]).unwrap();
        assert_eq!(rows.iter().map(|r| r.key.as_str()).collect::<Vec<_>>(), ["d", "b"]);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
    }

    #[test]
    fn parts_of_an_array_job_become_one_run() {
        let folder = tempfile::tempdir().unwrap();
        for (index, key) in ["a", "b"].iter().enumerate() {
            let part = WorkShare::new(index, 2).unwrap();
            let mut store = RowStore::open(folder.path(), part).unwrap();
            store.put(row(key, "1")).unwrap();
            store.finish(&[(*key).to_owned()]).unwrap();
        }
        assert!(folder.path().join("rows-2-of-2.jsonl").is_file());
        let store = RowStore::open(folder.path(), WorkShare::WHOLE).unwrap();
        let rows = store.finish(&["a".into(), "b".into()]).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(
            fs::read_to_string(folder.path().join("rows.jsonl")).unwrap().lines().count(),
            2
        );
    }
}
