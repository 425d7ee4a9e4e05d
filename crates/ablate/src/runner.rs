//! Training and evaluation of cells.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use syrinx_eval::{EvalOptions, Report, Suite};
use syrinx_types::{CallbackError, RunContext};

use crate::{CellFault, CellKeys, TrainingBudget};

/// Job of a cell.
#[derive(Debug, Clone, Copy)]
pub struct CellJob<'a> {
    /// Settings of the cell.
    pub keys: &'a CellKeys,
    /// Seed of the cell: of the training, where there is one.
    pub seed: u64,
    /// Training budget; `None` for the model in use.
    pub budget: Option<&'a TrainingBudget>,
    /// The folder that paths of the ablation are relative to.
    pub folder: &'a Path,
}

/// Dependencies of a cell's result besides its suites, as texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Material {
    /// The model that is evaluated or that others are compared by, and all settings.
    pub evaluation: String,
    /// The whole training: configuration, corpus, codec. `None` without one.
    pub training: Option<String>,
}

/// Place of a cell's results.
#[derive(Debug, Clone, Copy)]
pub struct CellPlace<'a> {
    /// The ablation.
    pub ablation: &'a str,
    /// The cell's key.
    pub key: &'a str,
    /// The language model that was trained for it.
    pub model: Option<&'a Path>,
}

/// A model that was trained.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TrainedCell {
    /// The language model's file.
    pub model: PathBuf,
    /// Losses on the held-out utterances at the end, by name.
    pub figures: Vec<(String, f64)>,
}

/// Causes of a missing result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunnerError {
    /// Stopped on request; finished work is kept.
    #[error("stopped on request")]
    Cancelled,
    /// Failure of the cell.
    #[error(transparent)]
    Failed(#[from] CellFault),
}

impl From<CallbackError> for RunnerError {
    fn from(error: CallbackError) -> Self {
        Self::Failed(error.into())
    }
}

/// Trains and evaluates cells. `syrinx-recipes` implements it with models and a clock, tests without.
pub trait CellRunner: Sync {
    /// Returns the dependencies of a cell's result. Must be cheap: it is called for every cell of a grid.
    ///
    /// # Errors
    /// [`RunnerError::Failed`] for keys that can't be.
    fn material(&self, job: &CellJob<'_>) -> Result<Material, RunnerError>;

    /// Trains a cell's model in a folder, or resumes its training.
    ///
    /// # Errors
    /// [`RunnerError`].
    fn train(
        &self,
        job: &CellJob<'_>,
        folder: &Path,
        run: RunContext<'_>,
    ) -> Result<TrainedCell, RunnerError>;

    /// Runs a suite on a cell's model and keeps it in the results store, under the cell.
    ///
    /// # Errors
    /// [`RunnerError`].
    fn evaluate(
        &self,
        job: &CellJob<'_>,
        place: CellPlace<'_>,
        suite: &Suite,
        options: &EvalOptions,
        run: RunContext<'_>,
    ) -> Result<Report, RunnerError>;

    /// Seconds since 1970.
    fn now_s(&self) -> f64;

    /// Returns the computer.
    fn machine(&self) -> String;
}
