//! Order of the rows of a run: the worst first.

use std::collections::BTreeMap;

use syrinx_eval::{Better, Measure, Row, badness, figure_kind};

use crate::{ResultsError, Run, Store};

/// Returns a key that sorts the worst row first when sorted in descending order: the value of a figure, negated where
/// higher is better. A row without the figure has the lowest key.
pub fn badness_by(measures: &BTreeMap<String, Measure>, figure: &str) -> f64 {
    let value = measures.get(figure).and_then(Measure::alone).filter(|value| value.is_finite());
    match value {
        Some(value) if figure_kind(figure).better == Better::Higher => -value,
        Some(value) => value,
        None => f64::NEG_INFINITY,
    }
}

impl Store {
    /// Returns the rows of a run, the worst first: by a figure, or by all figures combined.
    ///
    /// # Errors
    /// [`ResultsError::NoFigure`] for a figure that no row has, and the errors of [`Store::rows`].
    pub fn worst_rows(&self, run: &Run, figure: Option<&str>) -> Result<Vec<Row>, ResultsError> {
        let mut rows = self.rows(&run.id)?;
        let Some(figure) = figure else {
            rows.sort_by(|a, b| badness(b).total_cmp(&badness(a)));
            return Ok(rows);
        };
        let worst = |row: &Row| badness_by(&row.all_measures(), figure);
        if !rows.is_empty() && rows.iter().all(|row| worst(row) == f64::NEG_INFINITY) {
            return Err(ResultsError::NoFigure {
                run: run.id.clone(),
                figure: figure.to_owned(),
                known: run.figures.iter().map(|figure| figure.name.clone()).collect(),
            });
        }
        rows.sort_by(|a, b| worst(b).total_cmp(&worst(a)));
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_values_are_bad_where_higher_is_better() {
        let measures = BTreeMap::from([
            ("wer".to_owned(), Measure::value(0.5)),
            ("similarity".to_owned(), Measure::value(0.9)),
        ]);
        let of = |figure: &str| badness_by(&measures, figure);
        assert_eq!((of("wer"), of("similarity"), of("nothing")), (0.5, -0.9, f64::NEG_INFINITY));
    }
}
