//! Cells of ablations: parameters, state and control requests.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Row as SqlRow, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ResultsError, Store};

/// State of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CellState {
    /// Not begun.
    #[default]
    Planned,
    /// Being trained.
    Training,
    /// Being evaluated.
    Evaluating,
    /// Done; the results store has its runs with all figures.
    Finished,
    /// Stopped on request; it can be resumed.
    Stopped,
    /// Ended by an error, which is in the note.
    Failed,
}

impl CellState {
    /// Returns the name of the state.
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

    /// Whether a process works on the cell.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Training | Self::Evaluating)
    }
}

/// Control request for the process that runs a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ControlRequest {
    /// Stop at the next safe point and stay stopped.
    Stop,
    /// Resume, or retry after a failure.
    Resume,
}

/// A cell of an ablation. Its figures belong to the runs with the same `ablation` and `cell`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Cell {
    /// Name of the ablation.
    pub ablation: String,
    /// Hash of everything that the results of the cell depend on. A finished cell isn't run again.
    pub key: String,
    /// Index of the cell in the grid.
    pub place: usize,
    /// Value by axis.
    pub axes: BTreeMap<String, Value>,
    /// Seed of training and sampling.
    pub seed: u64,
    /// Current state.
    pub state: CellState,
    /// Finished share of the cell, 0 to 1.
    pub done: f64,
    /// Current phase, or the cause of a failure or stop.
    pub note: String,
    /// Name of the computer that runs the cell.
    pub machine: String,
    /// Folder of the cell on that computer.
    pub folder: String,
    /// Start of the run, in seconds since 1970.
    pub started_s: Option<f64>,
    /// Last change, in seconds since 1970.
    pub updated_s: f64,
    /// End of the run, in seconds since 1970.
    pub ended_s: Option<f64>,
}

impl Store {
    /// Writes a cell, and replaces its earlier state.
    ///
    /// # Errors
    /// [`ResultsError::Busy`] if another program holds the lock, [`ResultsError::Database`] if writing fails.
    pub fn put_cell(&self, cell: &Cell) -> Result<(), ResultsError> {
        self.put_cells(std::slice::from_ref(cell))
    }

    /// Writes several cells in one transaction.
    ///
    /// # Errors
    /// [`ResultsError::Busy`] if another program holds the lock, [`ResultsError::Database`] if writing fails.
    pub fn put_cells(&self, cells: &[Cell]) -> Result<(), ResultsError> {
        self.write("write a cell", |tx| {
            let mut put = tx.prepare_cached(
                "INSERT OR REPLACE INTO cells (ablation, key, place, axes, seed, state, done, note, machine, folder,
                 started_s, updated_s, ended_s) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?;
            for cell in cells {
                put.execute(params![
                    cell.ablation,
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

    /// Returns the names of all ablations that have cells, in alphabetical order.
    ///
    /// # Errors
    /// [`ResultsError::Database`] if reading fails.
    pub fn ablations(&self) -> Result<Vec<String>, ResultsError> {
        let connection = self.connection();
        let names = || -> rusqlite::Result<Vec<String>> {
            let mut all = connection
                .prepare_cached("SELECT DISTINCT ablation FROM cells ORDER BY ablation")?;
            all.query_map([], |row| row.get(0))?.collect()
        };
        names().map_err(ResultsError::database(&self.path, "list ablations"))
    }

    /// Returns the cells of an ablation in the order of the grid.
    ///
    /// # Errors
    /// [`ResultsError::Database`] if reading fails, [`ResultsError::Content`] for a cell that can't be parsed.
    pub fn cells(&self, ablation: &str) -> Result<Vec<Cell>, ResultsError> {
        let raw: Vec<(Cell, String, String)> = {
            let connection = self.connection();
            let read = || -> rusqlite::Result<Vec<_>> {
                let mut all = connection.prepare_cached(
                    "SELECT ablation, key, place, axes, seed, state, done, note, machine, folder, started_s, updated_s,
                     ended_s FROM cells WHERE ablation = ?1 ORDER BY place, key",
                )?;
                all.query_map([ablation], cell)?.collect()
            };
            read().map_err(ResultsError::database(&self.path, "read cells"))?
        };
        raw.into_iter()
            .map(|(cell, axes, state)| {
                let what = format!("cell {} of {ablation}", cell.key);
                let state = Value::String(state).to_string();
                let (axes, state) = (self.parsed(&axes, &what)?, self.parsed(&state, &what)?);
                Ok(Cell { axes, state, ..cell })
            })
            .collect()
    }

    /// Returns a cell by its key.
    ///
    /// # Errors
    /// The errors of [`Store::cells`].
    pub fn cell(&self, ablation: &str, key: &str) -> Result<Option<Cell>, ResultsError> {
        Ok(self.cells(ablation)?.into_iter().find(|cell| cell.key == key))
    }

    /// Stores a control request for the process that runs a cell, which polls [`Store::control_request`] between steps.
    ///
    /// # Errors
    /// [`ResultsError::Busy`] if another program holds the lock, [`ResultsError::Database`] if writing fails.
    pub fn request_control(
        &self,
        ablation: &str,
        key: &str,
        request: ControlRequest,
    ) -> Result<(), ResultsError> {
        let name = crate::store::word(&request);
        self.write("store a control request", |tx| {
            tx.execute(
                "INSERT OR REPLACE INTO control_requests (ablation, key, request) VALUES (?1, ?2, ?3)",
                params![ablation, key, name],
            )?;
            Ok(())
        })
    }

    /// Returns the last control request for a cell.
    ///
    /// # Errors
    /// [`ResultsError::Database`] if reading fails, [`ResultsError::Content`] for an unknown request.
    pub fn control_request(
        &self,
        ablation: &str,
        key: &str,
    ) -> Result<Option<ControlRequest>, ResultsError> {
        let request: Option<String> = self
            .connection()
            .query_row(
                "SELECT request FROM control_requests WHERE ablation = ?1 AND key = ?2",
                params![ablation, key],
                |row| row.get(0),
            )
            .optional()
            .map_err(ResultsError::database(&self.path, "read a control request"))?;
        let parse = |request: String| {
            self.parsed(&Value::String(request).to_string(), &format!("the request for cell {key}"))
        };
        request.map(parse).transpose()
    }

    /// Deletes the control request for a cell, once it is carried out.
    ///
    /// # Errors
    /// [`ResultsError::Busy`] if another program holds the lock, [`ResultsError::Database`] if writing fails.
    pub fn clear_control_request(&self, ablation: &str, key: &str) -> Result<(), ResultsError> {
        self.write("clear a control request", |tx| {
            tx.execute(
                "DELETE FROM control_requests WHERE ablation = ?1 AND key = ?2",
                params![ablation, key],
            )?;
            Ok(())
        })
    }
}

fn cell(row: &SqlRow<'_>) -> rusqlite::Result<(Cell, String, String)> {
    let cell = Cell {
        ablation: row.get(0)?,
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
