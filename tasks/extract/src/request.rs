//! Requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::Clip;

/// A mixture, and who is wanted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtractRequest {
    /// The mixture.
    pub audio: Clip,
    /// A few seconds of the wanted speaker alone.
    pub speaker: Clip,
    /// Words of the target speaker, where they are known; they help where the recording is bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}
