//! Figures from rows.

use std::collections::{BTreeMap, BTreeSet};

use syrinx_metrics::bootstrap::Clusters;

use crate::catalogue::{base, figure_kind, rank};
use crate::interval::interval;
use crate::{Figure, GroupFigures, Measure, Row};

/// Largest number of groups for which the report has a table by group.
const MOST_GROUPS: usize = 40;

/// Returns the figures of all rows, variant by variant: those named in `first` (with or without a judge) first, in that
/// order.
pub fn figures(rows: &[Row], first: &[String]) -> Vec<Figure> {
    let mut seen = BTreeSet::new();
    let variants: Vec<&str> =
        rows.iter().map(|r| r.variant.as_str()).filter(|v| seen.insert(*v)).collect();
    variants
        .iter()
        .flat_map(|variant| {
            let rows: Vec<&Row> = rows.iter().filter(|r| r.variant == **variant).collect();
            of_rows(&rows, variant, first)
        })
        .collect()
}

/// Returns the figures of every group; empty for a single group, for too many groups, and for groups of one row each.
pub(crate) fn groups(rows: &[Row], first: &[String]) -> Vec<GroupFigures> {
    // Rows of the ceiling are not answers in a speaker's voice.
    let answers: Vec<&Row> = rows.iter().filter(|row| row.variant.is_empty()).collect();
    let mut of_group: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in answers.iter().copied() {
        of_group.entry(&row.group).or_default().push(row);
    }
    let n = of_group.len();
    if !(2..=MOST_GROUPS).contains(&n) || n == answers.len() {
        return Vec::new();
    }
    of_group
        .into_iter()
        .map(|(group, rows)| GroupFigures {
            group: group.to_owned(),
            figures: of_rows(&rows, "", first),
        })
        .collect()
}

/// Returns the rows by figure: group and measure of each.
pub(crate) fn by_figure<'a>(
    rows: impl IntoIterator<Item = &'a Row>,
) -> BTreeMap<String, Vec<(&'a str, Measure)>> {
    let mut by_figure: BTreeMap<String, Vec<(&str, Measure)>> = BTreeMap::new();
    for row in rows {
        for (figure, measure) in row.all_measures() {
            by_figure.entry(figure).or_default().push((&row.group, measure));
        }
    }
    by_figure
}

fn of_rows(rows: &[&Row], variant: &str, first: &[String]) -> Vec<Figure> {
    let mut figures: Vec<Figure> = by_figure(rows.iter().copied())
        .into_iter()
        .filter_map(|(name, measures)| {
            let n = measures.len();
            let clusters = Clusters::by_speaker(measures);
            let kind = figure_kind(&name);
            let interval = interval(&clusters, kind.pool)?;
            Some(Figure {
                name,
                variant: variant.to_owned(),
                value: interval.estimate,
                low: interval.low,
                high: interval.high,
                rows: n,
                unit: kind.unit,
                better: kind.better,
            })
        })
        .collect();
    figures.sort_by_key(|f| (chosen(first, &f.name), rank(&f.name)));
    figures
}

/// Returns the rank of a figure: named ones first, in their order.
fn chosen(first: &[String], figure: &str) -> usize {
    let named = |f: &String| f == figure || f == base(figure);
    first.iter().position(named).unwrap_or(first.len())
}

/// Returns a value by which the worst rows sort first: missing answers, then the share of wrong words or phones, then
/// the spectral distance, then low speaker similarity.
pub fn badness(row: &Row) -> f64 {
    if row.error.is_some() {
        return f64::MAX;
    }
    let measures = row.all_measures();
    let mean_of = |name: &str| {
        let values: Vec<f64> = measures
            .iter()
            .filter(|(f, _)| base(f) == name)
            .filter_map(|(_, m)| m.alone())
            .collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let errors = mean_of("wer").or_else(|| mean_of("per_no_stress")).unwrap_or_default();
    let distance = mean_of("lsd_db").or_else(|| mean_of("mcd_db")).unwrap_or_default();
    let unlike = mean_of("similarity").map_or(0.0, |s| 1.0 - s);
    // Distance and similarity only break ties between equal shares of errors.
    errors + 1e-3 * distance + 1e-3 * unlike
}
