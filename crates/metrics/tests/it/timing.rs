//! Word times.

use syrinx_metrics::timing::{boundary_errors_s, median_error_s, rtf, timing_error};
use syrinx_types::WordTime;

use crate::assert_close;

fn words(times: &[(&str, f64, f64)]) -> Vec<WordTime> {
    times
        .iter()
        .map(|&(word, start_s, end_s)| WordTime { word: word.to_owned(), start_s, end_s })
        .collect()
}

#[test]
fn only_words_in_both_count() {
    let reference = words(&[("The", 0.0, 0.1), ("cat", 0.1, 0.4), ("sat", 0.4, 0.8)]);
    let hypothesis = words(&[("the", 0.02, 0.1), ("bat", 0.3, 0.9), ("sat", 0.5, 1.1)]);
    // the: 0.02, 0; sat: 0.1, 0.3.
    let got = timing_error(&reference, &hypothesis).unwrap();
    assert_close(got.median_s, 0.06, 1e-9);
    assert_close(got.mean_s, 0.105, 1e-9);
    assert_eq!(got.matched, 2);
    assert_eq!(median_error_s(&reference, &hypothesis), Some(got.median_s));
    assert_eq!(boundary_errors_s(&reference, &hypothesis).len(), 4);
}

#[test]
fn nothing_in_common_is_no_figure() {
    let a = words(&[("yes", 0.0, 1.0)]);
    assert_eq!(timing_error(&a, &words(&[("no", 0.0, 1.0)])), None);
    assert_eq!(timing_error(&a, &[]), None);
}

#[test]
fn real_time_factor() {
    assert_eq!(rtf(1.0, 4.0), Some(0.25));
    assert_eq!(rtf(1.0, 0.0), None);
}
