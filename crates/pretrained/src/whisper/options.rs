//! Settings of recognition and its results.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::WordTime;

/// Settings of recognition; the defaults are those of Whisper's own program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WhisperOptions {
    /// Language as a code such as `en`; detected in the first window by default.
    pub language: Option<String>,
    /// Temperatures to try in turn until a window's text is neither repetitive nor improbable.
    pub temperatures: Vec<f64>,
    /// Draws at temperatures above 0, of which the most probable is kept.
    pub best_of: usize,
    /// Largest ratio of a text's size to its compressed size; a larger one is repetitive.
    pub max_compression_ratio: f64,
    /// Smallest mean log-probability of a window's tokens.
    pub min_log_prob: f64,
    /// Probability of no speech above which a window with a mean log-probability below `min_log_prob` is skipped.
    pub no_speech_threshold: f64,
    /// Most tokens of a window; at most half of the decoder's positions.
    pub max_tokens: usize,
    /// Whether a window's decoder is given the text before it.
    pub condition_on_previous: bool,
    /// Whether words are aligned in time.
    pub word_times: bool,
    /// Seed of draws.
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
    /// Segments in order.
    pub segments: Vec<WhisperSegment>,
}

impl WhisperTranscript {
    /// Returns the times of all words.
    pub fn words(&self) -> Vec<WordTime> {
        self.segments.iter().flat_map(|s| &s.words).map(|w| w.time.clone()).collect()
    }

    /// Geometric mean of the tokens' probabilities, weighted by the length of the segments' texts; `None` without text.
    pub fn confidence(&self) -> Option<f64> {
        let chars = |s: &WhisperSegment| s.text.chars().count() as f64;
        let total: f64 = self.segments.iter().map(chars).sum();
        let sum: f64 = self.segments.iter().map(|s| chars(s) * s.mean_log_prob).sum();
        (total > 0.0).then(|| (sum / total).exp())
    }
}

/// A stretch of a transcript between two timestamps.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct WhisperSegment {
    /// Start, seconds.
    pub start_s: f64,
    /// End, seconds.
    pub end_s: f64,
    /// Text.
    pub text: String,
    /// Words in time; empty unless requested.
    pub words: Vec<WhisperWord>,
    /// Temperature at which its window was decoded.
    pub temperature: f64,
    /// Mean log-probability of its window's tokens.
    pub mean_log_prob: f64,
    /// Compression ratio of its window's text.
    pub compression_ratio: f64,
    /// Probability that its window holds no speech.
    pub no_speech_prob: f64,
}

/// A word with its probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WhisperWord {
    /// Word and times.
    #[serde(flatten)]
    pub time: WordTime,
    /// Mean probability of its tokens.
    pub probability: f64,
}
