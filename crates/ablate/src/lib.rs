//! Ablations: grids of settings, trained, evaluated and compared.
//!
//! An [`Ablation`] (`configs/ablations/*.toml`) asks a question: axes over any key of the settings, of the training
//! and of the suites, how long to train, seeds, and the suites to run. [`AblationPlan::new`] makes its grid of cells,
//! [`AblationPlan::run`] works through them, and [`Findings`] say of what the store holds what is beyond noise, as tables,
//! charts and sentences.
//!
//! Invariants:
//!
//! - A cell is known by a hash of all that its result depends on. A finished one isn't run again, whoever ran it; one
//!   that was stopped goes on where it was.
//! - A cell that fails is kept with its error and stops nobody else.
//! - Everything that is found stands in the results store: findings are made of that alone, so they are the same
//!   whether one computer did the work or several whose stores were merged.
//! - No model, no clock and no environment: who trains and evaluates is a [`CellRunner`].

mod ablation;
mod error;
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
pub use findings::{FINDINGS_FORMAT, Findings, Known, Point, SuiteFindings, Unfinished};
pub use keys::CellKeys;
pub use plan::{AblationPlan, PlannedCell, PlannedSuite};
pub use report::write_report;
pub use runner::{CellJob, CellPlace, CellRunner, Material, RunnerError, TrainedCell};
pub use work::{Tally, WorkOptions};
