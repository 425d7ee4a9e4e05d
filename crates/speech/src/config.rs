//! Settings of speech synthesis.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::{Allowed, ConfigIssue, Content, TaskError, WeightedCodes};
use syrinx_text::Phone;

/// Treatment of the stress digits of vowels (`AH0`, `AH1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StressMode {
    /// Removes stress digits, except that the schwa `AH0` stays distinct from `AH`.
    #[default]
    Strip,
    /// Keeps stress digits as the lexicon or the corpus has them.
    Keep,
}

impl StressMode {
    /// Returns the phone as the model reads it.
    pub fn apply(self, phone: Phone) -> Phone {
        match self {
            Self::Strip => phone.strip_stress(),
            Self::Keep => phone,
        }
    }
}

/// Longest prompt, in frames of 40 ms. Fewer sentences fail with prompts of 9 seconds than with 3
/// (evals/reports/training-log.md).
const LONG_PROMPT_FRAMES: usize = 225;
/// The same of 3 seconds.
const SHORT_PROMPT_FRAMES: usize = 75;

/// Form of the prompt in the model's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromptPooling {
    /// All frames of the prompt.
    #[default]
    Frames,
    /// One position with the mean of the frames' embeddings: a speaker embedding of fixed size.
    Mean,
}

/// Settings of tasks that synthesize speech. `stress`, `pause_from_s` and `prompt_pooling` affect training examples and
/// requests, all others only requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SpeakConfig {
    /// Treatment of the stress digits of vowels.
    pub stress: StressMode,
    /// Minimum gap between two words, in seconds, that becomes a pause token even without punctuation in the text.
    pub pause_from_s: f64,
    /// Maximum length of a sentence, in characters; longer sentences are divided.
    pub max_sentence_chars: usize,
    /// Maximum number of frames per phone or pause, averaged over a row.
    pub max_frames_per_phone: f64,
    /// Maximum length of the prompt, in frames; longer prompts are truncated. 0 disables prompts.
    pub max_prompt_frames: usize,
    /// Form of the prompt in the model's input.
    pub prompt_pooling: PromptPooling,
    /// Number of phones and pauses of a sentence that the next row repeats at its start, in rolling readings.
    pub context_phones: usize,
    /// Pause between two sentences, in seconds.
    pub pause_s: f64,
    /// Whether a published model generates level 1 frame by frame, if it can generate it both so and by masked
    /// decoding.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub frame_by_frame: bool,
}

impl Default for SpeakConfig {
    fn default() -> Self {
        Self {
            stress: StressMode::Strip,
            pause_from_s: 0.16,
            max_sentence_chars: 120,
            max_frames_per_phone: 8.0,
            max_prompt_frames: LONG_PROMPT_FRAMES,
            prompt_pooling: PromptPooling::Frames,
            context_phones: 30,
            pause_s: 0.15,
            frame_by_frame: false,
        }
    }
}

impl SpeakConfig {
    /// Checks the settings; errors name the task `task`.
    ///
    /// # Errors
    /// [`TaskError::Config`] names the key that is out of range.
    pub fn check(&self, task: &str) -> Result<(), TaskError> {
        let check = || {
            Allowed::Above(0.0).check("pause_from_s", self.pause_from_s)?;
            Allowed::AtLeast(1.0).check("max_sentence_chars", self.max_sentence_chars as f64)?;
            Allowed::AtLeast(1.0).check("max_frames_per_phone", self.max_frames_per_phone)?;
            Allowed::AtLeast(1.0).check("context_phones", self.context_phones as f64)?;
            Allowed::Finite.check("pause_s", self.pause_s)?;
            Allowed::AtLeast(0.0).check("pause_s", self.pause_s)
        };
        check().map_err(|issue: ConfigIssue| TaskError::config(task, issue))
    }

    /// Returns settings with prompts of 3 seconds, for tasks whose prompts are weighted by their length, or are the
    /// recording to change.
    #[must_use]
    pub fn with_short_prompts() -> Self {
        Self { max_prompt_frames: SHORT_PROMPT_FRAMES, ..Self::default() }
    }

    /// Returns the settings for published models of 75 frames a second, with prompts of 3 seconds as in their training.
    /// Limits in frames that have their default, which is meant for 25 frames a second, are multiplied by 3.
    #[must_use]
    pub(crate) fn at_published_rate(self) -> Self {
        const FACTOR: usize = 3;
        let usual = Self::default();
        let frames = self.max_frames_per_phone;
        Self {
            max_frames_per_phone: match frames == usual.max_frames_per_phone {
                true => frames * FACTOR as f64,
                false => frames,
            },
            max_prompt_frames: match self.max_prompt_frames {
                SHORT_PROMPT_FRAMES | LONG_PROMPT_FRAMES => SHORT_PROMPT_FRAMES * FACTOR,
                frames => frames,
            },
            ..self
        }
    }

    /// Returns the prompt as the model reads it, pooled if the settings require it; `None` if it is empty. A blend of
    /// several recordings is unchanged.
    pub fn shown(&self, prompt: Option<Content>) -> Option<Content> {
        match (self.prompt_pooling, prompt?) {
            (_, Content::Codes(codes)) if codes.is_empty() => None,
            (PromptPooling::Mean, Content::Codes(codes)) => {
                let frames = codes.frames();
                let weight = 1.0 / frames as f32;
                let share = |frame| WeightedCodes { weight, codes: codes.slice(frame, frame + 1) };
                Some(Content::Blend((0..frames).map(share).collect()))
            }
            (_, prompt) => Some(prompt),
        }
    }

    /// Returns the maximum number of frames for `phones` phones and pauses.
    pub fn frames_for(&self, phones: usize) -> usize {
        (phones as f64 * self.max_frames_per_phone).ceil() as usize
    }
}

#[cfg(test)]
mod tests {
    use syrinx_types::Codes;

    use super::*;

    #[test]
    fn a_prompt_is_shown_as_the_settings_say() {
        let codes = Codes::new(2, vec![1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        let shown = |pooling, codes: &Codes| {
            let config = SpeakConfig { prompt_pooling: pooling, ..SpeakConfig::default() };
            config.shown(Some(Content::Codes(codes.clone())))
        };
        let frames = PromptPooling::Frames;
        assert_eq!(shown(frames, &codes), Some(Content::Codes(codes.clone())));
        let Some(Content::Blend(shares)) = shown(PromptPooling::Mean, &codes) else { panic!() };
        assert_eq!(shares.len(), 4);
        for (frame, share) in shares.iter().enumerate() {
            assert_eq!((share.weight, share.codes.frames()), (0.25, 1));
            assert_eq!(share.codes.frame(0), codes.frame(frame));
        }
        for pooling in [frames, PromptPooling::Mean] {
            assert_eq!(shown(pooling, &Codes::empty(2)), None);
        }
    }
}
