//! Alignments and error rates.

use proptest::prelude::*;
use syrinx_metrics::errors::{
    EditCounts, Op, align, char_errors, macro_average, micro_average, phone_errors, word_errors,
};

fn counts(substitutions: u64, deletions: u64, insertions: u64, reference: u64) -> EditCounts {
    EditCounts { substitutions, deletions, insertions, reference }
}

#[test]
fn word_errors_by_hand() {
    let check = |reference: &str, hypothesis: &str, expected: EditCounts| {
        assert_eq!(word_errors(reference, hypothesis), expected, "{reference:?} {hypothesis:?}");
    };
    check("the cat sat", "the cat sat", counts(0, 0, 0, 3));
    check("the cat sat", "the bat sat", counts(1, 0, 0, 3));
    check("the cat sat", "the sat", counts(0, 1, 0, 3));
    check("the cat sat", "the cat sat down", counts(0, 0, 1, 3));
    check("the cat sat", "", counts(0, 3, 0, 3));
    check("", "oh no", counts(0, 0, 2, 0));
    check("", "", counts(0, 0, 0, 0));
    check("a b c d", "b c x d e", counts(0, 1, 2, 4));
    check(" two  spaces ", "two spaces", counts(0, 0, 0, 2));
}

#[test]
fn characters_and_phones() {
    assert_eq!(char_errors("kitten", "sitting"), counts(2, 0, 1, 6));
    assert_eq!(char_errors(" a  b ", "a b"), counts(0, 0, 0, 3));
    assert_eq!(char_errors("naïve", "naive"), counts(1, 0, 0, 5));
    assert_eq!(phone_errors(&["K", "AE", "T"], &["K", "AA", "T", "S"]), counts(1, 0, 1, 3));
}

#[test]
fn the_alignment_itself() {
    let reference = ["a", "b", "c", "d"];
    let (_, ops) = align(&reference, &["b", "x", "d", "e"]);
    let expected = [
        Op::Delete { reference: 0 },
        Op::Equal { reference: 1, hypothesis: 0 },
        Op::Substitute { reference: 2, hypothesis: 1 },
        Op::Equal { reference: 3, hypothesis: 2 },
        Op::Insert { hypothesis: 3 },
    ];
    assert_eq!(ops, expected);
}

#[test]
fn rates_and_failures() {
    assert_eq!(counts(1, 2, 3, 10).rate(), 0.6);
    assert_eq!(counts(0, 0, 2, 0).rate(), 2.0);
    assert_eq!(counts(0, 0, 0, 0).rate(), 0.0);
    assert_eq!(EditCounts::all_wrong(7).rate(), 1.0);
    assert_eq!(counts(1, 2, 3, 10).correct(), 7);
    let failed =
        [(counts(2, 0, 0, 4), false), (counts(3, 0, 0, 4), true), (counts(0, 0, 0, 0), false)];
    for (counts, expected) in failed {
        assert_eq!(counts.is_failure(), expected, "{counts:?}");
    }
    assert!(EditCounts::all_wrong(1).is_failure());
}

#[test]
fn micro_and_macro_differ() {
    let utterances = [counts(1, 0, 0, 2), counts(0, 0, 0, 8)];
    assert_eq!(micro_average(&utterances), Some(0.1));
    assert_eq!(macro_average(&utterances), Some(0.25));
    assert_eq!((micro_average(&[]), macro_average(&[])), (None, None));
}

#[test]
fn long_texts_with_few_errors_are_no_square() {
    // As a full table this would take 10 GB.
    let reference: Vec<u32> = (0..100_000).collect();
    let mut hypothesis = reference.clone();
    hypothesis.remove(70_000);
    hypothesis[500] = u32::MAX;
    hypothesis.insert(20_000, u32::MAX);
    assert_eq!(align(&reference, &hypothesis).0, counts(1, 1, 1, 100_000));
}

/// The whole table, two rows at a time.
fn levenshtein(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let pair = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = pair.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// The band never costs optimality, and the steps really lead from one to the other.
    #[test]
    fn alignments_are_cheapest_and_complete(
        a in prop::collection::vec(0u8..4, 0..60),
        b in prop::collection::vec(0u8..4, 0..60),
    ) {
        let (counts, ops) = align(&a, &b);
        prop_assert_eq!(counts.errors() as usize, levenshtein(&a, &b));
        prop_assert_eq!(counts.reference as usize, a.len());
        let (mut i, mut j) = (0, 0);
        for op in ops {
            match op {
                Op::Equal { reference, hypothesis } => {
                    prop_assert_eq!((reference, hypothesis), (i, j));
                    prop_assert_eq!(a[i], b[j]);
                    (i, j) = (i + 1, j + 1);
                }
                Op::Substitute { reference, hypothesis } => {
                    prop_assert_eq!((reference, hypothesis), (i, j));
                    prop_assert!(a[i] != b[j]);
                    (i, j) = (i + 1, j + 1);
                }
                Op::Delete { reference } => {
                    prop_assert_eq!(reference, i);
                    i += 1;
                }
                Op::Insert { hypothesis } => {
                    prop_assert_eq!(hypothesis, j);
                    j += 1;
                }
            }
        }
        prop_assert_eq!((i, j), (a.len(), b.len()));
    }
}
