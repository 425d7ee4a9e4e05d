//! Differences between two texts, by words.

use std::ops::Range;

/// Replacement of consecutive words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Range of words in the old text; empty for an insertion.
    pub old: Range<usize>,
    /// Range of words in the new text; empty for a deletion.
    pub new: Range<usize>,
}

/// Returns the changes from the old words to the new ones in order, with the fewest changed words. ASCII case is
/// ignored.
pub fn changes(old: &[String], new: &[String]) -> Vec<Change> {
    let kept = kept(old, new);
    let mut changes = Vec::new();
    let (mut i, mut j) = (0, 0);
    for (k, l) in kept.into_iter().chain([(old.len(), new.len())]) {
        if k > i || l > j {
            changes.push(Change { old: i..k, new: j..l });
        }
        (i, j) = (k + 1, l + 1);
    }
    changes
}

/// Returns the index pairs of unchanged words: a longest common subsequence.
fn kept(old: &[String], new: &[String]) -> Vec<(usize, usize)> {
    let same = |i: usize, j: usize| old[i].eq_ignore_ascii_case(&new[j]);
    let width = new.len() + 1;
    // Length of the longest common subsequence of `old[i..]` and `new[j..]`. // (old words + 1, new words + 1)
    let mut longest = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i * width + j] = if same(i, j) {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let mut pairs = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < old.len() && j < new.len() {
        if same(i, j) {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}
