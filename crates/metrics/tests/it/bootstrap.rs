//! Intervals.

use syrinx_metrics::bootstrap::{
    Clusters, Interval, Pair, error_rate, interval, mean, median, paired, ratio, wilson,
};
use syrinx_metrics::errors::EditCounts;

use crate::assert_close;

#[test]
fn two_speakers_give_three_outcomes() {
    // Drawing two of two: 1/10 a quarter of the time, 2/10 half of it, 3/10 a quarter.
    let rows = [("ann", (0.0, 5.0)), ("bob", (3.0, 10.0)), ("ann", (1.0, 5.0))];
    let got = interval(&Clusters::by_speaker(rows), ratio, 1, 1000).unwrap();
    assert_eq!(got, Interval { estimate: 0.2, low: 0.1, high: 0.3 });
}

#[test]
fn speakers_are_drawn_whole() {
    // Ten speakers of a hundred equal utterances each are ten observations, not a thousand.
    let rows: Vec<(String, f64)> =
        (0..1000).map(|i| (format!("s{}", i % 10), f64::from(i % 10))).collect();
    let clustered = interval(&Clusters::by_speaker(rows.clone()), mean, 7, 1000).unwrap();
    let naive =
        interval(&Clusters::independent(rows.into_iter().map(|r| r.1)), mean, 7, 1000).unwrap();
    assert_close(clustered.estimate, 4.5, 1e-9);
    // The deviation of 0..=9 is 2.872; of the mean of ten of them 0.908, and 1.96 of it on either side.
    assert_close(clustered.high - clustered.low, 3.56, 0.3);
    assert_close(naive.high - naive.low, 0.356, 0.05);
}

#[test]
fn the_seed_decides() {
    let rows = || Clusters::independent((0..20).map(|i| f64::from(i * i % 17)));
    let with = |seed| interval(&rows(), mean, seed, 200).unwrap();
    assert_eq!(with(3), with(3));
    assert_ne!(with(3), with(4));
}

#[test]
fn edges() {
    let none: [(&str, f64); 0] = [];
    assert_eq!(interval(&Clusters::by_speaker(none), mean, 1, 100), None);
    let same = Clusters::by_speaker([("a", 2.0), ("b", 2.0)]);
    assert_eq!(
        interval(&same, mean, 1, 100),
        Some(Interval { estimate: 2.0, low: 2.0, high: 2.0 })
    );
    // One speaker: the utterances are drawn.
    let one = Clusters::by_speaker((0..50).map(|i| ("a", f64::from(i))));
    let got = interval(&one, mean, 1, 500).unwrap();
    assert!(got.low < 23.0 && got.high > 26.0, "{got:?}");
    assert_eq!(median(&[&3.0, &1.0, &2.0]), 2.0);
    assert_eq!(median(&[&4.0, &1.0, &2.0, &3.0]), 2.5);
}

#[test]
fn error_rates_are_weighted_by_words() {
    let counts =
        |errors, reference| EditCounts { substitutions: errors, reference, ..Default::default() };
    let rows = Clusters::by_speaker([("a", counts(1, 2)), ("b", counts(0, 8))]);
    let got = interval(&rows, error_rate, 1, 1000).unwrap();
    assert_eq!((got.estimate, got.low, got.high), (0.1, 0.0, 0.5));
}

#[test]
fn pairs_see_what_single_scores_cannot() {
    // Sentences differ widely; the new model is a little better on each.
    let scores: Vec<f64> = (0..40).map(|i| f64::from(i % 8)).collect();
    let pairs = |gain: f64| {
        Clusters::by_speaker(
            scores
                .iter()
                .enumerate()
                .map(|(i, &s)| (format!("s{}", i % 10), Pair { old: s, new: s - gain })),
        )
    };
    let better = paired(&pairs(0.1), mean, 1, 500).unwrap();
    assert_close(better.estimate, -0.1, 1e-9);
    assert!(better.excludes_zero(), "{better:?}");
    assert!(!paired(&pairs(0.0), mean, 1, 500).unwrap().excludes_zero());
    // Gains and losses that cancel are noise.
    let mixed = Clusters::independent(
        (0..40).map(|i| Pair { old: 1.0, new: if i % 2 == 0 { 0.5 } else { 1.6 } }),
    );
    assert!(!paired(&mixed, mean, 1, 500).unwrap().excludes_zero());
}

#[test]
fn wilson_by_hand() {
    let check = |k: u64, n: u64, low: f64, high: f64| {
        let got = wilson(k, n);
        assert_close(got.0, low, 5e-5);
        assert_close(got.1, high, 5e-5);
    };
    check(0, 0, 0.0, 1.0);
    check(0, 10, 0.0, 0.2775); // z² / (n + z²) = 3.8415 / 13.8415
    check(5, 10, 0.2366, 0.7634);
    check(10, 10, 0.7225, 1.0);
    check(1, 1127, 0.0002, 0.0050);
}
