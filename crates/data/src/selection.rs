//! Selections of utterances that report what they leave out.

use std::collections::BTreeSet;
use std::fmt;

use crate::{Corpus, DataError, Manifest, Utterance};

/// Reason for leaving out an utterance, with the number of utterances that share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExclusionReason {
    /// Reason, in words: ``it is in the split `test` ``.
    pub reason: String,
    /// Number of utterances.
    pub count: usize,
    /// Identifier of the first of them.
    pub first: String,
}

/// All reasons of one selection, by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOutReasons(Vec<ExclusionReason>);

impl LeftOutReasons {
    /// Reasons in alphabetical order.
    pub fn reasons(&self) -> &[ExclusionReason] {
        &self.0
    }

    /// Counts an utterance that is left out for a reason.
    pub fn add(&mut self, reason: String, id: &str) {
        match self.0.binary_search_by(|known| known.reason.as_str().cmp(&reason)) {
            Ok(at) => self.0[at].count += 1,
            Err(at) => {
                self.0.insert(at, ExclusionReason { reason, count: 1, first: id.to_owned() })
            }
        }
    }
}

impl fmt::Display for LeftOutReasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("there are no utterances");
        }
        for (i, ExclusionReason { reason, count, first }) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { ", " };
            write!(f, "{separator}{count} left out because {reason} (first: {first})")?;
        }
        Ok(())
    }
}

/// Checks the name of a split against those that occur.
///
/// # Errors
/// [`DataError::UnknownSplit`] if other splits occur and this one does not.
fn check_split<'a>(
    split: &str,
    all: impl Iterator<Item = &'a Utterance>,
) -> Result<SplitUse, DataError> {
    let known: BTreeSet<&str> = all.filter_map(|u| u.split.as_deref()).collect();
    if known.is_empty() {
        Ok(SplitUse::NoSplits)
    } else if known.contains(split) {
        Ok(SplitUse::Named)
    } else {
        let known = known.into_iter().map(str::to_owned).collect();
        Err(DataError::UnknownSplit { split: split.to_owned(), known })
    }
}

enum SplitUse {
    /// No utterance names a split.
    NoSplits,
    /// The split occurs.
    Named,
}

impl Corpus {
    /// Returns the utterances of a split, or all of them if none names a split.
    ///
    /// # Errors
    /// [`DataError::UnknownSplit`] if utterances name splits, and none this one.
    pub fn split_or_all(&self, split: &str) -> Result<Self, DataError> {
        let all = (0..self.len()).map(|i| self.utterance(i));
        Ok(match check_split(split, all)? {
            SplitUse::NoSplits => self.clone(),
            SplitUse::Named => self.split(split),
        })
    }

    /// Returns the utterances of a split; none if no utterance names a split.
    ///
    /// # Errors
    /// [`DataError::UnknownSplit`] if utterances name splits, and none this one.
    pub fn split_or_none(&self, split: &str) -> Result<Self, DataError> {
        check_split(split, (0..self.len()).map(|i| self.utterance(i)))?;
        Ok(self.split(split))
    }

    /// Returns the utterances that `reject` gives no reason against. `reject` receives the utterance and its number of
    /// frames.
    ///
    /// # Errors
    /// [`DataError::NothingSelected`] with the reasons if no utterance is left.
    pub fn select(
        &self,
        selection: &'static str,
        reject: impl Fn(&Utterance, usize) -> Option<String>,
    ) -> Result<Self, DataError> {
        let mut left_out = LeftOutReasons::default();
        let mut rejected = BTreeSet::new();
        for i in 0..self.len() {
            let utterance = self.utterance(i);
            if let Some(reason) = reject(utterance, self.frames(i)) {
                left_out.add(reason, &utterance.id);
                rejected.insert(utterance.id.clone());
            }
        }
        if rejected.len() == self.len() {
            return Err(DataError::NothingSelected { selection, left_out });
        }
        Ok(self.filter(|utterance, _| !rejected.contains(&utterance.id)))
    }
}

impl Manifest {
    /// Returns the utterances of a split, or all of them if none names a split.
    ///
    /// # Errors
    /// [`DataError::UnknownSplit`] if utterances name splits, and none this one;
    /// [`DataError::NothingSelected`] for an empty manifest.
    pub fn split_or_all(&self, split: &str) -> Result<Self, DataError> {
        if self.is_empty() {
            let left_out = LeftOutReasons::default();
            return Err(DataError::NothingSelected { selection: "manifest", left_out });
        }
        Ok(match check_split(split, self.utterances().iter())? {
            SplitUse::NoSplits => self.clone(),
            SplitUse::Named => self.split(split),
        })
    }
}
