//! What is asked and what is answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::Clip;

/// A noisy recording.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DenoiseRequest {
    /// The noisy recording.
    #[schemars(extend("format" = "recording"))]
    pub audio: Clip,
    /// What is said in it, where it is known; helps where the recording is bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}
