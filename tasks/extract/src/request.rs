//! What is asked and what is answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::Clip;

/// A mixture, and who is wanted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtractRequest {
    /// The mixture.
    #[schemars(extend("format" = "recording"))]
    pub audio: Clip,
    /// A few seconds of the wanted speaker alone.
    #[schemars(extend("format" = "recording"))]
    pub speaker: Clip,
    /// What the wanted speaker says, where it is known; helps where the recording is bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}
