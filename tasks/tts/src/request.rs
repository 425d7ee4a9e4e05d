//! Requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::Clip;

/// A text to synthesize.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TtsRequest {
    /// English text. A pronunciation between slashes right after a word replaces that of the dictionary: `Nguyen/W IH1
    /// N/`.
    pub text: String,
    /// A built-in voice; the first one if neither this nor a prompt is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// A recording of a few seconds of the voice to speak in, instead of a built-in voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Clip>,
    /// Continue from sentence to sentence, so that a long text is one reading; sentences are generated one by one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rolling: bool,
}
