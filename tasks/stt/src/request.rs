//! Requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::Clip;

/// A recording to transcribe.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SttRequest {
    /// The recording.
    pub audio: Clip,
    /// Known text to align; without it the words are recognized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}
