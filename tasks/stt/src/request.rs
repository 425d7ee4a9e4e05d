//! What is asked and what is answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::Clip;
use syrinx_types::{TimedPhone, WordTime};

/// A recording to write down.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SttRequest {
    /// The recording.
    pub audio: Clip,
    /// What is said, if that is known: then only its times are looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What was heard.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct SttAnswer {
    /// The words, lower case, without punctuation; for a known text, the text.
    pub text: String,
    /// When each word sounds; empty for a model that writes text itself.
    pub words: Vec<WordTime>,
    /// The sounds of the whole recording, silences among them; their times follow one another from 0.
    pub phones: Vec<TimedPhone>,
    /// How well the sounds of the words fit, 0 to 1 (geometric mean of their probabilities); none without words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}
