//! Selections of utterances, with the reason for each utterance left out.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::{Corpus, DataError, Exclusion, Manifest, Utterance};

/// Reason for leaving out an utterance, with the number of utterances that share it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExclusionReason {
    /// Text of the reason: ``it is in the split `test` ``.
    pub reason: String,
    /// Number of utterances.
    pub count: usize,
    /// Identifier of the first of these utterances.
    pub first: String,
}

/// Reasons of a selection, each with its number of utterances.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct LeftOutReasons(Vec<ExclusionReason>);

impl LeftOutReasons {
    /// Returns the reasons in alphabetical order.
    pub fn reasons(&self) -> &[ExclusionReason] {
        &self.0
    }

    /// Returns the number of utterances left out.
    pub fn count(&self) -> usize {
        self.0.iter().map(|reason| reason.count).sum()
    }

    /// Adds an utterance that is left out for a reason: an [`Exclusion`], or an error of processing it.
    pub fn add(&mut self, reason: impl fmt::Display, id: &str) {
        let reason = reason.to_string();
        self.add_reason(ExclusionReason { reason, count: 1, first: id.to_owned() });
    }

    /// Adds the reasons of another selection.
    pub fn extend(&mut self, other: Self) {
        other.0.into_iter().for_each(|reason| self.add_reason(reason));
    }

    fn add_reason(&mut self, new: ExclusionReason) {
        match self.0.binary_search_by(|known| known.reason.cmp(&new.reason)) {
            Ok(at) => self.0[at].count += new.count,
            Err(at) => self.0.insert(at, new),
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

/// Checks that a split has utterances, or that no utterance names a split.
///
/// # Errors
/// [`DataError::UnknownSplit`] if utterances name splits, but none names this one.
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
    /// Some utterance names the split.
    Named,
}

impl Corpus {
    /// Returns the utterances of a split, or all of them if none names a split.
    ///
    /// # Errors
    /// [`DataError::UnknownSplit`] if utterances name splits, but none names this one.
    pub fn split_or_all(&self, split: &str) -> Result<Self, DataError> {
        let all = (0..self.len()).map(|i| self.utterance(i));
        Ok(match check_split(split, all)? {
            SplitUse::NoSplits => self.clone(),
            SplitUse::Named => self.split(split),
        })
    }

    /// Returns the utterances of a split.
    ///
    /// # Errors
    /// [`DataError::UnknownSplit`] if no utterance names the split.
    pub fn named_split(&self, split: &str) -> Result<Self, DataError> {
        match check_split(split, (0..self.len()).map(|i| self.utterance(i)))? {
            SplitUse::Named => Ok(self.split(split)),
            SplitUse::NoSplits => {
                Err(DataError::UnknownSplit { split: split.to_owned(), known: Vec::new() })
            }
        }
    }

    /// Returns the utterances for which `reject` returns `None`, and the reasons for leaving out the others. `reject`
    /// receives the utterance and its number of frames.
    pub fn partition(&self, reject: impl Fn(&Utterance, usize) -> Option<Exclusion>) -> Selected {
        let mut left_out = LeftOutReasons::default();
        let mut rejected = BTreeSet::new();
        for i in 0..self.len() {
            let utterance = self.utterance(i);
            if let Some(reason) = reject(utterance, self.frames(i)) {
                left_out.add(reason, &utterance.id);
                rejected.insert(utterance.id.clone());
            }
        }
        let corpus = self.filter(|utterance, _| !rejected.contains(&utterance.id));
        Selected { corpus, left_out }
    }

    /// Selects utterances like [`Corpus::partition`], but at least one. `selection` names the selection in the error.
    ///
    /// # Errors
    /// [`DataError::NothingSelected`] with the reasons if no utterance is left.
    pub fn select(
        &self,
        selection: &'static str,
        reject: impl Fn(&Utterance, usize) -> Option<Exclusion>,
    ) -> Result<Selected, DataError> {
        let Selected { corpus, left_out } = self.partition(reject);
        if corpus.is_empty() {
            return Err(DataError::NothingSelected { selection, left_out });
        }
        Ok(Selected { corpus, left_out })
    }
}

/// Selected utterances of a corpus.
#[derive(Debug, Clone)]
pub struct Selected {
    /// The utterances, renumbered.
    pub corpus: Corpus,
    /// Reasons for leaving out the others.
    pub left_out: LeftOutReasons,
}

impl Manifest {
    /// Returns the utterances of a split, or all of them if none names a split.
    ///
    /// # Errors
    /// [`DataError::UnknownSplit`] if utterances name splits, but none names this one; [`DataError::NothingSelected`]
    /// for an empty manifest.
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
