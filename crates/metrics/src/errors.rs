//! Errors of recognition: the edits from the reference to the hypothesis.
//!
//! The word, character and phone error rates are all `(S + D + I) / N` over a cheapest alignment with equal costs
//! (Levenshtein), as the NIST scoring and jiwer define them.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Counts of one or more alignments. Sums of counts give micro averages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditCounts {
    /// Items replaced by another.
    pub substitutions: u64,
    /// Items of the reference that are missing.
    pub deletions: u64,
    /// Items that the reference doesn't have.
    pub insertions: u64,
    /// Items of the reference.
    pub reference: u64,
}

impl EditCounts {
    /// Returns the counts of a missing output: every item is deleted.
    pub fn all_wrong(reference: usize) -> Self {
        Self { deletions: reference as u64, reference: reference as u64, ..Self::default() }
    }

    /// Returns the sum of substitutions, deletions and insertions.
    pub fn errors(&self) -> u64 {
        self.substitutions + self.deletions + self.insertions
    }

    /// Returns the number of correct items of the reference.
    pub fn correct(&self) -> u64 {
        self.reference.saturating_sub(self.substitutions + self.deletions)
    }

    /// Returns the errors per reference item, which may exceed 1. An empty reference counts as one item: any word is an
    /// error there.
    pub fn rate(&self) -> f64 {
        self.errors() as f64 / self.reference.max(1) as f64
    }

    /// Whether an utterance counts as failed: more than half of its items are wrong, or all are missing.
    pub fn is_failure(&self) -> bool {
        self.rate() > 0.5 || (self.reference > 0 && self.correct() == 0)
    }
}

impl Add for EditCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            substitutions: self.substitutions + other.substitutions,
            deletions: self.deletions + other.deletions,
            insertions: self.insertions + other.insertions,
            reference: self.reference + other.reference,
        }
    }
}

impl AddAssign for EditCounts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for EditCounts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Add::add)
    }
}

/// One step of an alignment; the numbers are positions in the reference and the hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Op {
    /// Both have the same item.
    Equal {
        /// Position in the reference.
        reference: usize,
        /// Position in the hypothesis.
        hypothesis: usize,
    },
    /// The hypothesis has another item.
    Substitute {
        /// Position in the reference.
        reference: usize,
        /// Position in the hypothesis.
        hypothesis: usize,
    },
    /// The hypothesis lacks an item.
    Delete {
        /// Position in the reference.
        reference: usize,
    },
    /// The hypothesis has one more.
    Insert {
        /// Position in the hypothesis.
        hypothesis: usize,
    },
}

/// Returns an alignment of minimal cost, in order. Substitutions are preferred to pairs of deletion and insertion.
///
/// Time and memory grow with the length times the number of errors (Ukkonen 1985), not with the square of the length.
pub fn align<T: PartialEq>(reference: &[T], hypothesis: &[T]) -> (EditCounts, Vec<Op>) {
    let mut band = reference.len().abs_diff(hypothesis.len()) + 8;
    loop {
        let table = Table::fill(reference, hypothesis, band);
        // A path that costs at most the width of the band stays within it.
        if table.distance <= band || band >= reference.len().max(hypothesis.len()) {
            return table.trace(reference, hypothesis);
        }
        band *= 2;
    }
}

/// Predecessor of a cell.
const PAIR: u8 = 0;
const DELETE: u8 = 1;
const INSERT: u8 = 2;

/// The cells (i, j) with |i - j| <= band; row i holds j from i - band on.
struct Table {
    band: usize,
    came_from: Vec<u8>,
    distance: usize,
}

impl Table {
    fn fill<T: PartialEq>(reference: &[T], hypothesis: &[T], band: usize) -> Self {
        const FAR: usize = usize::MAX / 2;
        let width = 2 * band + 1;
        let mut came_from = vec![PAIR; (reference.len() + 1) * width];
        // `above[c]` is the cost of (i - 1, i - 1 - band + c).
        let mut above = vec![FAR; width];
        let mut row = vec![FAR; width];
        for i in 0..=reference.len() {
            row.fill(FAR);
            for c in 0..width {
                let Some(j) = (i + c).checked_sub(band).filter(|&j| j <= hypothesis.len()) else {
                    continue;
                };
                if i == 0 && j == 0 {
                    row[c] = 0;
                    continue;
                }
                let pair = if i > 0 && j > 0 {
                    above[c] + usize::from(reference[i - 1] != hypothesis[j - 1])
                } else {
                    FAR
                };
                let delete = if i > 0 && c + 1 < width { above[c + 1] + 1 } else { FAR };
                let insert = if j > 0 && c > 0 { row[c - 1] + 1 } else { FAR };
                let best = pair.min(delete).min(insert);
                row[c] = best;
                came_from[i * width + c] = match best {
                    _ if best == pair => PAIR,
                    _ if best == delete => DELETE,
                    _ => INSERT,
                };
            }
            std::mem::swap(&mut above, &mut row);
        }
        let distance = above[hypothesis.len() + band - reference.len()];
        Self { band, came_from, distance }
    }

    fn trace<T: PartialEq>(&self, reference: &[T], hypothesis: &[T]) -> (EditCounts, Vec<Op>) {
        let mut counts = EditCounts { reference: reference.len() as u64, ..Default::default() };
        let mut ops = Vec::with_capacity(reference.len().max(hypothesis.len()));
        let (mut i, mut j) = (reference.len(), hypothesis.len());
        while i > 0 || j > 0 {
            match self.came_from[i * (2 * self.band + 1) + j + self.band - i] {
                DELETE => {
                    i -= 1;
                    counts.deletions += 1;
                    ops.push(Op::Delete { reference: i });
                }
                INSERT => {
                    j -= 1;
                    counts.insertions += 1;
                    ops.push(Op::Insert { hypothesis: j });
                }
                _ => {
                    (i, j) = (i - 1, j - 1);
                    if reference[i] == hypothesis[j] {
                        ops.push(Op::Equal { reference: i, hypothesis: j });
                    } else {
                        counts.substitutions += 1;
                        ops.push(Op::Substitute { reference: i, hypothesis: j });
                    }
                }
            }
        }
        ops.reverse();
        (counts, ops)
    }
}

/// Counts word errors of two texts, split at white space.
pub fn word_errors(reference: &str, hypothesis: &str) -> EditCounts {
    let words = |text: &'_ str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    align(&words(reference), &words(hypothesis)).0
}

/// Counts character errors of two texts; white space counts as one character, and not at all at the ends.
pub fn char_errors(reference: &str, hypothesis: &str) -> EditCounts {
    let characters = |text: &str| {
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().collect::<Vec<_>>()
    };
    align(&characters(reference), &characters(hypothesis)).0
}

/// Counts phone errors of two phone sequences.
pub fn phone_errors<S: AsRef<str>>(reference: &[S], hypothesis: &[S]) -> EditCounts {
    let symbols = |phones: &[S]| phones.iter().map(|p| p.as_ref().to_owned()).collect::<Vec<_>>();
    align(&symbols(reference), &symbols(hypothesis)).0
}

/// Returns the errors of all utterances over the items of all utterances; `None` without utterances.
pub fn micro_average(utterances: &[EditCounts]) -> Option<f64> {
    (!utterances.is_empty()).then(|| utterances.iter().copied().sum::<EditCounts>().rate())
}

/// Returns the mean of the utterances' rates; `None` without utterances.
pub fn macro_average(utterances: &[EditCounts]) -> Option<f64> {
    let sum: f64 = utterances.iter().map(EditCounts::rate).sum();
    (!utterances.is_empty()).then(|| sum / utterances.len() as f64)
}
