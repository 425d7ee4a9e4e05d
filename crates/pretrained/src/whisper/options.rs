//! Settings and results of recognition.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::WordTime;

/// Settings of recognition; the defaults are those of OpenAI's program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WhisperOptions {
    /// Code of the language, such as `en`; detected from the first window by default.
    pub language: Option<String>,
    /// Temperatures, tried in order until a window's text is neither repetitive nor improbable.
    pub temperatures: Vec<f64>,
    /// Number of samples at temperatures above 0; the most probable one is kept.
    pub best_of: usize,
    /// Maximum ratio of a text's size to its compressed size; text above it is repetitive.
    pub max_compression_ratio: f64,
    /// Minimum mean log-probability of a window's tokens, in nats.
    pub min_log_prob: f64,
    /// Probability of no speech above which a window is skipped, if its mean log-probability is below `min_log_prob`.
    pub no_speech_threshold: f64,
    /// Maximum number of tokens in a window; at most half the decoder's positions.
    pub max_tokens: usize,
    /// Whether the decoder of a window reads the text of the previous windows.
    pub condition_on_previous: bool,
    /// Whether to compute the times of words.
    pub word_times: bool,
    /// Seed of sampling.
    pub seed: u64,
}

impl Default for WhisperOptions {
    fn default() -> Self {
        Self {
            language: None,
            temperatures: vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0],
            best_of: 5,
            max_compression_ratio: 2.4,
            min_log_prob: -1.0,
            no_speech_threshold: 0.6,
            max_tokens: 224,
            condition_on_previous: true,
            word_times: true,
            seed: 0,
        }
    }
}

/// A transcript.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct WhisperTranscript {
    /// Text with capitals and punctuation.
    pub text: String,
    /// Code of the language.
    pub language: String,
    /// Segments, in order.
    pub segments: Vec<WhisperSegment>,
}

impl WhisperTranscript {
    /// Returns all words with their times.
    pub fn words(&self) -> Vec<WordTime> {
        self.segments.iter().flat_map(|s| &s.words).map(|w| w.time.clone()).collect()
    }

    /// Returns the geometric mean of the tokens' probabilities, weighted by the length of each segment's text; `None`
    /// without text.
    pub fn confidence(&self) -> Option<f64> {
        let chars = |s: &WhisperSegment| s.text.chars().count() as f64;
        let total: f64 = self.segments.iter().map(chars).sum();
        let sum: f64 = self.segments.iter().map(|s| chars(s) * s.mean_log_prob).sum();
        (total > 0.0).then(|| (sum / total).exp())
    }
}

/// Section of a transcript between two timestamps.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct WhisperSegment {
    /// Start, in seconds.
    pub start_s: f64,
    /// End, in seconds.
    pub end_s: f64,
    /// Text.
    pub text: String,
    /// Words with their times; empty unless requested.
    pub words: Vec<WhisperWord>,
    /// Temperature at which the window was decoded.
    pub temperature: f64,
    /// Mean log-probability of the window's tokens, in nats.
    pub mean_log_prob: f64,
    /// Compression ratio of the window's text.
    pub compression_ratio: f64,
    /// Probability that the window contains no speech.
    pub no_speech_prob: f64,
}

/// A word with its times and its probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WhisperWord {
    /// Word and times.
    #[serde(flatten)]
    pub time: WordTime,
    /// Mean probability of the word's tokens.
    pub probability: f64,
}
