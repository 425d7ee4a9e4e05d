//! Cells of ablations: what is planned, how far it is, and what someone wishes for it.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Row as SqlRow, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ResultsError, Store};

/// How far a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CellState {
    /// Nothing done.
    #[default]
    Planned,
    /// Being trained.
    Training,
    /// Being evaluated.
    Evaluating,
    /// Done: its runs have its figures.
    Finished,
    /// Stopped on request; it can go on.
    Stopped,
    /// Ended by an error, which is the note.
    Failed,
}

impl CellState {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Training => "training",
            Self::Evaluating => "evaluating",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    /// Whether somebody works on it.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Training | Self::Evaluating)
    }
}

/// What someone asks of whoever works on a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// Stop at the next safe point, and don't take it up again.
    Stop,
    /// Go on, or try again.
    Resume,
}

/// A cell of an ablation. Its figures are those of the runs with its `bench` and `key`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Cell {
    /// The ablation.
    pub bench: String,
    /// Hash of everything that the cell depends on. A finished cell isn't run again.
    pub key: String,
    /// Its place in the grid.
    pub place: usize,
    /// What is varied, and its value here.
    pub axes: BTreeMap<String, Value>,
    /// Seed.
    pub seed: u64,
    /// How far it is.
    pub state: CellState,
    /// How much of it is done, 0 to 1.
    pub done: f64,
    /// What is being done, or why it failed.
    pub note: String,
    /// The computer that works on it.
    pub machine: String,
    /// Its folder there.
    pub folder: String,
    /// When work began, seconds since 1970.
    pub started_s: Option<f64>,
    /// When something last changed.
    pub updated_s: f64,
    /// When work ended.
    pub ended_s: Option<f64>,
}

impl Store {
    /// Writes a cell, in place of what was known of it.
    ///
    /// # Errors
    /// [`ResultsError::Busy`], [`ResultsError::Database`].
    pub fn put_cell(&self, cell: &Cell) -> Result<(), ResultsError> {
        self.put_cells(std::slice::from_ref(cell))
    }

    /// Writes several cells at once.
    ///
    /// # Errors
    /// [`ResultsError::Busy`], [`ResultsError::Database`].
    pub fn put_cells(&self, cells: &[Cell]) -> Result<(), ResultsError> {
        self.write("write a cell", |tx| {
            let mut put = tx.prepare_cached(
                "INSERT OR REPLACE INTO cells (bench, key, place, axes, seed, state, done, note, machine, folder,
                 started_s, updated_s, ended_s) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?;
            for cell in cells {
                put.execute(params![
                    cell.bench,
                    cell.key,
                    cell.place as i64,
                    serde_json::to_string(&cell.axes).unwrap_or_default(),
                    cell.seed.cast_signed(),
                    cell.state.name(),
                    cell.done,
                    cell.note,
                    cell.machine,
                    cell.folder,
                    cell.started_s,
                    cell.updated_s,
                    cell.ended_s
                ])?;
            }
            Ok(())
        })
    }

    /// The ablations that have cells, by name.
    ///
    /// # Errors
    /// [`ResultsError::Database`].
    pub fn benches(&self) -> Result<Vec<String>, ResultsError> {
        let connection = self.connection();
        let names = || -> rusqlite::Result<Vec<String>> {
            let mut all =
                connection.prepare_cached("SELECT DISTINCT bench FROM cells ORDER BY bench")?;
            all.query_map([], |row| row.get(0))?.collect()
        };
        names().map_err(ResultsError::database(&self.path, "list ablations"))
    }

    /// The cells of an ablation, in their order.
    ///
    /// # Errors
    /// [`ResultsError::Database`], [`ResultsError::Content`].
    pub fn cells(&self, bench: &str) -> Result<Vec<Cell>, ResultsError> {
        let raw: Vec<(Cell, String, String)> = {
            let connection = self.connection();
            let read = || -> rusqlite::Result<Vec<_>> {
                let mut all = connection.prepare_cached(
                    "SELECT bench, key, place, axes, seed, state, done, note, machine, folder, started_s, updated_s,
                     ended_s FROM cells WHERE bench = ?1 ORDER BY place, key",
                )?;
                all.query_map([bench], cell)?.collect()
            };
            read().map_err(ResultsError::database(&self.path, "read cells"))?
        };
        raw.into_iter()
            .map(|(cell, axes, state)| {
                let what = format!("cell {} of {bench}", cell.key);
                let state = Value::String(state).to_string();
                let (axes, state) = (self.parsed(&axes, &what)?, self.parsed(&state, &what)?);
                Ok(Cell { axes, state, ..cell })
            })
            .collect()
    }

    /// A cell by its key.
    ///
    /// # Errors
    /// Those of [`Store::cells`].
    pub fn cell(&self, bench: &str, key: &str) -> Result<Option<Cell>, ResultsError> {
        Ok(self.cells(bench)?.into_iter().find(|cell| cell.key == key))
    }

    /// Leaves a wish for whoever works on a cell, who looks with [`Store::wish`] between steps.
    ///
    /// # Errors
    /// [`ResultsError::Busy`], [`ResultsError::Database`].
    pub fn leave_wish(&self, bench: &str, key: &str, wish: Wish) -> Result<(), ResultsError> {
        let name = crate::store::word(&wish);
        self.write("leave a wish", |tx| {
            tx.execute(
                "INSERT OR REPLACE INTO wishes (bench, key, wish) VALUES (?1, ?2, ?3)",
                params![bench, key, name],
            )?;
            Ok(())
        })
    }

    /// The last wish for a cell, if there is one.
    ///
    /// # Errors
    /// [`ResultsError::Database`], [`ResultsError::Content`].
    pub fn wish(&self, bench: &str, key: &str) -> Result<Option<Wish>, ResultsError> {
        let wish: Option<String> = self
            .connection()
            .query_row(
                "SELECT wish FROM wishes WHERE bench = ?1 AND key = ?2",
                params![bench, key],
                |row| row.get(0),
            )
            .optional()
            .map_err(ResultsError::database(&self.path, "read a wish"))?;
        let parse = |wish: String| {
            self.parsed(&Value::String(wish).to_string(), &format!("the wish for cell {key}"))
        };
        wish.map(parse).transpose()
    }

    /// Takes back the wish for a cell, for whoever has done what it says.
    ///
    /// # Errors
    /// [`ResultsError::Busy`], [`ResultsError::Database`].
    pub fn clear_wish(&self, bench: &str, key: &str) -> Result<(), ResultsError> {
        self.write("clear a wish", |tx| {
            tx.execute("DELETE FROM wishes WHERE bench = ?1 AND key = ?2", params![bench, key])?;
            Ok(())
        })
    }
}

fn cell(row: &SqlRow<'_>) -> rusqlite::Result<(Cell, String, String)> {
    let cell = Cell {
        bench: row.get(0)?,
        key: row.get(1)?,
        place: row.get::<_, i64>(2)?.unsigned_abs() as usize,
        axes: BTreeMap::new(),
        seed: row.get::<_, i64>(4)?.cast_unsigned(),
        state: CellState::Planned,
        done: row.get(6)?,
        note: row.get(7)?,
        machine: row.get(8)?,
        folder: row.get(9)?,
        started_s: row.get(10)?,
        updated_s: row.get(11)?,
        ended_s: row.get(12)?,
    };
    Ok((cell, row.get(3)?, row.get(5)?))
}
