//! Ablations: grids of settings, trained, evaluated and compared.
//!
//! An [`Ablation`] (`configs/ablations/*.toml`) lists axes over any keys of settings, training and suites, a training
//! budget, seeds and suites. [`AblationPlan::new`] builds the grid of cells, [`AblationPlan::run`] trains and evaluates
//! the cells, and [`Findings`] compares each with the baseline. [`write_report`] writes tables, charts and sentences.
//!
//! Invariants:
//!
//! - A cell is identified by a hash of everything that its result depends on. A finished cell isn't run again; a
//!   stopped one is resumed.
//! - A failed cell is stored with its error and stops no other cell.
//! - Findings depend on the results store only: merged stores of several computers give the findings of one computer.
//! - The crate has no model, reads no clock and no environment: a [`CellRunner`] trains and evaluates.

mod ablation;
mod error;
mod fault;
mod findings;
mod grid;
mod keys;
mod plan;
mod report;
mod runner;
mod watch;
mod work;

pub use ablation::{Ablation, Axis, AxisValue, Reading, SuiteUse, Tolerance, TrainingBudget};
pub use error::AblateError;
pub use fault::{AblationIssue, CellFault, SuiteKeyFault};
pub use findings::{FINDINGS_FORMAT, FiguresOrigin, Findings, Point, SuiteFindings, Unfinished};
pub use keys::{CellKeys, overlay};
pub use plan::{AblationPlan, PlannedCell, PlannedSuite};
pub use report::write_report;
pub use runner::{CellJob, CellPlace, CellRunner, Material, RunnerError, TrainedCell};
pub use work::{Tally, WorkOptions};
