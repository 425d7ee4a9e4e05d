//! The results store: every evaluation and every ablation cell in one file.
//!
//! [`Store`] is an SQLite database in write-ahead mode. SQLite, because results have several writers at once
//! (two evaluations, an ablation and a dashboard), any of which may be killed at any moment, and because the file should
//! be readable in ten years by something that isn't this program: `sqlite3 runs/results.db` and every data-frame
//! library open it. Stores that one process locks (redb, sled) fail the first, columnar ones (DuckDB) the second, and
//! JSON lines can't be sorted and joined without reading them all. It is compiled in, so nothing has to be installed.
//!
//! Invariants:
//!
//! - A row that was kept is in the file: each is a transaction of its own, and what isn't whole is rolled back by the
//!   next reader. A second writer waits for the first.
//! - A file of a newer version, or of another program, is refused with a message and not touched.
//! - What is measured is defined by `syrinx-eval`; rows stand here as they stand in `rows.jsonl`, so that figures can
//!   be pooled and compared again. Sound stays outside: rows name their recordings, relative to the run's folder.
//! - No clock, no environment: times and machine names come from the caller. Times are seconds since 1970, UTC.

mod cells;
mod error;
mod export;
mod merge;
mod read;
mod run;
mod schema;
mod store;

pub use cells::{Cell, CellState, ControlRequest};
pub use error::ResultsError;
pub use export::{to_csv, to_json};
pub use merge::MergedCounts;
pub use read::RunFilter;
pub use run::{Run, RunAbout, RunStatus, date};
pub use schema::SCHEMA_VERSION;
pub use store::{RunKeeper, Store};
pub use syrinx_eval::content_hash;
