//! Utterances and times.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Coded, Codes, Latents};

/// A phone with its duration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimedPhone {
    /// ARPAbet symbol, or one of `|` (word boundary), `,` `.` `?` `!` (written pause), `SIL`.
    pub phone: String,
    /// Duration, seconds (often 0 for a boundary).
    pub duration_s: f64,
}

/// A word with its times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WordTime {
    /// The word as written.
    pub word: String,
    /// Start, seconds from the beginning of the recording.
    pub start_s: f64,
    /// End, seconds from the beginning of the recording.
    pub end_s: f64,
}

impl WordTime {
    /// Returns the word with its times shifted by some seconds.
    #[must_use]
    pub fn shifted(&self, by_s: f64) -> Self {
        Self { word: self.word.clone(), start_s: self.start_s + by_s, end_s: self.end_s + by_s }
    }
}

/// One utterance for training examples: codes, text, phones and times. No audio, no file.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Name, unique in its corpus.
    pub id: String,
    /// Speaker.
    pub speaker: String,
    /// Transcript.
    pub text: String,
    /// All levels, all frames.
    pub codes: Codes,
    /// Latents before quantization, where the corpus keeps them.
    pub latents: Option<Latents>,
    /// Frames a second of `codes`.
    pub frame_rate_hz: f64,
    /// Phones with durations, if the corpus has them, else empty. Their times start at `lead_s`.
    pub phones: Vec<TimedPhone>,
    /// Silence before the first phone, seconds.
    pub lead_s: f64,
    /// Codes of another utterance of the same speaker, the prompt, if there is one.
    pub prompt: Option<Codes>,
    /// Renditions of the utterance by name (`noisy`, `background`, `mixture`), if the corpus has simulated input; as
    /// many frames as `codes`.
    pub renditions: BTreeMap<String, Coded>,
}
