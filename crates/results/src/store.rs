//! Writing of runs and rows.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use serde::Serialize;
use serde_json::Value;
use syrinx_eval::{Figure, KeepRows, Report, Row};

use crate::{ResultsError, RunAbout, RunStatus, schema};

/// An open results store. Threads may share it, and other programs may have the same file open.
pub struct Store {
    pub(crate) path: PathBuf,
    connection: Mutex<Connection>,
}

/// Returns the name that serde gives a unit variant of an enum.
pub(crate) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

impl Store {
    /// Opens a store, or creates it.
    ///
    /// # Errors
    /// [`ResultsError::Folder`] if its folder can't be created, [`ResultsError::Newer`] for a newer format,
    /// [`ResultsError::Foreign`] for another kind of file, [`ResultsError::Busy`] if another program holds the lock,
    /// [`ResultsError::Database`] if opening fails.
    pub fn open(path: &Path) -> Result<Self, ResultsError> {
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|cause| ResultsError::Folder { path: path.into(), cause })?;
        }
        let connection = Mutex::new(schema::open(path)?);
        Ok(Self { path: path.to_path_buf(), connection })
    }

    /// Opens an existing store.
    ///
    /// # Errors
    /// [`ResultsError::Missing`] if the file does not exist, and the errors of [`Store::open`].
    pub fn open_existing(path: &Path) -> Result<Self, ResultsError> {
        if !path.is_file() {
            return Err(ResultsError::Missing { path: path.to_path_buf() });
        }
        Self::open(path)
    }

    /// Returns the path of the store.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a run and returns its identifier. An unfinished run with the same machine, folder, suite, model, settings
    /// and cell is resumed: it keeps its identifier and its rows.
    ///
    /// # Errors
    /// [`ResultsError::Busy`] if another program holds the lock, [`ResultsError::Database`] if writing fails.
    pub fn begin(&self, about: &RunAbout, now_s: f64) -> Result<String, ResultsError> {
        self.write("begin a run", |tx| {
            let open: Option<String> = tx
                .query_row(
                    "SELECT id FROM runs WHERE status <> 'finished' AND machine = ?1 AND folder = ?2
                     AND suite = ?3 AND fingerprint = ?4 AND config_hash = ?5 AND ablation = ?6 AND cell = ?7
                     ORDER BY started_s DESC LIMIT 1",
                    params![
                        about.machine,
                        about.folder.to_string_lossy(),
                        about.suite,
                        about.fingerprint,
                        about.config_hash,
                        about.ablation,
                        about.cell
                    ],
                    |row| row.get(0),
                )
                .optional()?;
            if let Some(id) = open {
                tx.execute(
                    "UPDATE runs SET status = 'running', note = '', updated_s = ?2, ended_s = NULL, revision = ?3
                     WHERE id = ?1",
                    params![id, now_s, about.revision],
                )?;
                return Ok(id);
            }
            insert_run(tx, about, now_s)
        })
    }

    /// Stores a row of a run, and replaces an older row with the same key.
    ///
    /// # Errors
    /// [`ResultsError::Busy`] if another program holds the lock, [`ResultsError::Database`] if writing fails.
    pub fn keep(&self, run: &str, row: &Row, now_s: f64) -> Result<(), ResultsError> {
        self.write("store a row", |tx| {
            put_row(tx, run, row)?;
            tx.execute("UPDATE runs SET updated_s = ?2 WHERE id = ?1", params![run, now_s])?;
            Ok(())
        })
    }

    /// Finishes a run: replaces its rows and figures by those of the report, in one transaction.
    ///
    /// # Errors
    /// [`ResultsError::Busy`] if another program holds the lock, [`ResultsError::Database`] if writing fails.
    pub fn finish(&self, run: &str, report: &Report, now_s: f64) -> Result<(), ResultsError> {
        self.finish_with(run, &report.rows, &report.figures, now_s)
    }

    /// Finishes a run with the given rows and figures, as [`Store::finish`] does with a report. There may be figures
    /// without rows.
    ///
    /// # Errors
    /// [`ResultsError::Busy`] if another program holds the lock, [`ResultsError::Database`] if writing fails.
    pub fn finish_with(
        &self,
        run: &str,
        rows: &[Row],
        figures: &[Figure],
        now_s: f64,
    ) -> Result<(), ResultsError> {
        self.write("finish a run", |tx| {
            tx.execute("DELETE FROM rows WHERE run = ?1", [run])?;
            tx.execute("DELETE FROM figures WHERE run = ?1", [run])?;
            for row in rows {
                put_row(tx, run, row)?;
            }
            for (place, figure) in figures.iter().enumerate() {
                put_figure(tx, run, place, figure)?;
            }
            end(tx, run, RunStatus::Finished, "", now_s)
        })
    }

    /// Ends a run that did not finish. Its rows are kept.
    ///
    /// # Errors
    /// [`ResultsError::Busy`] if another program holds the lock, [`ResultsError::Database`] if writing fails.
    pub fn end(
        &self,
        run: &str,
        status: RunStatus,
        note: &str,
        now_s: f64,
    ) -> Result<(), ResultsError> {
        self.write("end a run", |tx| end(tx, run, status, note, now_s))
    }

    /// Runs `work` in a transaction. The transaction begins with the write lock, so that it can't fail to get the lock
    /// after it has read.
    pub(crate) fn write<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, ResultsError> {
        let mut connection = self.connection();
        connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .and_then(|tx| {
                let done = work(&tx)?;
                tx.commit().map(|()| done)
            })
            .map_err(ResultsError::database(&self.path, operation))
    }

    /// Returns the connection, also after a thread panicked with it: transactions roll back when they are dropped.
    pub(crate) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn insert_run(tx: &Transaction<'_>, about: &RunAbout, now_s: f64) -> rusqlite::Result<String> {
    let known = serde_json::to_string(about).unwrap_or_default();
    let mut again = 0;
    loop {
        let material = [known.as_str(), &now_s.to_string(), &again.to_string()];
        let id = syrinx_eval::content_hash(&material)[..12].to_owned();
        let new = tx.execute(
            "INSERT OR IGNORE INTO runs (id, suite, task, model, fingerprint, config_hash, settings, revision, seeds,
             machine, folder, ablation, cell, status, note, started_s, updated_s)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'running', '', ?14, ?14)",
            params![
                id,
                about.suite,
                about.task,
                about.model,
                about.fingerprint,
                about.config_hash,
                about.settings.to_string(),
                about.revision,
                serde_json::to_string(&about.seeds).unwrap_or_default(),
                about.machine,
                about.folder.to_string_lossy(),
                about.ablation,
                about.cell,
                now_s
            ],
        )?;
        if new == 1 {
            return Ok(id);
        }
        again += 1;
    }
}

fn put_row(tx: &Transaction<'_>, run: &str, row: &Row) -> rusqlite::Result<()> {
    let json = serde_json::to_string(row)
        .map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    tx.prepare_cached(
        "INSERT OR REPLACE INTO rows (run, key, id, speaker, variant, seed, reference, transcript, audio, error, json)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        run,
        row.key,
        row.id,
        row.group,
        row.variant,
        row.seed.cast_signed(),
        row.reference,
        row.transcript().unwrap_or_default(),
        row.audio,
        row.error,
        json
    ])?;
    let mut put = tx.prepare_cached(
        "INSERT OR REPLACE INTO row_figures (run, key, figure, value) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (figure, measure) in row.all_measures() {
        if let Some(value) = measure.alone().filter(|v| v.is_finite()) {
            put.execute(params![run, row.key, figure, value])?;
        }
    }
    Ok(())
}

fn put_figure(
    tx: &Transaction<'_>,
    run: &str,
    place: usize,
    figure: &Figure,
) -> rusqlite::Result<()> {
    // The tables contain finite values only.
    if ![figure.value, figure.low, figure.high].iter().all(|v| v.is_finite()) {
        return Ok(());
    }
    tx.prepare_cached(
        "INSERT INTO figures (run, place, figure, variant, value, low, high, rows, unit, better)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        run,
        place as i64,
        figure.name,
        figure.variant,
        figure.value,
        figure.low,
        figure.high,
        figure.rows as i64,
        word(&figure.unit),
        word(&figure.better)
    ])?;
    Ok(())
}

fn end(
    tx: &Transaction<'_>,
    run: &str,
    status: RunStatus,
    note: &str,
    now_s: f64,
) -> rusqlite::Result<()> {
    tx.execute(
        "UPDATE runs SET status = ?2, note = ?3, updated_s = ?4, ended_s = ?4 WHERE id = ?1",
        params![run, status.name(), note, now_s],
    )?;
    Ok(())
}

/// Stores the rows of an evaluation as they finish. [`RunKeeper::failure`] returns the first error; no row is lost by
/// it, since the final report is stored with all rows.
pub struct RunKeeper<'a> {
    store: &'a Store,
    run: String,
    now_s: &'a (dyn Fn() -> f64 + Sync),
    failure: Mutex<Option<ResultsError>>,
}

impl<'a> RunKeeper<'a> {
    /// Builds a keeper for a run that has begun. `now_s` returns the time, in seconds since 1970.
    pub fn new(store: &'a Store, run: &str, now_s: &'a (dyn Fn() -> f64 + Sync)) -> Self {
        Self { store, run: run.to_owned(), now_s, failure: Mutex::new(None) }
    }

    /// Returns the first error, if any.
    pub fn failure(self) -> Option<ResultsError> {
        self.failure.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeepRows for RunKeeper<'_> {
    fn keep(&self, row: &Row) {
        if let Err(error) = self.store.keep(&self.run, row, (self.now_s)()) {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert(error);
        }
    }
}
