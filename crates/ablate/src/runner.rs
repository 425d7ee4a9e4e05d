//! Interface for training and evaluating cells.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use syrinx_eval::{EvalOptions, Report, Suite};
use syrinx_types::{CallbackError, RunContext};

use crate::{CellFault, CellKeys, TrainingBudget};

/// Settings, seed and budget of a cell, for a [`CellRunner`].
#[derive(Debug, Clone, Copy)]
pub struct CellJob<'a> {
    /// Keys of the cell.
    pub keys: &'a CellKeys,
    /// Seed of the training, if there is one, and of the sampling.
    pub seed: u64,
    /// Training budget; `None` if the model in use is evaluated.
    pub budget: Option<&'a TrainingBudget>,
    /// Folder that paths in the ablation are relative to.
    pub folder: &'a Path,
}

/// Everything that the result of a cell depends on apart from its suites, as texts to hash.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Material {
    /// Fingerprint of the model, and all settings.
    pub evaluation: String,
    /// Configuration, corpus and codec of the training; `None` without a training.
    pub training: Option<String>,
}

/// Keys under which the results of a cell are stored, and its trained model.
#[derive(Debug, Clone, Copy)]
pub struct CellPlace<'a> {
    /// Name of the ablation.
    pub ablation: &'a str,
    /// Key of the cell.
    pub key: &'a str,
    /// File of the language model that was trained for the cell; `None` for the model in use.
    pub model: Option<&'a Path>,
}

/// Result of a cell's training.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TrainedCell {
    /// File of the language model.
    pub model: PathBuf,
    /// Names and values of the losses on the held-out utterances at the end of training, in nats.
    pub figures: Vec<(String, f64)>,
}

/// Errors of a [`CellRunner`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunnerError {
    /// Cancelled; finished work is kept.
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

/// Trains and evaluates cells. `syrinx-recipes` implements the trait with models and a clock; tests have an
/// implementation without a model.
pub trait CellRunner: Sync {
    /// Returns the material that the result of a cell depends on. Called for every cell of a grid, so it must be cheap.
    ///
    /// # Errors
    /// [`RunnerError::Failed`] if the keys are invalid.
    fn material(&self, job: &CellJob<'_>) -> Result<Material, RunnerError>;

    /// Trains the model of a cell in `folder`, or resumes its training.
    ///
    /// # Errors
    /// [`RunnerError::Cancelled`] after a cancellation, [`RunnerError::Failed`] if the training fails.
    fn train(
        &self,
        job: &CellJob<'_>,
        folder: &Path,
        run: RunContext<'_>,
    ) -> Result<TrainedCell, RunnerError>;

    /// Runs a suite on the model of a cell, and stores the results under `place`.
    ///
    /// # Errors
    /// [`RunnerError::Cancelled`] after a cancellation, [`RunnerError::Failed`] if the evaluation fails.
    fn evaluate(
        &self,
        job: &CellJob<'_>,
        place: CellPlace<'_>,
        suite: &Suite,
        options: &EvalOptions,
        run: RunContext<'_>,
    ) -> Result<Report, RunnerError>;

    /// Returns the current time, in seconds since 1970.
    fn now_s(&self) -> f64;

    /// Returns the name of the computer.
    fn machine(&self) -> String;
}
