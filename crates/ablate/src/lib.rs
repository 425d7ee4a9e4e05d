//! Ablations: grids of settings, trained, evaluated and compared.
//!
//! An [`Ablation`] (`configs/ablations/*.toml`) lists axes over any key of the settings, of the training and of the
//! suites, the training budget, seeds, and the suites. [`AblationPlan::new`] makes its grid of cells,
//! [`AblationPlan::run`] trains and evaluates them, and [`Findings`] are the differences beyond noise in the store's
//! rows, as tables, charts and sentences.
//!
//! Invariants:
//!
//! - A cell is identified by a hash of everything that its result depends on. A finished cell isn't run again, a
//!   stopped one is resumed.
//! - A failed cell is kept with its error and stops no other.
//! - Findings depend on the results store only: they are the same for one computer and for several whose stores are
//!   merged.
//! - No model, no clock and no environment: a [`CellRunner`] trains and evaluates.

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
