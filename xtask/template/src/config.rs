//! Settings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::TaskError;

/// Settings of speech at another rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeRateConfig {
    /// The lowest rate that is trained and taken; 0.5 is half as fast.
    pub slowest: f64,
    /// The highest rate that is trained and taken.
    pub fastest: f64,
    /// Recordings are spoken in pieces of at most so many frames of the answer.
    pub max_frames: usize,
}

impl Default for ChangeRateConfig {
    fn default() -> Self {
        Self { slowest: 0.5, fastest: 2.0, max_frames: 250 }
    }
}

impl ChangeRateConfig {
    pub(crate) fn check(&self) -> Result<(), TaskError> {
        let rates = 0.0 < self.slowest && self.slowest <= self.fastest && self.fastest.is_finite();
        if rates && self.max_frames > 0 {
            return Ok(());
        }
        Err(TaskError::Config {
            task: "change-rate".into(),
            reason: "`slowest`, `fastest` and `max_frames` must be above zero, in this order"
                .into(),
        })
    }
}
