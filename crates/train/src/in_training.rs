//! In-training evaluation.

use std::error::Error;

use syrinx_model::LmFile;
use syrinx_types::CancelToken;

/// Reason why an in-training evaluation gave no figures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InTrainingFault {
    /// Stopped on request.
    #[error("stopped")]
    Cancelled,
    /// Error of the evaluator.
    #[error(transparent)]
    Failed(Box<dyn Error + Send + Sync>),
}

impl InTrainingFault {
    /// Wraps an error of an evaluator.
    pub fn of(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }
}

/// Evaluates weights while they are trained: what only shows when the model is used, such as its own word error rate.
pub trait InTrainingEvaluator: Send + Sync {
    /// Returns the figures by name, of the averaged weights.
    ///
    /// # Errors
    /// [`InTrainingFault`]. Training continues.
    fn evaluate(
        &self,
        model: &LmFile,
        cancel: &CancelToken,
    ) -> Result<Vec<(String, f64)>, InTrainingFault>;
}
