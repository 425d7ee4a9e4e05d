//! The tiers `words` and `phones` of a TextGrid.

use super::alignment::is_silence;
use super::textgrid::{CLOSE_S, TextGrid, Tier, TierInterval};

/// Fault of a TextGrid without a usable alignment.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AlignmentFault {
    /// A missing tier.
    #[error("no tier '{name}' (tiers found: {found})")]
    NoTier {
        /// Name of the tier.
        name: &'static str,
        /// Tiers of the file.
        found: FoundTiers,
    },
    /// Words and phones of different speakers.
    #[error("no speaker has both a tier '{WORDS}' and a tier '{PHONES}' (tiers found: {found})")]
    NoSpeaker {
        /// Tiers of the file.
        found: FoundTiers,
    },
    /// An invalid interval.
    #[error("tier '{tier}', interval {interval}: {fault}")]
    Interval {
        /// Name of the tier.
        tier: String,
        /// Number of the interval, from 1.
        interval: usize,
        /// Fault.
        fault: IntervalFault,
    },
    /// A word that the aligner did not know.
    #[error("`spn` at {start_s} s: a word unknown to the aligner")]
    UnknownWord {
        /// Start, seconds.
        start_s: f64,
    },
    /// A phone that is not in the phone set.
    #[error("unknown phone `{phone}` at {start_s} s")]
    UnknownPhone {
        /// The phone.
        phone: String,
        /// Start, seconds.
        start_s: f64,
    },
    /// A tier of phones with only silence.
    #[error("nothing but silence")]
    Silence,
}

/// Fault of an interval.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IntervalFault {
    /// An end before the start.
    #[error("ends at {end_s} s, before its start at {start_s} s")]
    EndsEarly {
        /// Start, seconds.
        start_s: f64,
        /// End, seconds.
        end_s: f64,
    },
    /// A start before the recording.
    #[error("starts at {start_s} s, before the recording")]
    BeforeRecording {
        /// Start, seconds.
        start_s: f64,
    },
    /// A start within the interval before it.
    #[error("starts at {start_s} s, before the end of interval {before} at {before_s} s")]
    Overlaps {
        /// Start, seconds.
        start_s: f64,
        /// Number of the interval before it, from 1.
        before: usize,
        /// End of that interval, seconds.
        before_s: f64,
    },
    /// A start beyond the recording.
    #[error("starts at {start_s} s, beyond the end of the recording at {end_s} s")]
    BeyondRecording {
        /// Start, seconds.
        start_s: f64,
        /// End of the recording, seconds.
        end_s: f64,
    },
}

/// Tiers of a file as a list for errors: `words, tones (empty), clicks (point tier)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTiers {
    /// Names of the interval tiers, and whether all of their labels are empty.
    intervals: Vec<(String, bool)>,
    /// Names of the point tiers.
    points: Vec<String>,
}

impl std::fmt::Display for FoundTiers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |(name, empty): &(String, bool)| {
            format!("{name}{}", if *empty { " (empty)" } else { "" })
        };
        let points = self.points.iter().map(|name| point_tier(name));
        let found: Vec<String> = self.intervals.iter().map(shown).chain(points).collect();
        if found.is_empty() { f.write_str("none") } else { f.write_str(&found.join(", ")) }
    }
}

/// Name of the tier of words.
const WORDS: &str = "words";
/// Name of the tier of phones.
const PHONES: &str = "phones";

fn point_tier(name: &str) -> String {
    format!("{name} (point tier)")
}

/// Words and phones of one speaker.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeakerTiers {
    /// The words.
    pub words: Tier,
    /// The phones.
    pub phones: Tier,
    /// Names of the other tiers that have labels, and of the point tiers.
    pub unused: Vec<String>,
}

impl SpeakerTiers {
    /// Returns the tiers `words` and `phones` of one speaker. Aligners of several speakers write `NAME - phones`. The
    /// first speaker with two tiers that have labels is used, else the first speaker with both tiers. Names are
    /// compared without regard to case.
    ///
    /// # Errors
    /// [`AlignmentFault::NoTier`], [`AlignmentFault::NoSpeaker`].
    pub fn of(grid: &TextGrid) -> Result<Self, AlignmentFault> {
        let (words, phones) = (of_kind(grid, WORDS), of_kind(grid, PHONES));
        let found = || FoundTiers {
            intervals: grid.tiers.iter().map(|t| (t.name.clone(), t.is_empty())).collect(),
            points: grid.point_tiers.clone(),
        };
        for (name, tiers) in [(WORDS, &words), (PHONES, &phones)] {
            if tiers.is_empty() {
                return Err(AlignmentFault::NoTier { name, found: found() });
            }
        }
        // If there is one tier of each kind, both belong to one speaker, even if only one name has the speaker's
        // prefix.
        let single = words.len() == 1
            && phones.len() == 1
            && (words[0].speaker().is_none() || phones[0].speaker().is_none());
        let one_speaker = |w: &Tier, p: &Tier| single || w.speaker() == p.speaker();
        let pairs = || {
            let pair = |&w| phones.iter().map(move |&p| (w, p));
            words.iter().flat_map(pair).filter(|(w, p): &(&Tier, &Tier)| one_speaker(w, p))
        };
        let labelled = pairs().find(|(w, p)| !w.is_empty() && !p.is_empty());
        let chosen = labelled.or_else(|| pairs().find(|(_, p)| !p.is_empty()));
        let chosen = chosen.or_else(|| pairs().next());
        let (words, phones) = chosen.ok_or_else(|| AlignmentFault::NoSpeaker { found: found() })?;
        let is_used = |tier: &&Tier| std::ptr::eq(*tier, words) || std::ptr::eq(*tier, phones);
        let others = grid.tiers.iter().filter(|tier| !is_used(tier) && !tier.is_empty());
        let others = others.map(|tier| tier.name.clone());
        let unused = others.chain(grid.point_tiers.iter().map(|name| point_tier(name))).collect();
        Ok(Self { words: words.clone(), phones: phones.clone(), unused })
    }

    /// Clamps times beyond the end of the recording, and returns the number of changed intervals.
    ///
    /// # Errors
    /// [`AlignmentFault::Interval`] for an interval with a label that starts beyond the end.
    pub fn clamp(&mut self, end_s: f64) -> Result<usize, AlignmentFault> {
        let mut clamped = 0;
        for tier in [&mut self.words, &mut self.phones] {
            for (index, interval) in tier.intervals.iter_mut().enumerate() {
                let start_s = interval.start_s;
                if !is_silence(&interval.label) && start_s >= end_s - CLOSE_S {
                    return Err(AlignmentFault::Interval {
                        tier: tier.name.clone(),
                        interval: index + 1,
                        fault: IntervalFault::BeyondRecording { start_s, end_s },
                    });
                }
                clamped += usize::from(interval.end_s - end_s > CLOSE_S);
                interval.start_s = interval.start_s.min(end_s);
                interval.end_s = interval.end_s.min(end_s);
            }
        }
        Ok(clamped)
    }

    /// Checks that the intervals of both tiers are in order and do not overlap. Overlaps below 1 ms are rounding
    /// errors.
    ///
    /// # Errors
    /// [`AlignmentFault::Interval`].
    pub(super) fn check(&self) -> Result<(), AlignmentFault> {
        check(&self.words)?;
        check(&self.phones)
    }
}

/// Returns the tiers of a kind (`words` or `phones`) of all speakers.
fn of_kind<'a>(grid: &'a TextGrid, kind: &str) -> Vec<&'a Tier> {
    grid.tiers.iter().filter(|tier| tier.kind().eq_ignore_ascii_case(kind)).collect()
}

fn check(tier: &Tier) -> Result<(), AlignmentFault> {
    let mut before_s = f64::NEG_INFINITY;
    for (index, &TierInterval { start_s, end_s, .. }) in tier.intervals.iter().enumerate() {
        let fault = if end_s < start_s {
            IntervalFault::EndsEarly { start_s, end_s }
        } else if start_s < -CLOSE_S {
            IntervalFault::BeforeRecording { start_s }
        } else if start_s < before_s - CLOSE_S {
            IntervalFault::Overlaps { start_s, before: index, before_s }
        } else {
            before_s = end_s;
            continue;
        };
        return Err(AlignmentFault::Interval {
            tier: tier.name.clone(),
            interval: index + 1,
            fault,
        });
    }
    Ok(())
}
