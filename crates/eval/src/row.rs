//! One request with the measures of its answer.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_types::{Fingerprint, Fnv1a};

use crate::Verdict;
use crate::score::slips;

/// Contribution of one row to a figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Measure {
    /// A ratio, such as errors per word. Over rows, numerators and denominators are summed before the division.
    Ratio {
        /// Numerator.
        part: f64,
        /// Denominator.
        whole: f64,
    },
    /// Single values, pooled over rows.
    Values(Vec<f64>),
}

impl Measure {
    /// Builds a ratio of two counts.
    pub fn count(part: usize, whole: usize) -> Self {
        Self::Ratio { part: part as f64, whole: whole as f64 }
    }

    /// Builds a measure of 1 for yes, 0 for no.
    pub fn flag(yes: bool) -> Self {
        Self::count(usize::from(yes), 1)
    }

    /// Builds a measure of one value.
    pub fn value(value: f64) -> Self {
        Self::Values(vec![value])
    }

    /// Returns the figure of this row alone; `None` if it is empty.
    pub fn alone(&self) -> Option<f64> {
        match self {
            Self::Ratio { part, whole } => (*whole > 0.0).then(|| part / whole),
            Self::Values(values) if values.is_empty() => None,
            Self::Values(values) => Some(values.iter().sum::<f64>() / values.len() as f64),
        }
    }
}

/// A finished row: one line of `rows.jsonl`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Row {
    /// Hash of everything that the answer depends on. Rows with the same key are the same row.
    pub key: String,
    /// Name, unique in the run: item, voice, seed, variant.
    pub id: String,
    /// Speaker or voice, the unit of the bootstrap.
    pub group: String,
    /// Variant, such as `8 levels`; empty where there is one only.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// Seed.
    pub seed: u64,
    /// Reference: words or phones.
    pub reference: String,
    /// Words or phones of the answer. Empty for recordings: see `verdicts`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hypothesis: String,
    /// Output recording, relative to the run's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<String>,
    /// Reference recording, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_audio: Option<String>,
    /// Recording of the requested voice, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Cause of a missing answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Measures without a judge, by figure.
    pub measures: BTreeMap<String, Measure>,
    /// Results of judges, by judge.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub verdicts: BTreeMap<String, Verdict>,
}

impl Row {
    /// Returns all measures, those of judges as `FIGURE@JUDGE`.
    pub fn all_measures(&self) -> BTreeMap<String, Measure> {
        let mut all = self.measures.clone();
        for (judge, verdict) in &self.verdicts {
            let slips =
                verdict.transcript.iter().flat_map(|transcript| slips(&self.reference, transcript));
            for (figure, measure) in verdict.measures().into_iter().chain(slips) {
                all.insert(format!("{figure}@{judge}"), measure);
            }
        }
        all
    }

    /// Returns the row's own text, or the transcript of the first judge that has one.
    pub fn transcript(&self) -> Option<&str> {
        if !self.hypothesis.is_empty() {
            return Some(&self.hypothesis);
        }
        self.verdicts.values().find_map(|v| v.transcript.as_deref())
    }
}

/// Version of [`Row`]. Raised when rows of an older program would be misread, so that they are computed again.
const ROW_FORMAT: &str = "row 2";

/// Returns the key of a row: a hash of everything that its answer depends on.
pub(crate) fn row_key(parts: &[&str]) -> String {
    content_hash(&[&[ROW_FORMAT], parts].concat())
}

/// Returns the fingerprint of several texts.
pub fn content_hash(parts: &[&str]) -> String {
    parts.iter().fold(Fingerprint::default(), |hash, part| hash.part(part.as_bytes())).hex()
}

/// Returns the seed of the answer to one request. Every request has its own seed: with a common one, the rows would be
/// correlated and the intervals too narrow.
pub(crate) fn draw_seed(seed: u64, question: &str) -> u64 {
    // Short enough to be typed after `--seed`.
    let parts = [seed.to_string(), question.to_owned()];
    Fnv1a::default().bytes(parts.iter().flat_map(|part| part.bytes().chain([0]))).value() >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_tell_apart() {
        assert_eq!(content_hash(&["a", "b"]), content_hash(&["a", "b"]));
        assert_ne!(content_hash(&["a", "b"]), content_hash(&["ab", ""]));
        assert_ne!(content_hash(&["a"]), content_hash(&["b"]));
    }
}
