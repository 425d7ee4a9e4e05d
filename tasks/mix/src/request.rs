//! Settings, what is asked and what is answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_speech::SpeakConfig;
use syrinx_task::{Clip, TaskError};
use syrinx_types::WordTime;

/// How voices become one prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MixMode {
    /// The weighted sum of the prompts' embeddings, frame by frame.
    #[default]
    Blend,
    /// One prompt after another, each as long as its weight says.
    Concatenate,
    /// Short stretches of the prompts in turn, each as long as its weight says.
    Interleave,
}

/// Settings of mixing voices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MixConfig {
    /// How it speaks.
    pub speaking: SpeakConfig,
    /// Frames of a turn of all voices in mode `interleave`.
    pub turn_frames: usize,
    /// The most steps of a sweep.
    pub max_steps: usize,
}

impl Default for MixConfig {
    fn default() -> Self {
        Self { speaking: SpeakConfig::default(), turn_frames: 10, max_steps: 21 }
    }
}

impl MixConfig {
    pub(crate) fn check(&self, task: &str) -> Result<(), TaskError> {
        if self.turn_frames == 0 || self.max_steps < 2 {
            let reason = "`turn_frames` must be at least 1, `max_steps` at least 2".into();
            return Err(TaskError::Config { task: task.into(), reason });
        }
        self.speaking.check(task)
    }
}

/// A text to speak in a mix of voices.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MixRequest {
    /// English text.
    pub text: String,
    /// The voices, two or more: names of built-in ones, or recordings of a few seconds.
    pub voices: Vec<String>,
    /// How much each voice counts, in their order; equally if not given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<f64>,
    /// How the voices become one prompt: `blend`, `concatenate` or `interleave`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<MixMode>,
    /// Speak the text so many times, from the first of two voices to the second in equal steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<usize>,
    /// Go on from each sentence to the next, so that a long text is one reading; the sentences are spoken one by one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("whole" = true))]
    pub rolling: bool,
}

/// The text in the mixed voice.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct MixAnswer {
    /// The recording; of a sweep the first one.
    pub audio: Clip,
    /// When each word of the text sounds in it; empty for a model without alignment.
    pub words: Vec<WordTime>,
    /// Length of the recording, seconds.
    pub seconds: f64,
    /// The words as said, numbers and abbreviations written out.
    pub text_spoken: String,
    /// How much each voice counts, for every step of a sweep; one step for a single mix. Each sums up to 1.
    pub weights: Vec<Vec<f64>>,
    /// The recordings of the steps.
    pub steps: Vec<Clip>,
    /// Whether the model ended every piece by itself. If not, the speech may be cut short.
    pub complete: bool,
}
