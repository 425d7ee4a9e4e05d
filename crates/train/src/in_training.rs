//! In-training evaluation.

use syrinx_model::LmFile;
use syrinx_types::{CallbackError, CancelToken};

/// Reason why an in-training evaluation gave no figures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InTrainingFault {
    /// Stopped on request.
    #[error("stopped")]
    Cancelled,
    /// Error of the evaluator.
    #[error(transparent)]
    Failed(#[from] CallbackError),
}

/// Evaluation of weights during training by use of the model, such as the word error rate of its own transcripts.
pub trait InTrainingEvaluator: Send + Sync {
    /// Returns the figures of the averaged weights by name.
    ///
    /// # Errors
    /// [`InTrainingFault`]. Training continues.
    fn evaluate(
        &self,
        model: &LmFile,
        cancel: &CancelToken,
    ) -> Result<Vec<(String, f64)>, InTrainingFault>;
}
