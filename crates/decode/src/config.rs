//! Settings of generation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::SettingIssue;

/// Settings of drawing a token from its logits. The filters apply in the order of the fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SamplerConfig {
    /// Divides the logits of tokens in the last `repetition_window` by this where positive (and multiplies where
    /// negative); 1 for none.
    pub repetition_penalty: f64,
    /// Number of last tokens that the penalty applies to.
    pub repetition_window: usize,
    /// Divides all logits; 0 takes the likeliest.
    pub temperature: f64,
    /// Number of most probable classes that are kept; 0 for all.
    pub top_k: usize,
    /// Keeps the likeliest until they hold this share; 1 for all.
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
    /// Always the likeliest.
    pub fn greedy() -> Self {
        Self { temperature: 0.0, ..Self::default() }
    }

    fn check(&self) -> Result<(), SettingIssue> {
        if !(self.temperature >= 0.0 && self.temperature.is_finite()) {
            return Err(SettingIssue::new("temperature", "must be 0 or above"));
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return Err(SettingIssue::new("top_p", "must be above 0 and at most 1"));
        }
        if !(0.0..=1.0).contains(&self.min_p) {
            return Err(SettingIssue::new("min_p", "must lie from 0 to 1"));
        }
        if !(self.repetition_penalty > 0.0 && self.repetition_penalty.is_finite()) {
            return Err(SettingIssue::new("repetition_penalty", "must be above 0"));
        }
        Ok(())
    }
}

/// Repetition-aware sampling (VALL-E 2, Algorithm 1): if the drawn code is among the last `window` codes more often
/// than `threshold` allows, it is replaced by one plain draw from the whole distribution. As printed in the paper the
/// count includes the drawn code itself, so the default fires on the first repeat. The window reaches into the prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RepetitionAware {
    /// Whether it is used.
    pub enabled: bool,
    /// Codes looked back on (K).
    pub window: usize,
    /// Share of the window above which the draw is repeated (t_r).
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
    /// Levels, from 2, that get a pass of their own. Levels between them are rounded from the residual that the pass
    /// before them predicts. Of a model that was trained without the residual every level gets one.
    pub passes: Vec<usize>,
    /// Sampling of codes.
    pub sampler: SamplerConfig,
    /// Frames of a window, all passes over which are done before those over the next: for speech that is played while it
    /// is generated. All frames at once if not given.
    pub window_frames: Option<usize>,
    /// Frames of the first window, for a first sound that comes soon. The second is as long and every further one twice as
    /// long as the one before, up to `window_frames`: the sound so far lasts until the next is there. As many as in the
    /// others if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_window_frames: Option<usize>,
    /// Frames after a window of which level 1 is known when it is filled.
    pub lookahead_frames: usize,
    /// Frames after the first window of which level 1 is known when it is filled; as many as after the others if not
    /// given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_lookahead_frames: Option<usize>,
    /// Frames before a window that it sees; all of them if not given.
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

/// The passes of a model that decides level 1 of all frames together (`model.codes = "masked"`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MaskedConfig {
    /// Passes. Each decides for some of the frames, the last for all that are left.
    pub passes: usize,
    /// Noise on how sure a code is, against the others of its pass; it fades from pass to pass.
    pub noise: f64,
}

impl Default for MaskedConfig {
    fn default() -> Self {
        Self { passes: 16, noise: 1.0 }
    }
}

impl MaskedConfig {
    /// Settings are compared by their JSON: a default value is left out, so that the JSON of settings without it stays
    /// the same.
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The passes of a published vall-e model over level 1 of all frames. The defaults are those of its project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DemaskConfig {
    /// Passes. Each opens the least probable frames again, fewer from pass to pass.
    pub steps: usize,
    /// Weight of the prediction with text and prompt against that without; 1 for none.
    pub guidance: f64,
    /// Share of the guided logits that is rescaled to the spread of the conditional ones, 0 to 1.
    pub rescale: f64,
    /// Temperature of the first pass; it falls to 0 at the last. 0 takes the likeliest.
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

    fn check(&self) -> Result<(), SettingIssue> {
        SettingIssue::above_zero(&[("steps", self.steps)])?;
        for (key, value) in [("guidance", self.guidance), ("temperature", self.temperature)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(SettingIssue::new(key, "must be 0 or above"));
            }
        }
        if !(self.length_factor > 0.0 && self.length_factor.is_finite()) {
            return Err(SettingIssue::new("length_factor", "must be above zero"));
        }
        if !(0.0..=1.0).contains(&self.rescale) {
            return Err(SettingIssue::new("rescale", "must lie from 0 to 1"));
        }
        Ok(())
    }
}

/// Settings of generation. The defaults are those that the embedded model is measured with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DecodeConfig {
    /// Level-1 codes, and all that an AR stage over all levels predicts.
    pub codes: SamplerConfig,
    /// Repetition-aware sampling of level-1 codes.
    pub repetition_aware: RepetitionAware,
    /// Moves of the pointer, durations, and the end of latents.
    pub advances: SamplerConfig,
    /// Longest time on one phone, frames, before the pointer is pushed on.
    pub max_frames_a_phone: usize,
    /// Text tokens.
    pub text: SamplerConfig,
    /// Further levels.
    pub nar: NarConfig,
    /// Passes over level 1, for models that decide it so.
    #[serde(skip_serializing_if = "MaskedConfig::is_default")]
    pub masked: MaskedConfig,
    /// Passes over level 1, for published vall-e models that predict it in place.
    #[serde(skip_serializing_if = "DemaskConfig::is_default")]
    pub demask: DemaskConfig,
    /// Classifier-free guidance of the stages before the NAR: 1 for none, above 1 to follow the text more closely.
    pub guidance: f64,
    /// Candidates a request, of which the engine keeps the one that its own transcription understands best.
    pub best_of: usize,
    /// Rows that run together.
    pub batch_rows: usize,
}

impl DecodeConfig {
    /// Returns the same settings with windows for speech that is played while it is generated, unless there are some:
    /// 8, 8, 16 and then always 32 frames, each of which but the first sees 5 frames of level 1 beyond its end. Blocks
    /// of the embedded codec end there too.
    #[must_use]
    pub fn streaming(mut self) -> Self {
        if self.nar.window_frames.is_none() {
            self.nar.first_window_frames = Some(8);
            self.nar.window_frames = Some(32);
            self.nar.lookahead_frames = 5;
            self.nar.first_lookahead_frames = Some(0);
        }
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
            batch_rows: 16,
        }
    }
}

impl DecodeConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// Names the setting that cannot work.
    pub fn check(&self) -> Result<(), SettingIssue> {
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
            return Err(SettingIssue::new("nar.passes", "must begin with level 2 and ascend"));
        }
        if self.nar.window_frames == Some(0) {
            let reason = "must be above zero, or left out for all frames at once";
            return Err(SettingIssue::new("nar.window_frames", reason));
        }
        if !(self.masked.noise >= 0.0 && self.masked.noise.is_finite()) {
            return Err(SettingIssue::new("masked.noise", "must be 0 or above"));
        }
        self.demask.check().map_err(|issue| issue.in_table("demask"))?;
        if !self.guidance.is_finite() || self.guidance < 0.0 {
            return Err(SettingIssue::new("guidance", "must be 0 or above"));
        }
        SettingIssue::above_zero(&[
            ("masked.passes", self.masked.passes),
            ("batch_rows", self.batch_rows),
            ("best_of", self.best_of),
            ("max_frames_a_phone", self.max_frames_a_phone),
        ])
    }
}
