//! Examination by use.

use syrinx_model::LmFile;
use syrinx_types::CancelToken;

/// Examines weights while they are trained: what only shows when the model is used, such as its own word error rate.
pub trait Examiner: Send + Sync {
    /// Figures by name, of the averaged weights.
    ///
    /// # Errors
    /// Why it can't, for a human. Training goes on.
    fn examine(&self, model: &LmFile, cancel: &CancelToken) -> Result<Vec<(String, f64)>, String>;
}
