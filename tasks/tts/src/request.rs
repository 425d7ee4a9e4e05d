//! What is asked and what is answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::Clip;
use syrinx_types::WordTime;

/// A text to speak.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TtsRequest {
    /// English text. A pronunciation between slashes right after a word replaces its own: `Nguyen/W IH1 N/`.
    pub text: String,
    /// A voice that is built in; the first one if neither this nor a prompt is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// A recording of a few seconds of the voice to speak in, instead of a built-in voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Clip>,
    /// Go on from each sentence to the next, so that a long text is one reading; the sentences are spoken one by one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("whole" = true))]
    pub rolling: bool,
}

/// The text as speech.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct TtsAnswer {
    /// The recording.
    pub audio: Clip,
    /// When each word of the text sounds; empty for a model without alignment.
    pub words: Vec<WordTime>,
    /// Length of the recording, seconds.
    pub seconds: f64,
    /// The words as said, numbers and abbreviations written out.
    pub text_spoken: String,
    /// The built-in voice it is spoken in, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// Whether the model ended every piece by itself. If not, the speech may be cut short.
    pub complete: bool,
}
