//! Figures with intervals from rows.

use syrinx_metrics::bootstrap::{self, Clusters, Interval};

use crate::Measure;
use crate::catalogue::Pooling;

/// Number of bootstrap resamples.
pub const RESAMPLES: usize = 1000;

/// Returns the figure with its 95 % interval by bootstrap over speakers; `None` without measures.
pub(crate) fn interval(rows: &Clusters<Measure>, pool: Pooling) -> Option<Interval> {
    bootstrap::interval(rows, |measures| pooled(measures.iter().copied(), pool), 0, RESAMPLES)
}

/// Pools measures to one figure; NaN without measures.
pub(crate) fn pooled<'a>(measures: impl IntoIterator<Item = &'a Measure>, pool: Pooling) -> f64 {
    let (mut part, mut whole, mut values) = (0.0, 0.0, Vec::new());
    for measure in measures {
        match measure {
            Measure::Ratio { part: p, whole: w } => {
                part += p;
                whole += w;
            }
            Measure::Values(v) => values.extend(v),
        }
    }
    match pool {
        _ if whole > 0.0 => part / whole,
        _ if values.is_empty() => f64::NAN,
        Pooling::Mean => bootstrap::mean(&values),
        Pooling::Median => bootstrap::median(&values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools() {
        let check = |measures: &[Measure], pool, expected: f64| {
            let got = pooled(measures, pool);
            assert!(got == expected || (got.is_nan() && expected.is_nan()), "{got} {expected}");
        };
        check(&[], Pooling::Mean, f64::NAN);
        check(&[Measure::count(1, 4), Measure::count(3, 4)], Pooling::Median, 0.5);
        check(&[Measure::count(0, 0)], Pooling::Mean, f64::NAN);
        let values = [Measure::Values(vec![1.0, 9.0]), Measure::value(2.0)];
        check(&values, Pooling::Mean, 4.0);
        check(&values, Pooling::Median, 2.0);
        check(&[Measure::Values(vec![1.0, 2.0])], Pooling::Median, 1.5);
    }

    #[test]
    fn errors_that_sit_in_one_speaker_are_less_sure() {
        // 25 % of errors, distributed evenly over speakers or all in one speaker.
        let width = |in_one: bool| {
            let rows = (0..40).map(|i| {
                let wrong = if in_one { i % 4 == 0 } else { (i / 4) % 4 == 0 };
                (["a", "b", "c", "d"][i % 4], Measure::flag(wrong))
            });
            let got = interval(&Clusters::by_speaker(rows), Pooling::Mean).expect("there are rows");
            assert!(got.low <= got.estimate && got.estimate <= got.high, "{got:?}");
            got.high - got.low
        };
        assert!(width(true) > width(false));
    }
}
