//! Settings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::{Allowed, TaskError};

/// Settings of dereverberation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeReverbConfig {
    /// Longest row, frames; longer recordings are several rows.
    pub max_frames: usize,
}

impl Default for DeReverbConfig {
    fn default() -> Self {
        Self { max_frames: 250 }
    }
}

impl DeReverbConfig {
    pub(crate) fn check(&self) -> Result<(), TaskError> {
        let fits = Allowed::AtLeast(1.0).check("max_frames", self.max_frames as f64);
        fits.map_err(|issue| TaskError::config("de-reverb", issue))
    }
}
