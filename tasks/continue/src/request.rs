//! Settings, what is asked and what is answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_speech::SpeakConfig;
use syrinx_task::{Clip, TaskError};
use syrinx_types::WordTime;

/// Settings of continuation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ContinueConfig {
    /// How it speaks.
    pub speaking: SpeakConfig,
    /// How much of the recording's end the model goes on from, seconds.
    pub context_s: f64,
    /// Length of the cross-fade from the recording to what is spoken, seconds.
    pub fade_s: f64,
}

impl Default for ContinueConfig {
    fn default() -> Self {
        Self { speaking: SpeakConfig::default(), context_s: 5.0, fade_s: 0.01 }
    }
}

impl ContinueConfig {
    pub(crate) fn check(&self, task: &str) -> Result<(), TaskError> {
        let fits = [
            ("context_s", self.context_s > 0.0 && self.context_s.is_finite()),
            ("fade_s", (0.0..=0.5).contains(&self.fade_s)),
        ];
        if let Some((name, _)) = fits.iter().find(|(_, fits)| !fits) {
            let reason = format!("`{name}` is too small, too large or no number");
            return Err(TaskError::Config { task: task.into(), reason });
        }
        self.speaking.check(task)
    }
}

/// A recording to carry on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContinueRequest {
    /// The recording.
    #[schemars(extend("format" = "recording"))]
    pub audio: Clip,
    /// English text to go on with.
    pub text: String,
    /// What the recording says; if it isn't given, the model listens for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// Answer the continuation alone, without the recording before it.
    #[serde(default)]
    pub alone: bool,
    /// Go on from each sentence to the next, so that a long text is one reading; the sentences are spoken one by one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("whole" = true))]
    pub rolling: bool,
}

/// The recording, carried on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ContinueAnswer {
    /// The recording and what comes after it.
    pub audio: Clip,
    /// When each word sounds; without those of the text for a model without alignment.
    pub words: Vec<WordTime>,
    /// Length of the answer, seconds.
    pub seconds: f64,
    /// Where the continuation begins in it, seconds.
    pub start_s: f64,
    /// The words that the recording was taken to say.
    pub says: String,
    /// The words of the continuation as said, numbers and abbreviations written out.
    pub text_spoken: String,
    /// Whether the model ended every piece by itself. If not, the speech may be cut short.
    pub complete: bool,
}
