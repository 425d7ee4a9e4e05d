//! Changes since an older report, with their significance.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syrinx_metrics::bootstrap::{Clusters, Pair, paired};

use crate::catalogue::{Better, figure_kind, rank};
use crate::interval::{RESAMPLES, pooled};
use crate::{BaselineFault, EvalError, Measure, Report, Row};

/// Changes of figures between two reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// The older report.
    pub baseline: String,
    /// Model of the older report.
    pub model: String,
    /// Number of rows in both reports. Only they are compared.
    pub rows: usize,
    /// Changes, one for each figure and variant.
    pub moves: Vec<Move>,
}

/// Change of one figure between two reports, over the rows in both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Move {
    /// Figure.
    pub figure: String,
    /// Variant, such as `8 levels`; empty where there is one only.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// Value in the older report.
    pub old: f64,
    /// Value in the newer report.
    pub new: f64,
    /// Lower end of the 95 % interval of the change, by paired bootstrap over speakers.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Verdict on the change.
    pub moved: Moved,
    /// Whether a significant deterioration of the figure is a regression.
    pub gate: bool,
}

/// Verdict on a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Moved {
    /// No significant change.
    No,
    /// Significant improvement.
    Better,
    /// Significant deterioration.
    Worse,
    /// Significant change of a figure without a better direction.
    Changed,
}

impl Comparison {
    /// Compares older rows with newer ones, row by row and figure by figure, by paired bootstrap over speakers; returns
    /// `None` if no row is in both. `baseline` is the path of the older report, `model` the name of its model.
    pub fn between(baseline: &str, model: &str, old: &[Row], new: &[Row]) -> Option<Self> {
        between(baseline, model, old, new)
    }

    /// Whether any gated figure became significantly worse.
    pub fn regressed(&self) -> bool {
        self.moves.iter().any(|m| m.gate && m.moved == Moved::Worse)
    }

    /// Returns the change of a figure.
    pub fn of(&self, figure: &str, variant: &str) -> Option<&Move> {
        self.moves.iter().find(|m| m.figure == figure && m.variant == variant)
    }
}

/// Measures of one row in two runs.
struct SpeakerPair<'a> {
    speaker: &'a str,
    measures: Pair<Measure>,
}

/// Compares rows with those of an older report, row by row.
pub(crate) fn compare(path: &Path, old: &Report, rows: &[Row]) -> Result<Comparison, EvalError> {
    let name = path.display().to_string();
    Comparison::between(&name, &old.model, &old.rows, rows).ok_or_else(|| {
        let fault = BaselineFault::OtherRows { suite: old.suite.clone() };
        EvalError::Baseline { path: path.to_path_buf(), fault }
    })
}

fn between(baseline: &str, model: &str, old: &[Row], new: &[Row]) -> Option<Comparison> {
    let of_id: HashMap<&str, &Row> = old.iter().map(|r| (r.id.as_str(), r)).collect();
    let pairs: Vec<(&Row, &Row)> =
        new.iter().filter_map(|new| Some((*of_id.get(new.id.as_str())?, new))).collect();
    if pairs.is_empty() {
        return None;
    }
    // By variant and figure.
    let mut by_figure: BTreeMap<(String, String), Vec<SpeakerPair<'_>>> = BTreeMap::new();
    for (old, new) in &pairs {
        let mut before = old.all_measures();
        for (figure, now) in new.all_measures() {
            if let Some(then) = before.remove(&figure) {
                let measures = by_figure.entry((new.variant.clone(), figure)).or_default();
                measures.push(SpeakerPair {
                    speaker: &new.group,
                    measures: Pair { old: then, new: now },
                });
            }
        }
    }
    let mut moves: Vec<Move> =
        by_figure.into_iter().filter_map(|((variant, name), m)| moved(name, variant, m)).collect();
    moves.sort_by_key(|m| (m.variant.clone(), rank(&m.figure)));
    Some(Comparison {
        baseline: baseline.to_owned(),
        model: model.to_owned(),
        rows: pairs.len(),
        moves,
    })
}

fn moved(figure: String, variant: String, pairs: Vec<SpeakerPair<'_>>) -> Option<Move> {
    let kind = figure_kind(&figure);
    let old = pooled(pairs.iter().map(|pair| &pair.measures.old), kind.pool);
    let new = pooled(pairs.iter().map(|pair| &pair.measures.new), kind.pool);
    let pairs = Clusters::by_speaker(pairs.into_iter().map(|pair| (pair.speaker, pair.measures)));
    let statistic = |measures: &[&Measure]| pooled(measures.iter().copied(), kind.pool);
    let change = paired(&pairs, statistic, 0, RESAMPLES)?;
    let moved = match (change.excludes_zero(), kind.better, change.estimate > 0.0) {
        (false, ..) => Moved::No,
        (true, Better::Neither, _) => Moved::Changed,
        (true, Better::Lower, false) | (true, Better::Higher, true) => Moved::Better,
        (true, ..) => Moved::Worse,
    };
    let (low, high) = (change.low, change.high);
    Some(Move { figure, variant, old, new, low, high, moved, gate: kind.gate })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(figure: &str, value: impl Fn(usize) -> f64) -> Vec<Row> {
        (0..24)
            .map(|i| Row {
                id: i.to_string(),
                group: format!("voice {}", i % 12),
                measures: [(figure.to_owned(), Measure::value(value(i)))].into(),
                ..Row::default()
            })
            .collect()
    }

    fn report(rows: Vec<Row>) -> Report {
        Report {
            format: crate::REPORT_FORMAT,
            suite: "s".into(),
            summary: String::new(),
            task: String::new(),
            model: "old".into(),
            fingerprint: String::new(),
            judges: Vec::new(),
            provenance: crate::Provenance::default(),
            missing: 0,
            figures: Vec::new(),
            groups: Vec::new(),
            comparison: None,
            rows,
        }
    }

    #[test]
    fn only_what_moves_beyond_noise_and_the_wrong_way_is_a_regression() {
        let noise = |i: usize| ((i * 7919) % 13) as f64 / 13.0;
        let check = |figure: &str, change: f64, jitter: f64, expected: Moved, regressed: bool| {
            let old = report(rows(figure, noise));
            let swing = |i: usize| if i.is_multiple_of(2) { jitter } else { -jitter };
            let new = rows(figure, |i| noise(i) + change + swing(i));
            let comparison = compare(Path::new("old.json"), &old, &new).unwrap();
            assert_eq!(comparison.moves[0].moved, expected, "{figure} {change} {jitter}");
            assert_eq!(comparison.regressed(), regressed, "{figure} {change} {jitter}");
        };
        check("mcd_db", 0.0, 0.0, Moved::No, false);
        check("mcd_db", 0.02, 1.0, Moved::No, false);
        // Pairing finds a small change under large differences between rows.
        check("mcd_db", 0.1, 0.05, Moved::Worse, true);
        check("mcd_db", -0.1, 0.05, Moved::Better, false);
        check("similarity", 0.1, 0.05, Moved::Better, false);
        check("similarity", -0.1, 0.05, Moved::Worse, true);
        check("rtf", 0.1, 0.05, Moved::Worse, false);
        check("f0_hz", 0.1, 0.05, Moved::Changed, false);
    }

    #[test]
    fn reports_without_a_row_in_common_cannot_be_compared() {
        let old = report(Vec::new());
        let error = compare(Path::new("old.json"), &old, &rows("wer", |_| 0.0)).unwrap_err();
        assert!(error.to_string().contains("no row in common"), "{error}");
    }
}
