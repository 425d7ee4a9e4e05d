//! Settings, request and answer of voice conversion.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_speech::{SpeakConfig, SpeakingConfig};
use syrinx_task::{Allowed, Answer, AnswerKind, Clip, Speech, TaskError};
use syrinx_types::Audio;

/// Settings of voice conversion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConvertConfig {
    /// Settings of speech synthesis.
    pub speaking: SpeakConfig,
    /// Maximum length of a row, in seconds; longer recordings are converted in several rows.
    pub max_row_s: f64,
}

impl Default for ConvertConfig {
    fn default() -> Self {
        Self { speaking: SpeakConfig::with_short_prompts(), max_row_s: 8.0 }
    }
}

impl SpeakingConfig for ConvertConfig {
    fn speaking(&self) -> &SpeakConfig {
        &self.speaking
    }

    fn check(&self, task: &str) -> Result<(), TaskError> {
        Allowed::AtLeast(1.0)
            .check("max_row_s", self.max_row_s)
            .map_err(|issue| TaskError::config(task, issue))?;
        self.speaking.check(task)
    }
}

/// A recording to convert to another voice.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConvertRequest {
    /// Recording to convert.
    pub audio: Clip,
    /// Built-in voice to convert to; the first one if neither this nor a prompt is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// Recording of a few seconds of the voice to convert to, instead of a built-in voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Clip>,
    /// Words of the recording; recognized if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
}

/// The converted recording. The times of its words are those of the original.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ConvertAnswer {
    /// Speech, as long as the original recording.
    #[serde(flatten)]
    pub speech: Speech,
    /// Words of the recording; empty if only phones were recognized.
    pub says: String,
}

impl Answer for ConvertAnswer {
    const KIND: AnswerKind = AnswerKind::Speech;

    fn merge(&mut self, next: Self, start_s: f64) {
        self.speech.merge(next.speech, start_s);
        self.says = [self.says.as_str(), &next.says].join(" ").trim().to_owned();
    }

    fn speech(&self) -> Option<&Speech> {
        Some(&self.speech)
    }

    fn take_audio(&mut self) -> Option<Arc<Audio>> {
        self.speech.audio.audio.take()
    }
}
