//! Settings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::TaskError;

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
        if self.max_frames > 0 {
            return Ok(());
        }
        let reason = "`max_frames` must be at least 1".into();
        Err(TaskError::Config { task: "de-reverb".into(), reason })
    }
}
