//! Who trains and evaluates.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use syrinx_eval::{EvalOptions, Report, Suite};
use syrinx_types::{CancelToken, EventSink};

use crate::{CellKeys, TrainingBudget};

/// What a cell asks for.
#[derive(Debug, Clone, Copy)]
pub struct CellJob<'a> {
    /// Its keys.
    pub keys: &'a CellKeys,
    /// Its seed: of the training, where there is one.
    pub seed: u64,
    /// How its model is trained; `None` to take the one in use.
    pub budget: Option<&'a TrainingBudget>,
    /// The folder that paths of the ablation are relative to.
    pub folder: &'a Path,
}

/// What the result of a cell depends on beside its suites, as texts that change whenever it does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Material {
    /// The model that is evaluated or that others are compared by, and all settings.
    pub evaluation: String,
    /// The whole training: configuration, corpus, codec. `None` without one.
    pub training: Option<String>,
}

/// Where a cell's results belong.
#[derive(Debug, Clone, Copy)]
pub struct CellPlace<'a> {
    /// The ablation.
    pub bench: &'a str,
    /// The cell's key.
    pub key: &'a str,
    /// The language model that was trained for it.
    pub model: Option<&'a Path>,
}

/// A model that was trained.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Trained {
    /// The language model's file.
    pub model: PathBuf,
    /// What was measured on the held-out utterances at the end: losses by name.
    pub figures: Vec<(String, f64)>,
}

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LaboratoryError {
    /// Someone asked to stop; what is done is kept.
    #[error("stopped on request")]
    Cancelled,
    /// It can't be done.
    #[error("{0}")]
    Failed(String),
}

/// Trains and evaluates: the program, or a fake in tests. Implemented by whoever has models and the clock.
pub trait Laboratory: Sync {
    /// What a cell's result depends on. Must be cheap: it is asked for every cell of a grid.
    ///
    /// # Errors
    /// [`LaboratoryError::Failed`] for keys that can't be.
    fn material(&self, job: &CellJob<'_>) -> Result<Material, LaboratoryError>;

    /// Trains a cell's model in a folder, or goes on there.
    ///
    /// # Errors
    /// [`LaboratoryError`].
    fn train(
        &self,
        job: &CellJob<'_>,
        folder: &Path,
        watch: (&CancelToken, &dyn EventSink),
    ) -> Result<Trained, LaboratoryError>;

    /// Runs a suite on a cell's model and keeps it in the results store, under the cell.
    ///
    /// # Errors
    /// [`LaboratoryError`].
    fn evaluate(
        &self,
        job: &CellJob<'_>,
        place: CellPlace<'_>,
        ask: (&Suite, &EvalOptions),
        watch: (&CancelToken, &dyn EventSink),
    ) -> Result<Report, LaboratoryError>;

    /// Seconds since 1970.
    fn now_s(&self) -> f64;

    /// The computer.
    fn machine(&self) -> String;
}
