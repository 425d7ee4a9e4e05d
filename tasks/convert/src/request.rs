//! Settings, what is asked and what is answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_speech::SpeakConfig;
use syrinx_task::{Clip, TaskError};
use syrinx_types::WordTime;

/// Settings of voice conversion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConvertConfig {
    /// How it speaks.
    pub speaking: SpeakConfig,
    /// Longer recordings are spoken in pieces of at most this length, seconds.
    pub max_piece_s: f64,
}

impl Default for ConvertConfig {
    fn default() -> Self {
        Self { speaking: SpeakConfig::default(), max_piece_s: 8.0 }
    }
}

impl ConvertConfig {
    pub(crate) fn check(&self, task: &str) -> Result<(), TaskError> {
        if self.max_piece_s.is_nan() || self.max_piece_s < 1.0 {
            let reason = "`max_piece_s` must be at least 1 second".into();
            return Err(TaskError::Config { task: task.into(), reason });
        }
        self.speaking.check(task)
    }
}

/// A recording to speak again in another voice.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConvertRequest {
    /// The recording.
    #[schemars(extend("format" = "recording"))]
    pub audio: Clip,
    /// The built-in voice to speak in; the first one if neither this nor a prompt is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// A recording of a few seconds of the voice to speak in, instead of a built-in voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Clip>,
    /// What the recording says; if it isn't given, the model listens for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
}

/// The recording in the other voice.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ConvertAnswer {
    /// The recording, as long as the one that was given.
    pub audio: Clip,
    /// When each word sounds, as in the recording that was given; empty where no words were heard.
    pub words: Vec<WordTime>,
    /// Length of the recording, seconds.
    pub seconds: f64,
    /// The words that it was taken to say; empty where only sounds were heard.
    pub says: String,
    /// The built-in voice it is spoken in, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// Whether the model ended every piece as it should. If not, the speech may be cut short.
    pub complete: bool,
}
