//! Confidence intervals (95 %) of figures.
//!
//! Errors in utterances of one speaker are correlated, so speakers are resampled, not utterances (cluster bootstrap;
//! Efron and Tibshirani 1993, chapter 13 for the percentile interval; Bisani and Ney 2004 for word errors).

use std::collections::BTreeMap;

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::errors::EditCounts;

/// Share of an interval.
const LEVEL: f64 = 0.95;

/// The 97.5th percentile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A figure and the 95 % interval around it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The figure itself.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Whether the interval of a difference excludes zero: the change is significant.
    pub fn excludes_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// Observations grouped by speaker, in a fixed order.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters<T>(Vec<Vec<T>>);

impl<T> Clusters<T> {
    /// Groups observations by the speaker that each belongs to.
    pub fn by_speaker<S: Into<String>>(observations: impl IntoIterator<Item = (S, T)>) -> Self {
        let mut groups: BTreeMap<String, Vec<T>> = BTreeMap::new();
        for (speaker, value) in observations {
            groups.entry(speaker.into()).or_default().push(value);
        }
        Self(groups.into_values().collect())
    }

    /// Treats every observation as a cluster of its own.
    pub fn independent(observations: impl IntoIterator<Item = T>) -> Self {
        Self(observations.into_iter().map(|value| vec![value]).collect())
    }

    /// Returns the number of observations.
    pub fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// Whether there are no observations.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over all observations, group by group.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }

    /// Returns the clusters to draw: speakers, or the observations of a single speaker.
    fn units(&self) -> Vec<Vec<&T>> {
        match self.0.as_slice() {
            [only] => only.iter().map(|value| vec![value]).collect(),
            groups => groups.iter().map(|group| group.iter().collect()).collect(),
        }
    }
}

/// Returns the 95 % interval of any statistic by cluster bootstrap. `None` when there is nothing, or the statistic of
/// everything is not a number. Resamples whose statistic is not a number are left out.
///
/// `resamples` of 1000 to 2000 are usual; the same seed gives the same interval.
pub fn interval<T>(
    observations: &Clusters<T>,
    statistic: impl Fn(&[&T]) -> f64,
    seed: u64,
    resamples: usize,
) -> Option<Interval> {
    let units = observations.units();
    let estimate = statistic(&observations.iter().collect::<Vec<_>>());
    if units.is_empty() || estimate.is_nan() {
        return None;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn = Vec::with_capacity(observations.len());
    let mut values: Vec<f64> = (0..resamples)
        .map(|_| {
            drawn.clear();
            for _ in 0..units.len() {
                drawn.extend_from_slice(&units[rng.random_range(0..units.len())]);
            }
            statistic(&drawn)
        })
        .filter(|value| !value.is_nan())
        .collect();
    if values.is_empty() {
        return Some(Interval { estimate, low: estimate, high: estimate });
    }
    values.sort_by(f64::total_cmp);
    let tail = (1.0 - LEVEL) / 2.0;
    Some(Interval { estimate, low: quantile(&values, tail), high: quantile(&values, 1.0 - tail) })
}

/// Scores of one utterance in two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair<T> {
    /// In the older run.
    pub old: T,
    /// In the newer run.
    pub new: T,
}

/// Returns the 95 % interval of the change of a statistic from the older run to the newer one (new minus old),
/// when the same utterances were scored twice. Pairing removes the differences in difficulty between sentences.
/// [`Interval::excludes_zero`] states whether the change is significant.
pub fn paired<T>(
    observations: &Clusters<Pair<T>>,
    statistic: impl Fn(&[&T]) -> f64,
    seed: u64,
    resamples: usize,
) -> Option<Interval> {
    let difference = |pairs: &[&Pair<T>]| {
        let old: Vec<&T> = pairs.iter().map(|pair| &pair.old).collect();
        let new: Vec<&T> = pairs.iter().map(|pair| &pair.new).collect();
        statistic(&new) - statistic(&old)
    };
    interval(observations, difference, seed, resamples)
}

/// Statistic: the mean.
pub fn mean(values: &[&f64]) -> f64 {
    values.iter().copied().sum::<f64>() / values.len() as f64
}

/// Statistic: the median; the mean of the middle two of an even number.
pub fn median(values: &[&f64]) -> f64 {
    let mut sorted: Vec<f64> = values.iter().map(|&&v| v).collect();
    sorted.sort_by(f64::total_cmp);
    if sorted.is_empty() { f64::NAN } else { quantile(&sorted, 0.5) }
}

/// Statistic: sum of the first values over sum of the second ones, such as seconds of computation over seconds of
/// audio.
pub fn ratio(values: &[&(f64, f64)]) -> f64 {
    let (above, below) = values.iter().fold((0.0, 0.0), |sum, v| (sum.0 + v.0, sum.1 + v.1));
    above / below
}

/// Statistic: the micro-averaged error rate.
pub fn error_rate(values: &[&EditCounts]) -> f64 {
    values.iter().map(|&&counts| counts).sum::<EditCounts>().rate()
}

/// Returns Wilson's 95 % score interval for `k` failures in `n` trials (Wilson 1927), which is meaningful for no
/// failure, too. (0, 1) for no trials.
pub fn wilson(k: u64, n: u64) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (n as f64, k as f64 / n as f64);
    let z2 = Z * Z;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

/// Returns a quantile of sorted values by linear interpolation.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}
