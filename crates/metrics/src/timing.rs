//! Deviation of word times, and real-time factors.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::WordTime;

use crate::errors::{Op, align};

/// Deviation of word times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimingError {
    /// Median of the absolute errors of all starts and ends of matched words, seconds.
    pub median_s: f64,
    /// Mean of these errors, seconds.
    pub mean_s: f64,
    /// Number of words in both.
    pub matched: usize,
}

/// Errors of starts and ends of the words that both have, matched by alignment without regard to case. `None` when no
/// word is in both.
pub fn timing_error(reference: &[WordTime], hypothesis: &[WordTime]) -> Option<TimingError> {
    let mut errors = boundary_errors_s(reference, hypothesis);
    if errors.is_empty() {
        return None;
    }
    errors.sort_by(f64::total_cmp);
    let (n, middle) = (errors.len(), errors.len() / 2);
    Some(TimingError {
        // Every word gives two errors, so that their number is even.
        median_s: (errors[middle - 1] + errors[middle]) / 2.0,
        mean_s: errors.iter().sum::<f64>() / n as f64,
        matched: n / 2,
    })
}

/// Returns the median of the absolute errors of starts and ends of matched words, seconds: see [`timing_error`].
pub fn median_error_s(reference: &[WordTime], hypothesis: &[WordTime]) -> Option<f64> {
    timing_error(reference, hypothesis).map(|error| error.median_s)
}

/// Absolute errors in seconds: start and end of each matched word in turn. For pooling over utterances.
pub fn boundary_errors_s(reference: &[WordTime], hypothesis: &[WordTime]) -> Vec<f64> {
    let words =
        |times: &[WordTime]| times.iter().map(|w| w.word.to_lowercase()).collect::<Vec<_>>();
    let (_, ops) = align(&words(reference), &words(hypothesis));
    ops.iter()
        .filter_map(|op| match *op {
            Op::Equal { reference: i, hypothesis: j } => Some((&reference[i], &hypothesis[j])),
            _ => None,
        })
        .flat_map(|(r, h)| [(r.start_s - h.start_s).abs(), (r.end_s - h.end_s).abs()])
        .collect()
}

/// Returns the real-time factor: seconds of computation per second of audio; below 1 is faster than real time. `None`
/// without audio.
pub fn rtf(work_s: f64, audio_s: f64) -> Option<f64> {
    (audio_s > 0.0).then(|| work_s / audio_s)
}
