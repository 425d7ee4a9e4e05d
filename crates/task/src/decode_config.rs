//! Settings of generation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::{Allowed, ConfigIssue};

/// Settings of drawing a token from its logits. The filters apply in the order of the fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SamplerConfig {
    /// Divides the logits of tokens in the last `repetition_window` by this where positive (and multiplies where
    /// negative); 1 for none.
    pub repetition_penalty: f64,
    /// Number of latest tokens that the penalty applies to.
    pub repetition_window: usize,
    /// Divides all logits; 0 takes the most probable token.
    pub temperature: f64,
    /// Number of most probable classes that are kept; 0 for all.
    pub top_k: usize,
    /// Keeps the most probable classes up to this share of the probability; 1 for all.
    pub top_p: f64,
    /// Drops classes below this share of the largest probability; 0 for none.
    pub min_p: f64,
}

impl Default for SamplerConfig {
    fn default() -> Self {
        Self {
            repetition_penalty: 1.0,
            repetition_window: 20,
            temperature: 0.3,
            top_k: 0,
            top_p: 0.8,
            min_p: 0.0,
        }
    }
}

impl SamplerConfig {
    /// Returns the settings that always take the most probable token.
    pub fn greedy() -> Self {
        Self { temperature: 0.0, ..Self::default() }
    }

    fn check(&self) -> Result<(), ConfigIssue> {
        not_negative("temperature", self.temperature)?;
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return Err(ConfigIssue::new("top_p", "must be above 0 and at most 1"));
        }
        Allowed::Within(0.0, 1.0).check("min_p", self.min_p)?;
        positive("repetition_penalty", self.repetition_penalty)
    }
}

/// Repetition-aware sampling (VALL-E 2, Algorithm 1): if the drawn code is among the last `window` codes more often
/// than `threshold` allows, it is replaced by a draw from the unfiltered distribution. As in the paper, the count
/// includes the drawn code, so the default replaces the first repeat. The window extends into the prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RepetitionAware {
    /// Whether it is on.
    pub enabled: bool,
    /// Number of latest codes (K).
    pub window: usize,
    /// Share of the window above which the code is drawn again (t_r).
    pub threshold: f64,
}

impl Default for RepetitionAware {
    fn default() -> Self {
        Self { enabled: false, window: 10, threshold: 0.1 }
    }
}

/// The NAR's passes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NarConfig {
    /// Levels, from 2, with a pass of their own. Levels between them are quantized from the residual that the previous
    /// pass predicts. In a model trained without the residual every level has a pass.
    pub passes: Vec<usize>,
    /// Sampling of codes.
    pub sampler: SamplerConfig,
    /// Frames of a window. All passes over a window are done before those over the next, for streamed speech. Default: all
    /// frames at once.
    pub window_frames: Option<usize>,
    /// Frames of the first window, for an early first sound. The second window is as long, every further one twice as long
    /// as the previous one, up to `window_frames`, so that playback does not wait for the next window. Default: as in the
    /// other windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_window_frames: Option<usize>,
    /// Look-ahead: frames of level 1 after a window that its passes read.
    pub lookahead_frames: usize,
    /// Look-ahead of the first window, frames. Default: as in the other windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_lookahead_frames: Option<usize>,
    /// Frames before a window that its passes read. Default: all.
    pub lookback_frames: Option<usize>,
}

impl Default for NarConfig {
    fn default() -> Self {
        Self {
            passes: vec![2, 4, 6],
            sampler: SamplerConfig::greedy(),
            window_frames: None,
            first_window_frames: None,
            lookahead_frames: 0,
            first_lookahead_frames: None,
            lookback_frames: None,
        }
    }
}

/// Passes of a model that predicts level 1 of all frames together (`model.codes = "masked"`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MaskedConfig {
    /// Number of passes. Each decides the codes of some frames, the last those of all remaining ones.
    pub passes: usize,
    /// Noise on the confidences of the codes of a pass; it decreases from pass to pass.
    pub noise: f64,
}

impl Default for MaskedConfig {
    fn default() -> Self {
        Self { passes: 16, noise: 1.0 }
    }
}

impl MaskedConfig {
    /// Whether the settings are the defaults, which JSON omits: settings are compared by their JSON, and that of older
    /// runs lacks the key.
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Passes of a published vall-e model over level 1 of all frames. The defaults are those of its project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DemaskConfig {
    /// Number of passes. Each masks the least probable frames again, fewer from pass to pass.
    pub steps: usize,
    /// Classifier-free guidance: weight of the prediction with text and prompt against that without; 1 for none.
    pub guidance: f64,
    /// Share of the guided logits that is rescaled to the standard deviation of the conditional ones, 0 to 1.
    pub rescale: f64,
    /// Temperature of the first pass; it decreases to 0 at the last. 0 takes the most probable codes.
    pub temperature: f64,
    /// Factor on the predicted number of frames.
    pub length_factor: f64,
}

impl Default for DemaskConfig {
    fn default() -> Self {
        Self { steps: 25, guidance: 2.5, rescale: 0.75, temperature: 0.0, length_factor: 1.05 }
    }
}

impl DemaskConfig {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    fn check(&self) -> Result<(), ConfigIssue> {
        ConfigIssue::above_zero(&[("steps", self.steps)])?;
        for (key, value) in [("guidance", self.guidance), ("temperature", self.temperature)] {
            not_negative(key, value)?;
        }
        positive("length_factor", self.length_factor)?;
        Allowed::Within(0.0, 1.0).check("rescale", self.rescale)
    }
}

/// Settings of the further candidates that the engine generates for a row of speech with a low goodness of
/// pronunciation. The engine keeps the best candidate. Streamed speech gets no further candidates, nor does speech with
/// `best_of` above 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryConfig {
    /// Number of further candidates of such a row; 0 for none.
    pub candidates: usize,
    /// Goodness of pronunciation below which there are further candidates: mean log-probability of the requested phones
    /// minus that of the most probable phones; 0 is perfect.
    pub below: f64,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self { candidates: 3, below: -0.2 }
    }
}

/// Settings of generation. The defaults are those of the embedded model's figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DecodeConfig {
    /// Sampling of level-1 codes, and of all codes of an AR stage over all levels.
    pub codes: SamplerConfig,
    /// Repetition-aware sampling of level-1 codes.
    pub repetition_aware: RepetitionAware,
    /// Sampling of the pointer's advances, of durations, and of the end of latents.
    pub advances: SamplerConfig,
    /// Longest duration of a phone, frames: the pointer then advances.
    pub max_frames_a_phone: usize,
    /// Sampling of text tokens.
    pub text: SamplerConfig,
    /// Passes over the further levels.
    pub nar: NarConfig,
    /// Passes over level 1, for models with masked codes.
    #[serde(skip_serializing_if = "MaskedConfig::is_default")]
    pub masked: MaskedConfig,
    /// Passes over level 1, for published vall-e models that predict it in place.
    #[serde(skip_serializing_if = "DemaskConfig::is_default")]
    pub demask: DemaskConfig,
    /// Classifier-free guidance of the stages before the NAR: 1 for none, above 1 to follow the text more closely.
    pub guidance: f64,
    /// Number of candidates for each request. The engine keeps the candidate whose transcript has the fewest errors.
    pub best_of: usize,
    /// Further candidates for speech with a low goodness of pronunciation.
    pub retry: RetryConfig,
    /// Rows of a batch.
    pub batch_rows: usize,
}

impl DecodeConfig {
    /// Returns the settings with windows for streamed speech, unless they have some: 8, 8, 16 and then always 32
    /// frames, all but the first with a look-ahead of 5 frames. Blocks of the embedded codec end at the same frames.
    /// Speech that was sent is not generated again.
    #[must_use]
    pub fn streaming(mut self) -> Self {
        if self.nar.window_frames.is_none() {
            self.nar.first_window_frames = Some(8);
            self.nar.window_frames = Some(32);
            self.nar.lookahead_frames = 5;
            self.nar.first_lookahead_frames = Some(0);
        }
        self.retry.candidates = 0;
        self
    }
}

impl Default for DecodeConfig {
    fn default() -> Self {
        Self {
            codes: SamplerConfig::default(),
            repetition_aware: RepetitionAware::default(),
            advances: SamplerConfig { temperature: 0.3, top_p: 0.9, ..SamplerConfig::default() },
            max_frames_a_phone: 20,
            text: SamplerConfig::greedy(),
            nar: NarConfig::default(),
            masked: MaskedConfig::default(),
            demask: DemaskConfig::default(),
            guidance: 1.0,
            best_of: 1,
            retry: RetryConfig::default(),
            batch_rows: 16,
        }
    }
}

impl DecodeConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// Names the setting that cannot work.
    pub fn check(&self) -> Result<(), ConfigIssue> {
        for (table, sampler) in [
            ("codes", &self.codes),
            ("advances", &self.advances),
            ("text", &self.text),
            ("nar.sampler", &self.nar.sampler),
        ] {
            sampler.check().map_err(|issue| issue.in_table(table))?;
        }
        if self.nar.passes.first().is_none_or(|&p| p != 2)
            || !self.nar.passes.is_sorted_by(|a, b| a < b)
        {
            return Err(ConfigIssue::new("nar.passes", "must begin with level 2 and ascend"));
        }
        if self.nar.window_frames == Some(0) {
            let reason = "must be above zero, or left out for all frames at once";
            return Err(ConfigIssue::new("nar.window_frames", reason));
        }
        not_negative("masked.noise", self.masked.noise)?;
        self.demask.check().map_err(|issue| issue.in_table("demask"))?;
        if self.retry.below.is_nan() {
            return Err(ConfigIssue::new("retry.below", "must be a number"));
        }
        not_negative("guidance", self.guidance)?;
        ConfigIssue::above_zero(&[
            ("masked.passes", self.masked.passes),
            ("batch_rows", self.batch_rows),
            ("best_of", self.best_of),
            ("max_frames_a_phone", self.max_frames_a_phone),
        ])
    }
}

/// Checks that a setting is a finite number from 0 up.
fn not_negative(key: &'static str, value: f64) -> Result<(), ConfigIssue> {
    Allowed::AtLeast(0.0).check(key, value)?;
    Allowed::Finite.check(key, value)
}

/// Checks that a setting is a finite number above 0.
fn positive(key: &'static str, value: f64) -> Result<(), ConfigIssue> {
    Allowed::Above(0.0).check(key, value)?;
    Allowed::Finite.check(key, value)
}
