//! In-training evaluation.

use syrinx_model::LmFile;
use syrinx_types::CancelToken;

/// Evaluates weights while they are trained: what only shows when the model is used, such as its own word error rate.
pub trait InTrainingEvaluator: Send + Sync {
    /// Returns the figures by name, of the averaged weights.
    ///
    /// # Errors
    /// The reason, for people. Training continues.
    fn evaluate(&self, model: &LmFile, cancel: &CancelToken) -> Result<Vec<(String, f64)>, String>;
}
