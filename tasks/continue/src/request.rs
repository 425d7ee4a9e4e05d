//! Settings, request and answer of continuation.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_speech::{SpeakConfig, SpeakingConfig};
use syrinx_task::{Allowed, Answer, AnswerKind, Clip, ConfigIssue, Speech, TaskError};
use syrinx_types::Audio;

/// Settings of continuation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ContinueConfig {
    /// Settings of speech synthesis.
    pub speaking: SpeakConfig,
    /// Length of the context at the end of the recording that the model continues, in seconds.
    pub context_s: f64,
    /// Length of the cross-fade from the recording to its continuation, in seconds.
    pub fade_s: f64,
}

impl Default for ContinueConfig {
    fn default() -> Self {
        Self { speaking: SpeakConfig::with_short_prompts(), context_s: 5.0, fade_s: 0.01 }
    }
}

impl SpeakingConfig for ContinueConfig {
    fn speaking(&self) -> &SpeakConfig {
        &self.speaking
    }

    fn check(&self, task: &str) -> Result<(), TaskError> {
        let check = || {
            Allowed::Above(0.0).check("context_s", self.context_s)?;
            Allowed::Finite.check("context_s", self.context_s)?;
            Allowed::Within(0.0, 0.5).check("fade_s", self.fade_s)
        };
        check().map_err(|issue: ConfigIssue| TaskError::config(task, issue))?;
        self.speaking.check(task)
    }
}

/// A recording to continue.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContinueRequest {
    /// Recording to continue.
    pub audio: Clip,
    /// English text of the continuation.
    pub text: String,
    /// Words of the recording; recognized if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// Return only the continuation, without the recording before it.
    #[serde(default)]
    pub alone: bool,
    /// Continue from sentence to sentence, so that a long text is one reading; sentences are generated one by one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rolling: bool,
    /// Whether the recording is a section before the one that is continued, which stays as it is.
    #[serde(skip)]
    pub is_before: bool,
}

/// The recording, continued.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ContinueAnswer {
    /// Speech: the recording followed by its continuation. `text_spoken` is the text of the continuation.
    #[serde(flatten)]
    pub speech: Speech,
    /// Start of the continuation, in seconds.
    pub start_s: f64,
    /// Words of the recording.
    pub says: String,
}

impl Answer for ContinueAnswer {
    const KIND: AnswerKind = AnswerKind::Speech;

    fn merge(&mut self, next: Self, start_s: f64) {
        self.speech.merge(next.speech, start_s);
        self.start_s = start_s + next.start_s;
        self.says = [self.says.as_str(), &next.says].join(" ").trim().to_owned();
    }

    fn speech(&self) -> Option<&Speech> {
        Some(&self.speech)
    }

    fn take_audio(&mut self) -> Option<Arc<Audio>> {
        self.speech.audio.audio.take()
    }
}
