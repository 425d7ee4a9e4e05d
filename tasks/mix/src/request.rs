//! Settings, request and answer of voice mixing.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_speech::{SpeakConfig, SpeakingConfig};
use syrinx_task::{Allowed, Answer, AnswerKind, Clip, ConfigIssue, Speech, TaskError, append};
use syrinx_types::Audio;

/// Method of combining voices in one prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MixMode {
    /// Weighted sum of the prompts' embeddings, frame by frame.
    #[default]
    Blend,
    /// Prompts one after the other, with lengths in the ratio of the weights.
    Concatenate,
    /// Short sections of the prompts in turn, with lengths in the ratio of the weights.
    Interleave,
}

/// Settings of voice mixing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MixConfig {
    /// Settings of speech synthesis.
    pub speaking: SpeakConfig,
    /// Number of frames in which every voice has one section, in mode `interleave`.
    pub turn_frames: usize,
    /// Maximum number of steps of a sweep.
    pub max_steps: usize,
}

impl Default for MixConfig {
    fn default() -> Self {
        Self { speaking: SpeakConfig::with_short_prompts(), turn_frames: 10, max_steps: 21 }
    }
}

impl SpeakingConfig for MixConfig {
    fn speaking(&self) -> &SpeakConfig {
        &self.speaking
    }

    fn check(&self, task: &str) -> Result<(), TaskError> {
        let check = || {
            Allowed::AtLeast(1.0).check("turn_frames", self.turn_frames as f64)?;
            Allowed::AtLeast(2.0).check("max_steps", self.max_steps as f64)
        };
        check().map_err(|issue: ConfigIssue| TaskError::config(task, issue))?;
        self.speaking.check(task)
    }
}

/// A text to synthesize in a mixture of voices.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MixRequest {
    /// English text.
    pub text: String,
    /// Voices, at least two: names of built-in voices, or recordings of a few seconds.
    pub voices: Vec<Clip>,
    /// Weights of the voices in the same order; equal if not given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<f64>,
    /// Method of combining the voices in one prompt: `blend`, `concatenate` or `interleave`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<MixMode>,
    /// Number of renditions of the text, from the first of two voices to the second in equal steps of the weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<usize>,
    /// Continue from sentence to sentence, so that a long text is one reading; sentences are generated one by one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rolling: bool,
}

/// The text in the mixed voice.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct MixAnswer {
    /// Speech; for a sweep, that of the first step.
    #[serde(flatten)]
    pub speech: Speech,
    /// Weights of the voices in each step, which sum to 1; a mix without a sweep has one step.
    pub weights: Vec<Vec<f64>>,
    /// Recording of each step.
    pub steps: Vec<Clip>,
}

impl Answer for MixAnswer {
    const KIND: AnswerKind = AnswerKind::Speech;

    fn merge(&mut self, next: Self, start_s: f64) {
        // The recordings of different steps have different lengths: each continues after its own end.
        let pause_s = (start_s - self.speech.seconds).max(0.0);
        for (step, next) in self.steps.iter_mut().zip(next.steps) {
            let seconds = step.audio.as_ref().map_or(0.0, |audio| audio.seconds());
            append(step, next, seconds + pause_s);
        }
        self.speech.merge(next.speech, start_s);
    }

    fn speech(&self) -> Option<&Speech> {
        Some(&self.speech)
    }

    fn recordings(&self) -> Vec<(String, Arc<Audio>)> {
        let name = |i: usize| if i == 0 { "audio".into() } else { format!("step-{}", i + 1) };
        let steps = self.steps.iter().filter_map(|step| step.audio.clone());
        steps.enumerate().map(|(i, audio)| (name(i), audio)).collect()
    }
}
