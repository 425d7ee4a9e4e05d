//! The results store: every evaluation and every ablation cell in one file.
//!
//! [`Store`] is an SQLite database in write-ahead mode. Several processes write at once (two evaluations, an ablation
//! and a dashboard), and each may be killed at any moment. Other programs should still read the file in ten years:
//! `sqlite3 runs/results.db` and data-frame libraries open it. Alternatives were rejected: redb and sled lock the file
//! for one process, few programs read DuckDB's files, and JSON lines can't be sorted or joined without reading all of
//! them. SQLite is compiled in.
//! sorted and joined without reading them all. SQLite is compiled in.
//! Invariants:
//! - A stored row survives a kill: each row is one transaction, and the next reader rolls back an incomplete one. A
//!   second writer waits for the first.
//! - A file of a newer version or of another program is refused and left unchanged.
//! - `syrinx-eval` defines the measures. Rows are stored as in `rows.jsonl`, so that figures can be aggregated and
//!   compared again. Audio is not stored; a row names its recording relative to the folder of the run.
//! - The crate reads no clock and no environment: times and machine names come from the caller. Times are seconds since
//!   1970, UTC.

mod cells;
mod error;
mod export;
mod merge;
mod order;
mod read;
mod run;
mod schema;
mod store;

pub use cells::{Cell, CellState, ControlRequest};
pub use error::{ContentFault, FilterField, ForeignContent, ResultsError};
pub use export::{to_csv, to_json};
pub use merge::MergedCounts;
pub use order::badness_by;
pub use read::RunFilter;
pub use run::{Run, RunAbout, RunStatus, date};
pub use schema::SCHEMA_VERSION;
pub use store::{RunKeeper, Store};
pub use syrinx_eval::content_hash;
