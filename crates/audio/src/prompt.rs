//! Voice prompts from recordings: the best section of speech, without surrounding silence, at a common level.
//!
//! The same rules apply to stored voices and to recordings in requests.

use std::borrow::Cow;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::Audio;

use crate::AudioWarning;
use crate::silence::{FRAME_S, PauseConfig, find_pauses, speech_bounds, speech_level_db, trim};
use crate::speech::has_speech;

/// Settings of prompts from recordings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PromptConfig {
    /// Longest prompt of a stored voice, seconds; the default is 225 frames of 40 ms. Recordings in requests have the
    /// limit `max_prompt_frames` of the task instead.
    pub max_s: f64,
    /// Least amount of speech in a prompt, seconds.
    pub min_s: f64,
    /// Silence kept before and after the speech, seconds.
    pub keep_silence_s: f64,
    /// Level of prompts after normalization: root mean square of the speech, dB relative to full scale.
    pub level_dbfs: f64,
    /// Settings of pause detection.
    pub pauses: PauseConfig,
}

impl Default for PromptConfig {
    fn default() -> Self {
        Self {
            max_s: 9.0,
            min_s: 0.5,
            keep_silence_s: 0.1,
            level_dbfs: -22.0,
            pauses: PauseConfig::default(),
        }
    }
}

/// Reason for which a recording can't be a voice prompt.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PromptError {
    /// The recording is too short.
    #[error("the recording lasts {seconds:.3} s, less than the {min_s} s of the shortest prompt")]
    TooShort {
        /// Length of the recording, seconds.
        seconds: f64,
        /// Shortest prompt, seconds.
        min_s: f64,
    },
    /// The recording is silent.
    #[error(
        "the recording is silent: its loudest part is at {level_dbfs:.0} dBFS, speech needs {needed_dbfs:.0}"
    )]
    Silent {
        /// Level of the loudest part, dB relative to full scale.
        level_dbfs: f64,
        /// Smallest level of speech, dB relative to full scale.
        needed_dbfs: f64,
    },
    /// Too little of the recording is speech.
    #[error(
        "the recording has {speech_s:.2} s of speech, less than the {min_s} s of the shortest prompt"
    )]
    TooLittleSpeech {
        /// Amount of speech in the best section, seconds.
        speech_s: f64,
        /// Shortest prompt, seconds.
        min_s: f64,
    },
}

impl PromptError {
    /// Returns the remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TooShort { .. } | Self::TooLittleSpeech { .. } => {
                "give 2 to 3 seconds of speech of one speaker"
            }
            Self::Silent { .. } => "record 2 to 3 seconds of speech louder",
        }
    }
}

/// Longest pause between two sentences, seconds. Longer ones count against a section: they take the place of speech.
const LONG_PAUSE_S: f64 = 0.5;

/// Magnitude above which a sample counts as clipped.
const CLIPPED: f32 = 0.99;

/// Share of clipped samples above which a prompt sounds distorted. Peaks of unclipped speech at full scale have a share
/// below a tenth of this.
const MOST_CLIPPED: f64 = 0.002;

/// Section of a recording that serves as a prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Excerpt {
    /// The section, trimmed and normalized in level.
    pub audio: Audio,
    /// Share of the section's samples that are at full scale in the recording, 0 to 1.
    pub clipped_share: f64,
    /// Whether it may be speech: noise and tones are none.
    pub has_speech: bool,
}

impl Excerpt {
    /// Returns warnings of a prompt that is clipped or has no speech. `name` is the recording's.
    pub fn warnings(&self, name: &str) -> impl Iterator<Item = AudioWarning> + use<> {
        let (name, share) = (name.to_owned(), self.clipped_share);
        let clipped = (share > MOST_CLIPPED)
            .then(|| AudioWarning::ClippedPrompt { name: name.clone(), share });
        let speechless = (!self.has_speech).then_some(AudioWarning::PromptWithoutSpeech { name });
        clipped.into_iter().chain(speechless)
    }
}

/// Bonus in the score of a section that ends with a complete word, in seconds of speech.
const WHOLE_WORDS_S: f64 = 0.3;

/// Returns the section of a recording that is the best prompt: with the most speech within `config.max_s`, with few
/// clipped samples, and cut at pauses if possible. The section is trimmed and normalized in level.
///
/// # Errors
/// [`PromptError`] for a recording that is silent or has too little speech.
pub fn excerpt(audio: &Audio, config: &PromptConfig) -> Result<Excerpt, PromptError> {
    let audio = &centered(audio);
    check(audio, config)?;
    let pauses = find_pauses(audio, &config.pauses);
    let total_s = audio.seconds();
    let clipped = clipped_samples(audio);
    let mut best: Option<(f64, (f64, f64))> = None;
    for start in std::iter::once(0.0).chain(pauses.iter().map(|p| p.1)) {
        // The silence before the first word is part of the section.
        let lead_s = config.keep_silence_s.min(start);
        let longest = (start + config.max_s - lead_s).min(total_s);
        let inside = &pauses[pauses.partition_point(|p| p.1 <= start)..];
        let inside = &inside[..inside.partition_point(|p| p.0 <= longest)];
        // A section that ends at a pause does not end within a word.
        let pause = inside.last().map(|p| p.0).filter(|&p| p > start);
        for end in pause.into_iter().chain([longest]) {
            let whole_words =
                if pause == Some(end) || end >= total_s { WHOLE_WORDS_S } else { 0.0 };
            let silences = inside.iter().map(|&(p, q)| (q.min(end) - p.max(start)).max(0.0));
            let silent: f64 = silences.clone().sum();
            let long_silent: f64 = silences.map(|s| (s - LONG_PAUSE_S).max(0.0)).sum();
            let span = sample_at(audio, start)..sample_at(audio, end);
            let speech_s = end - start - silent;
            // The longest stretch is still the best one if all speech is clipped.
            let penalty = (20.0 * share_of(&clipped, span)).min(0.9 * speech_s);
            let score = speech_s + whole_words - penalty - long_silent;
            if best.is_none_or(|(s, _)| score > s) {
                best = Some((score, (start, end)));
            }
        }
    }
    let (start, end) = best.map_or((0.0, total_s), |b| b.1);
    levelled(&audio.slice(start - config.keep_silence_s, end + config.keep_silence_s), config)
}

/// Returns a recording without a constant offset, which would hide its pauses.
fn centered(audio: &Audio) -> Cow<'_, Audio> {
    const SMALLEST: f64 = 0.01;
    let sum: f64 = audio.samples.iter().map(|&x| f64::from(x)).sum();
    let mean = sum / audio.samples.len().max(1) as f64;
    if mean.abs() < SMALLEST {
        return Cow::Borrowed(audio);
    }
    let samples = audio.samples.iter().map(|x| x - mean as f32).collect();
    Cow::Owned(Audio { samples, sample_rate_hz: audio.sample_rate_hz })
}

/// Trims a section, cuts it to `config.max_s` and normalizes its level.
fn levelled(audio: &Audio, config: &PromptConfig) -> Result<Excerpt, PromptError> {
    let mut audio = trim(audio, &config.pauses, config.keep_silence_s).slice(0.0, config.max_s);
    let pauses = find_pauses(&audio, &config.pauses);
    let (start, end) = speech_bounds(&audio, &config.pauses).unwrap_or_default();
    let inside = pauses.iter().filter(|(a, b)| *a > start && *b < end);
    let speech_s = end - start - inside.map(|(a, b)| b - a).sum::<f64>();
    // Speech is measured in frames of 10 ms, so the measured length may be too short by one frame.
    if speech_s + FRAME_S < config.min_s {
        return Err(PromptError::TooLittleSpeech { speech_s, min_s: config.min_s });
    }
    let speech_rms = f64::from(audio.rms()) * (audio.seconds() / speech_s.max(1e-3)).sqrt();
    let peak = audio.samples.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    let level = 10f64.powf(config.level_dbfs / 20.0) / speech_rms.max(1e-9);
    let gain = (level as f32).min(CLIPPED / peak.max(1e-9));
    let clipped_share = share_of(&clipped_samples(&audio), 0..audio.samples.len());
    audio.samples.iter_mut().for_each(|x| *x *= gain);
    let has_speech = has_speech(&audio);
    Ok(Excerpt { audio, clipped_share, has_speech })
}

fn check(audio: &Audio, config: &PromptConfig) -> Result<(), PromptError> {
    if audio.seconds() < config.min_s {
        return Err(PromptError::TooShort { seconds: audio.seconds(), min_s: config.min_s });
    }
    let (level_dbfs, needed_dbfs) = speech_level_db(audio);
    let (level_dbfs, needed_dbfs) = (f64::from(level_dbfs), f64::from(needed_dbfs));
    if level_dbfs < needed_dbfs {
        return Err(PromptError::Silent { level_dbfs, needed_dbfs });
    }
    Ok(())
}

/// Returns the indices of clipped samples.
fn clipped_samples(audio: &Audio) -> Vec<usize> {
    let samples = audio.samples.iter().enumerate();
    samples.filter(|(_, x)| x.abs() > CLIPPED).map(|(i, _)| i).collect()
}

/// Returns the share of the indices in `range` that the sorted `indices` contain.
fn share_of(indices: &[usize], range: Range<usize>) -> f64 {
    let below = |at: usize| indices.partition_point(|&i| i < at);
    (below(range.end) - below(range.start)) as f64 / range.len().max(1) as f64
}

fn sample_at(audio: &Audio, at_s: f64) -> usize {
    ((at_s * f64::from(audio.sample_rate_hz)).round().max(0.0) as usize).min(audio.samples.len())
}
