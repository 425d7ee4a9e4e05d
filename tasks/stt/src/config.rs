//! Settings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::{Allowed, ConfigIssue};

use crate::PassConfig;

/// Output of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SttMode {
    /// Phones of every frame, trained on durations of phones. Words are found with the lexicon.
    #[default]
    Aligned,
    /// Text, token by token, trained on texts alone. No word times.
    Text,
}

/// Units of the text in mode `text`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextUnit {
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
    /// Output of the model.
    pub mode: SttMode,
    /// Phone labels a frame (mode `aligned`).
    pub per_frame: usize,
    /// Units of the text (mode `text`).
    pub text_unit: TextUnit,
    /// Share of augmented training examples, if the corpus has simulated input, 0 to 1.
    pub augmented_share: f64,
    /// Longest part that is recognized at once, seconds; longer recordings are divided at pauses.
    pub max_part_s: f64,
    /// Passes over a recording whose phone scores are averaged; at least one, the first without a delay. Forced
    /// alignment of a known text uses the first one only.
    pub passes: Vec<PassConfig>,
    /// Smallest mean confidence of the words of a recording (or of a minute of a longer one), 0 to 1; below it the
    /// words are left out. Music has 0.22 to 0.28, human speech 0.28 to 0.59.
    pub min_confidence: f64,
    /// Settings of the beam search for words (mode `aligned`).
    pub decoder: DecoderConfig,
}

/// Settings of the beam search for words in phone scores. The weights were tuned on speakers and texts outside the
/// training set (split `unseen_speaker`, without texts of `train`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DecoderConfig {
    /// Weight of a phone's log prior, which is subtracted from its score, 0 to 1.
    pub prior_weight: f64,
    /// Weight of the language model relative to the phone scores.
    pub lm_weight: f64,
    /// Weight of the counts of web pages in the language model, 0 to 1.
    pub web_share: f64,
    /// Weight of the trigrams of spoken English in the language model, 0 to 1; the rest is that of example sentences.
    pub spoken_share: f64,
    /// Word insertion bonus, natural logarithm.
    pub word_bonus: f64,
    /// Phone insertion penalty, natural logarithm.
    pub phone_penalty: f64,
    /// Shortest duration of a phone, parts of a frame, 1 to 3.
    pub min_parts: usize,
    /// Beam: hypotheses worse than the best by more than this are dropped, natural logarithm.
    pub beam: f64,
    /// Beam at the ends of words, natural logarithm.
    pub word_beam: f64,
    /// Largest number of hypotheses after a part.
    pub max_tokens: usize,
    /// Largest number of words that may end in a part.
    pub max_words: usize,
}

impl Default for DecoderConfig {
    fn default() -> Self {
        Self {
            prior_weight: 0.4,
            lm_weight: 2.5,
            web_share: 0.3,
            spoken_share: 0.4,
            word_bonus: 0.5,
            phone_penalty: -1.5,
            min_parts: 2,
            beam: 40.0,
            word_beam: 28.0,
            max_tokens: 10_000,
            max_words: 80,
        }
    }
}

impl Default for SttConfig {
    fn default() -> Self {
        Self {
            mode: SttMode::Aligned,
            per_frame: 2,
            text_unit: TextUnit::Letters,
            augmented_share: 0.6,
            // Most training utterances are shorter, and longer rows lose words.
            max_part_s: 5.0,
            passes: [(0.75, 0), (0.75, 1), (0.0, 0)]
                .map(|(equalizer_share, delay_labels)| PassConfig { equalizer_share, delay_labels })
                .to_vec(),
            min_confidence: 0.28,
            decoder: DecoderConfig::default(),
        }
    }
}

impl SttConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigIssue> {
        let decoder = &self.decoder;
        Allowed::AtLeast(1.0).check("per_frame", self.per_frame as f64)?;
        Allowed::Within(0.0, 1.0).check("augmented_share", self.augmented_share)?;
        Allowed::AtLeast(1.0).check("max_part_s", self.max_part_s)?;
        Allowed::AtLeast(1.0).check("passes", self.passes.len() as f64)?;
        let first = self.passes.first().map_or(0, |pass| pass.delay_labels);
        Allowed::Within(0.0, 0.0).check("passes.delay_labels of the first", first as f64)?;
        for pass in &self.passes {
            Allowed::Within(0.0, 1.0).check("passes.equalizer_share", pass.equalizer_share)?;
            Allowed::Within(0.0, 100.0).check("passes.delay_labels", pass.delay_labels as f64)?;
        }
        Allowed::Within(0.0, 1.0).check("min_confidence", self.min_confidence)?;
        Allowed::Within(0.0, 1.0).check("decoder.web_share", decoder.web_share)?;
        let rest = 1.0 - decoder.web_share;
        Allowed::Within(0.0, rest).check("decoder.spoken_share", decoder.spoken_share)?;
        Allowed::Within(1.0, 3.0).check("decoder.min_parts", decoder.min_parts as f64)?;
        Allowed::AtLeast(1.0).check("decoder.max_tokens", decoder.max_tokens as f64)?;
        Allowed::AtLeast(1.0).check("decoder.max_words", decoder.max_words as f64)?;
        Allowed::Above(0.0).check("decoder.beam", decoder.beam)?;
        Allowed::Above(0.0).check("decoder.word_beam", decoder.word_beam)
    }
}
