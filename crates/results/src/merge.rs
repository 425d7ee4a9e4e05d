//! Merging of two stores, after an ablation was split over several computers.

use std::path::Path;

use rusqlite::Transaction;
use serde::Serialize;

use crate::{ResultsError, Store};

/// Number of merged entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct MergedCounts {
    /// Runs that this store did not have, or had in an earlier state.
    pub runs: usize,
    /// Rows of these runs.
    pub rows: usize,
    /// Cells that this store did not have, or had in an earlier state.
    pub cells: usize,
}

/// Selects the runs of the other store that replace ours: a finished run replaces an unfinished one; between two with
/// the same state, the later one wins.
const NEWER_RUN: &str = "
CREATE TEMP TABLE taken AS
SELECT theirs.id AS id FROM other.runs AS theirs LEFT JOIN main.runs AS ours ON ours.id = theirs.id
WHERE ours.id IS NULL
   OR (theirs.status = 'finished' AND ours.status <> 'finished')
   OR ((theirs.status = 'finished') = (ours.status = 'finished') AND theirs.updated_s > ours.updated_s)
";

/// Copies the cells of the other store that replace ours, by the rule of [`NEWER_RUN`].
const NEWER_CELL: &str = "
INSERT OR REPLACE INTO main.cells
SELECT theirs.* FROM other.cells AS theirs
LEFT JOIN main.cells AS ours ON ours.ablation = theirs.ablation AND ours.key = theirs.key
WHERE ours.key IS NULL
   OR (theirs.state = 'finished' AND ours.state <> 'finished')
   OR ((theirs.state = 'finished') = (ours.state = 'finished') AND theirs.updated_s > ours.updated_s)
";

impl Store {
    /// Copies the runs and cells of another store that are missing here or in an earlier state, in one transaction. The
    /// other store keeps its results; a store of an older format is migrated.
    ///
    /// # Errors
    /// The errors of [`Store::open_existing`] for the other store, [`ResultsError::Busy`] if another program holds the
    /// lock, [`ResultsError::Database`] if reading or writing fails.
    pub fn merge(&self, other: &Path) -> Result<MergedCounts, ResultsError> {
        // Checks the format, and migrates an older one, so that the tables of both stores are the same.
        drop(Store::open_existing(other)?);
        let name = other.to_string_lossy().into_owned();
        self.connection()
            .execute("ATTACH DATABASE ?1 AS other", [&name])
            .map_err(ResultsError::database(other, "read"))?;
        let merged = self.write("merge", take_over);
        let detached = self.connection().execute_batch("DETACH DATABASE other");
        let merged = merged?;
        detached.map_err(ResultsError::database(other, "close"))?;
        Ok(merged)
    }
}

fn take_over(tx: &Transaction<'_>) -> rusqlite::Result<MergedCounts> {
    tx.execute_batch("DROP TABLE IF EXISTS temp.taken")?;
    tx.execute_batch(NEWER_RUN)?;
    // Deleting a run also deletes its rows and figures.
    tx.execute("DELETE FROM main.runs WHERE id IN (SELECT id FROM taken)", [])?;
    let copy = |sql: &str| tx.execute(sql, []);
    let runs =
        copy("INSERT INTO main.runs SELECT * FROM other.runs WHERE id IN (SELECT id FROM taken)")?;
    let rows = copy(
        "INSERT INTO main.rows SELECT * FROM other.rows WHERE run IN (SELECT id FROM taken) ORDER BY rowid",
    )?;
    copy(
        "INSERT INTO main.row_figures SELECT * FROM other.row_figures WHERE run IN (SELECT id FROM taken)",
    )?;
    copy(
        "INSERT INTO main.figures SELECT * FROM other.figures WHERE run IN (SELECT id FROM taken)",
    )?;
    let cells = copy(NEWER_CELL)?;
    tx.execute_batch("DROP TABLE temp.taken")?;
    Ok(MergedCounts { runs, rows, cells })
}
