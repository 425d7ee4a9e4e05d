//! Settings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::TaskError;

/// What the model writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SttMode {
    /// The phones of every frame; needs durations of phones to train on. Words come from the lexicon.
    #[default]
    Aligned,
    /// The text itself, token by token; needs only texts to train on. No word times.
    Text,
}

/// What the text is made of in mode `text`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Spelling {
    /// One token a letter.
    #[default]
    Letters,
    /// Byte pairs.
    Bpe,
}

/// Settings of speech to text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SttConfig {
    /// What the model writes.
    pub mode: SttMode,
    /// Phone labels a frame (mode `aligned`).
    pub per_frame: usize,
    /// What the text is made of (mode `text`).
    pub spelling: Spelling,
    /// Longer recordings are cut in pauses into parts of at most this length, seconds.
    pub max_part_s: f64,
}

impl Default for SttConfig {
    fn default() -> Self {
        Self { mode: SttMode::Aligned, per_frame: 2, spelling: Spelling::Letters, max_part_s: 20.0 }
    }
}

impl SttConfig {
    pub(crate) fn check(&self) -> Result<(), TaskError> {
        let fault = |reason: &str| TaskError::Config { task: "stt".into(), reason: reason.into() };
        if self.per_frame == 0 {
            return Err(fault("`per_frame` must be at least 1"));
        }
        if !(self.max_part_s >= 1.0) {
            return Err(fault("`max_part_s` must be at least 1 second"));
        }
        Ok(())
    }
}
