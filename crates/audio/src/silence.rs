//! Energy-based detection of pauses, of the bounds of speech, and of cuts in long recordings.
//!
//! All functions are single passes over frames of 10 ms.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::Audio;

/// Definition of a pause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PauseConfig {
    /// Shortest pause, seconds.
    pub min_pause_s: f64,
    /// Level above the noise floor from which a frame is speech, dB.
    pub above_noise_db: f64,
    /// Level below the loud parts from which a frame is not speech, dB.
    pub below_speech_db: f64,
}

impl Default for PauseConfig {
    fn default() -> Self {
        Self { min_pause_s: 0.2, above_noise_db: 9.0, below_speech_db: 40.0 }
    }
}

/// Length of an energy frame, seconds.
pub(crate) const FRAME_S: f64 = 0.01;

/// Level of digital silence, dB.
const FLOOR_DB: f32 = -120.0;

/// Level of the loud parts below which a recording has no speech: the quantization noise of 16 bits, dB.
const INAUDIBLE_DB: f32 = -90.0;

/// Level of the loud parts below which a recording of steady level has no speech but faint noise, dB.
const INAUDIBLE_STEADY_DB: f32 = -65.0;

/// Shortest speech in a long recording that is silent otherwise, seconds; clicks are shorter.
const SHORTEST_SPEECH_S: f64 = 0.5;

/// Range of levels below which a recording counts as steady, dB.
const STEADY_DB: f32 = 12.0;

/// Returns the pauses of a recording as (start, end) in seconds, in order, including those at its ends. A silent
/// recording is one pause; an empty one has none.
///
/// The threshold adapts to the recording. It lies between the noise floor (5th percentile of the level) and the loud
/// parts (95th percentile).
pub fn find_pauses(audio: &Audio, config: &PauseConfig) -> Vec<(f64, f64)> {
    let levels = levels_db(audio);
    let threshold = threshold_db(&levels, config);
    let total_s = audio.seconds();
    let mut pauses = Vec::new();
    let mut start = None;
    for i in 0..=levels.len() {
        let quiet = i < levels.len() && levels[i] < threshold;
        match (quiet, start) {
            (true, None) => start = Some(i),
            (false, Some(first)) => {
                let (a, b) = (first as f64 * FRAME_S, (i as f64 * FRAME_S).min(total_s));
                if b - a >= config.min_pause_s || (first == 0 && i == levels.len()) {
                    pauses.push((a, b));
                }
                start = None;
            }
            _ => {}
        }
    }
    pauses
}

/// Returns the start and end of the speech in seconds; `None` for a recording without speech.
pub fn speech_bounds(audio: &Audio, config: &PauseConfig) -> Option<(f64, f64)> {
    let levels = levels_db(audio);
    let threshold = threshold_db(&levels, config);
    let first = levels.iter().position(|&x| x >= threshold)?;
    let last = levels.iter().rposition(|&x| x >= threshold)?;
    Some((first as f64 * FRAME_S, ((last + 1) as f64 * FRAME_S).min(audio.seconds())))
}

/// Removes silence at both ends of a recording except for `keep_s` seconds. A silent recording is unchanged.
pub fn trim(audio: &Audio, config: &PauseConfig, keep_s: f64) -> Audio {
    match speech_bounds(audio, config) {
        Some((start, end)) => audio.slice(start - keep_s, end + keep_s),
        None => audio.clone(),
    }
}

/// Cuts a recording into adjacent chunks of at most `max_s` seconds, as (start, end) in seconds. A chunk ends in the
/// quietest 0.2 s of its second half.
pub fn chunks(audio: &Audio, max_s: f64) -> Vec<(f64, f64)> {
    chunks_of_power(&power(audio), audio.seconds(), max_s)
}

/// Returns the [`chunks`] of a recording from the power of its frames of 10 ms.
pub(crate) fn chunks_of_power(power: &[f64], total_s: f64, max_s: f64) -> Vec<(f64, f64)> {
    if total_s <= 0.0 {
        return Vec::new();
    }
    if max_s.is_nan() || max_s >= total_s {
        return vec![(0.0, total_s)];
    }
    let smooth = smoothed(power, 20);
    let longest = ((max_s / FRAME_S).floor() as usize).max(1);
    let mut cuts = Vec::new();
    let mut start = 0;
    while (smooth.len() - start) as f64 * FRAME_S > max_s {
        let end = (start + longest).min(smooth.len());
        let from = start + longest.div_ceil(2);
        let quietest = quietest(&smooth[from.min(end - 1)..end]) + from.min(end - 1);
        start = quietest.max(start + 1);
        cuts.push(start as f64 * FRAME_S);
    }
    let starts = std::iter::once(0.0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain(std::iter::once(total_s));
    starts.zip(ends).collect()
}

/// Returns the index of the smallest value; if several are equal, the middle of their longest run.
fn quietest(power: &[f64]) -> usize {
    let least = power.iter().copied().fold(f64::INFINITY, f64::min);
    let (mut best, mut run) = ((0, 0), (0, 0));
    for (i, &p) in power.iter().enumerate() {
        run = if p <= least * 1.0001 {
            (if run.1 == 0 { i } else { run.0 }, run.1 + 1)
        } else {
            (0, 0)
        };
        if run.1 > best.1 {
            best = run;
        }
    }
    best.0 + best.1 / 2
}

/// Returns the mean power of each frame of 10 ms.
fn power(audio: &Audio) -> Vec<f64> {
    let frames = (audio.seconds() / FRAME_S).ceil() as usize;
    let (n, rate_hz) = (audio.samples.len(), f64::from(audio.sample_rate_hz));
    let mut power = Vec::with_capacity(frames);
    frame_power(&audio.samples, 0, n, rate_hz, 0..frames, &mut power);
    power
}

/// Appends the mean power of some frames of a recording with `n` samples. `samples` are its samples from index `first`
/// on.
pub(crate) fn frame_power(
    samples: &[f32],
    first: usize,
    n: usize,
    rate_hz: f64,
    frames: Range<usize>,
    power: &mut Vec<f64>,
) {
    // Each boundary is rounded separately, so that errors do not accumulate at rates that are not multiples of 100 Hz.
    let at = |i: usize| ((i as f64 * FRAME_S * rate_hz).round() as usize).min(n);
    power.extend(frames.filter(|&i| at(i) < n).map(|i| {
        let frame = &samples[at(i) - first..at(i + 1).max(at(i) + 1).min(n) - first];
        frame.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>() / frame.len() as f64
    }));
}

fn levels_db(audio: &Audio) -> Vec<f32> {
    power(audio).iter().map(|&p| (10.0 * p.log10()).max(f64::from(FLOOR_DB)) as f32).collect()
}

/// Returns the power averaged over `width` frames around each frame, by running sums.
fn smoothed(power: &[f64], width: usize) -> Vec<f64> {
    let mut sums = Vec::with_capacity(power.len() + 1);
    sums.push(0.0);
    for p in power {
        sums.push(sums.last().copied().unwrap_or(0.0) + p);
    }
    (0..power.len())
        .map(|i| {
            let (a, b) = (i.saturating_sub(width / 2), (i + width.div_ceil(2)).min(power.len()));
            ((sums[b] - sums[a]) / (b - a) as f64).max(0.0)
        })
        .collect()
}

/// Returns the level of the loud parts of a recording (95th percentile of its frames), and the smallest level at which
/// they can be speech, both in dB relative to full scale. The latter is higher for recordings of steady level.
pub fn speech_level_db(audio: &Audio) -> (f32, f32) {
    let (noise, speech) = percentiles(&levels_db(audio));
    (speech, inaudible_db(noise, speech))
}

/// Whether even the loud parts of a recording are too quiet for speech ([`speech_level_db`]).
pub fn is_inaudible(audio: &Audio) -> bool {
    let (level_dbfs, needed_dbfs) = speech_level_db(audio);
    level_dbfs < needed_dbfs
}

fn inaudible_db(noise: f32, speech: f32) -> f32 {
    if speech - noise < STEADY_DB { INAUDIBLE_STEADY_DB } else { INAUDIBLE_DB }
}

/// Returns the 5th and 95th percentile of levels. In a recording whose level hardly changes but for a little speech,
/// the latter is the level that [`SHORTEST_SPEECH_S`] exceed.
fn percentiles(levels: &[f32]) -> (f32, f32) {
    let mut sorted = levels.to_vec();
    sorted.sort_by(f32::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let at = |index: usize| sorted.get(index).copied().unwrap_or(FLOOR_DB);
    let share = |share: f64| at((share * last as f64) as usize);
    let (noise, speech) = (share(0.05), share(0.95));
    let loudest = at(last.saturating_sub((SHORTEST_SPEECH_S / FRAME_S) as usize));
    let is_quiet = speech - noise < STEADY_DB || speech < inaudible_db(noise, speech);
    let is_rare = is_quiet && loudest - noise >= STEADY_DB;
    (noise, if is_rare { loudest.max(speech) } else { speech })
}

fn threshold_db(levels: &[f32], config: &PauseConfig) -> f32 {
    let (noise, speech) = percentiles(levels);
    let from_noise = noise + config.above_noise_db as f32;
    let from_speech = speech - config.below_speech_db as f32;
    // Speech without pauses has a high "noise floor", so the threshold is at least 15 dB below the loud parts.
    from_noise.max(from_speech).min(speech - 15.0).max(inaudible_db(noise, speech))
}
