//! The results store: every evaluation and every ablation cell in one file.
//!
//! [`Store`] is an SQLite database in write-ahead mode. Results have several writers at once (two evaluations, an
//! ablation and a dashboard), any of which may be killed at any moment, and the file should be readable in ten years by
//! other programs: `sqlite3 runs/results.db` and every data-frame library open it. Stores that one process locks (redb,
//! sled) do not allow several writers, columnar ones (DuckDB) are read by fewer programs, and JSON lines can't be
//! sorted and joined without reading them all. SQLite is compiled in.
//!
//! Invariants:
//!
//! - A kept row is in the file: each is a transaction of its own, and the next reader rolls back an incomplete one. A
//!   second writer waits for the first.
//! - A file of a newer version, or of another program, is refused with a message and not changed.
//! - `syrinx-eval` defines the measures. Rows are stored as in `rows.jsonl`, so that figures can be pooled and compared
//!   again. Audio is not stored: rows name their recordings, relative to the run's folder.
//! - No clock, no environment: times and machine names come from the caller. Times are seconds since 1970, UTC.

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
