//! What is asked and what is answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::Clip;

/// A recording, and how fast it should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRateRequest {
    /// The recording.
    #[schemars(extend("format" = "recording"))]
    pub audio: Clip,
    /// How fast it should be: 2 is twice as fast, 0.5 half as fast.
    pub rate: f64,
}

/// The recording at its new rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeRateAnswer {
    /// The recording.
    pub audio: Clip,
    /// Its length, seconds.
    pub seconds: f64,
}
