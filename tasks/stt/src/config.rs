//! Settings of speech to text.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_task::{Allowed, ConfigIssue};

use crate::PassConfig;

/// Output of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SttMode {
    /// Phones of every frame, trained on phone durations. The lexicon gives the words.
    #[default]
    Aligned,
    /// Text as a token sequence, trained on transcripts without times. Words have no times.
    Text,
}

/// Text units of mode `text`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextUnit {
    /// One token per letter.
    #[default]
    Letters,
    /// Byte pairs (BPE).
    Bpe,
}

/// Settings of speech to text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SttConfig {
    /// Output of the model.
    pub mode: SttMode,
    /// Number of phone labels per frame, in mode `aligned`.
    pub per_frame: usize,
    /// Text units, in mode `text`.
    pub text_unit: TextUnit,
    /// Share of augmented training examples, 0 to 1; without simulated input in the corpus, none are augmented.
    pub augmented_share: f64,
    /// Maximum length of a part that is recognized at once, in seconds; longer recordings are divided in pauses.
    pub max_part_s: f64,
    /// Passes over a recording whose phone scores are averaged; at least one, and the first without a delay. Forced
    /// alignment of a known text uses only the first.
    pub passes: Vec<PassConfig>,
    /// Minimum mean confidence of the words of a recording (or of a minute of a longer one), 0 to 1. Words below it are
    /// omitted. Music has 0.22 to 0.28, human speech 0.28 to 0.59.
    pub min_confidence: f64,
    /// Settings of the beam search for words, in mode `aligned`.
    pub decoder: DecoderConfig,
}

/// Settings of the beam search for words in phone scores. The weights were tuned on speakers and texts outside the
/// training set (split `unseen_speaker`, without texts of `train`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DecoderConfig {
    /// Weight of the log prior that is subtracted from the log-probability of a phone, 0 to 1.
    pub prior_weight: f64,
    /// Weight of the language model relative to the phone scores.
    pub lm_weight: f64,
    /// Weight of the word pairs of web pages in the language model, 0 to 1.
    pub web_share: f64,
    /// Weight of the trigrams of spoken English in the language model, 0 to 1. The rest is the weight of example
    /// sentences.
    pub spoken_share: f64,
    /// Word insertion bonus, in nats.
    pub word_bonus: f64,
    /// Phone insertion penalty, in nats, which is subtracted from the score; a negative penalty is a bonus.
    pub phone_penalty: f64,
    /// Minimum duration of a phone, in subframes, 1 to 3.
    pub min_parts: usize,
    /// Beam width, in nats: hypotheses that are worse than the best by more are dropped.
    pub beam: f64,
    /// Beam width at the ends of words, in nats.
    pub word_beam: f64,
    /// Maximum number of hypotheses after a subframe.
    pub max_tokens: usize,
    /// Maximum number of words that may end in a subframe.
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
            // Most training utterances are shorter; words are missed in longer rows.
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
