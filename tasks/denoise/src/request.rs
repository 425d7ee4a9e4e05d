//! Requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::Clip;

/// A noisy recording.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DenoiseRequest {
    /// The noisy recording.
    pub audio: Clip,
    /// Words of the recording, where they are known; they help where the recording is bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}
