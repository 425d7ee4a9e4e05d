//! Settings of the family.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::{Allowed, ConfigIssue, TaskError};
use syrinx_types::SpectralGain;

/// Settings of tasks that enhance a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EnhanceConfig {
    /// Maximum length of a row, in frames; longer recordings are divided into several rows.
    pub max_frames: usize,
    /// Maximum length of the target speaker's enrolment, in frames; longer ones are truncated.
    pub max_enrolment_frames: usize,
    /// Share of the training examples that have the words as input, 0 to 1.
    pub text_share: f64,
    /// Minimum gain if the answer is the attenuated recording, 0 to 1. A smaller gain removes more noise, but also more
    /// words that are mistaken for noise. Default: value of the task.
    pub gain_floor: Option<f64>,
    /// Context on both sides over which the estimate of a stationary target is averaged, if the answer is the
    /// attenuated recording, in seconds; 0 for speech. Default: value of the task.
    pub context_s: Option<f64>,
}

impl Default for EnhanceConfig {
    fn default() -> Self {
        Self {
            max_frames: 250,
            max_enrolment_frames: 75,
            text_share: 0.5,
            gain_floor: None,
            context_s: None,
        }
    }
}

impl EnhanceConfig {
    /// Spectral gain of the settings; `own` is the task's default.
    pub(crate) fn spectral_gain(&self, own: SpectralGain) -> SpectralGain {
        let set = |value: Option<f64>, own: f32| value.map_or(own, |value| value as f32);
        SpectralGain {
            gain_floor: set(self.gain_floor, own.gain_floor),
            context_s: set(self.context_s, own.context_s),
        }
    }

    /// Returns the settings for published models, whose rows have more frames in the same time (75 a second).
    pub(crate) fn for_published(self) -> Self {
        let default = Self::default();
        let scaled = |frames: usize, own: usize| if frames == own { 3 * own } else { frames };
        Self {
            max_frames: scaled(self.max_frames, default.max_frames),
            max_enrolment_frames: scaled(self.max_enrolment_frames, default.max_enrolment_frames),
            ..self
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`TaskError::Config`].
    pub fn check(&self, task: &str) -> Result<(), TaskError> {
        let check = || {
            Allowed::AtLeast(1.0).check("max_frames", self.max_frames as f64)?;
            Allowed::AtLeast(1.0)
                .check("max_enrolment_frames", self.max_enrolment_frames as f64)?;
            Allowed::Within(0.0, 1.0).check("text_share", self.text_share)?;
            Allowed::Within(0.0, 1.0).check("gain_floor", self.gain_floor.unwrap_or_default())?;
            Allowed::Within(0.0, 10.0).check("context_s", self.context_s.unwrap_or_default())
        };
        check().map_err(|issue: ConfigIssue| TaskError::config(task, issue))
    }
}
