//! Phones and durations from the TextGrids of the Montreal Forced Aligner (McAuliffe et al. 2017).

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use super::textgrid::CLOSE_S;
use super::{
    AlignmentFault, ImportFault, ImportWarning, SpeakerTiers, TextGrid, Tier, TierInterval,
    folders_below, list, stem_of,
};
use crate::{DataError, Expected, Manifest, Utterance};

/// The phones of an utterance in the notation of [`Utterance`].
#[derive(Debug, Clone, PartialEq)]
pub struct PhoneAlignment {
    /// Phones, `|` between words, punctuation marks for pauses, and `SIL` for other silence.
    pub phones: Vec<String>,
    /// Duration of each entry of `phones`, seconds.
    pub durations_s: Vec<f64>,
    /// Silence before the first phone, seconds.
    pub lead_s: f64,
}

/// Result of merging alignments into a manifest.
#[derive(Debug)]
pub struct ImportedAlignments {
    /// The manifest with phones and durations.
    pub manifest: Manifest,
    /// Number of utterances that got phones.
    pub aligned: usize,
    /// Utterances without phones, one entry each.
    pub left_out: Vec<ImportWarning>,
    /// Warnings of files without an utterance, of unused and empty tiers, and of clamped times.
    pub warnings: Vec<ImportWarning>,
}

/// Adds phones and durations to the utterances whose id is the name of a `.TextGrid` anywhere below `folder`.
///
/// `phone` maps an aligner's phone to a phone of CMUdict (ARPAbet), or to `None` if it is unknown. An utterance is left
/// unchanged and listed in `left_out` if it has an unknown phone, the aligner's `spn` (an unknown word), missing tiers
/// or overlapping intervals. The two tiers of one speaker are used ([`SpeakerTiers::of`]); times beyond the end of the
/// recording are clamped to it. An unknown length of the recording is filled in. See [`PhoneAlignment::from_tiers`] for
/// the notation.
///
/// # Errors
/// [`DataError::Io`] for a folder that can't be listed; [`DataError::NothingFound`] if no TextGrid has the name of an
/// utterance.
pub fn merge_textgrids(
    manifest: Manifest,
    folder: &Path,
    phone: &dyn Fn(&str) -> Option<String>,
) -> Result<ImportedAlignments, DataError> {
    let (mut left_out, mut warnings) = (Vec::new(), Vec::new());
    let mut grids = find_grids(folder, &mut warnings)?;
    let (root, mut utterances) = manifest.into_utterances();
    let (mut found, mut aligned) = (0, 0);
    for utterance in &mut utterances {
        let Some(path) = grids.remove(&utterance.id) else {
            let fault = ImportFault::NoTextGrid { id: utterance.id.clone() };
            left_out.push(ImportWarning::new(folder, fault));
            continue;
        };
        found += 1;
        match merge(utterance, &path, phone) {
            Ok(notes) => {
                aligned += 1;
                warnings.extend(notes.into_iter().map(|note| ImportWarning::new(&path, note)));
            }
            Err(fault) => left_out.push(ImportWarning::new(&path, fault)),
        }
    }
    if found == 0 {
        let looked_for = Expected::TextGrids;
        return Err(DataError::NothingFound { path: folder.to_path_buf(), looked_for });
    }
    let mut unused: Vec<PathBuf> = grids.into_values().collect();
    unused.sort();
    warnings.extend(unused.iter().map(|p| ImportWarning::new(p, ImportFault::NoUtterance)));
    Ok(ImportedAlignments {
        manifest: Manifest::new(root, utterances)?,
        aligned,
        left_out,
        warnings,
    })
}

fn find_grids(
    folder: &Path,
    warnings: &mut Vec<ImportWarning>,
) -> Result<HashMap<String, PathBuf>, DataError> {
    let mut grids = HashMap::new();
    for folder in folders_below(folder)? {
        for path in list(&folder)?.0 {
            if !path.extension().is_some_and(|e| e.eq_ignore_ascii_case("TextGrid")) {
                continue;
            }
            match stem_of(&path) {
                Some(stem) if !grids.contains_key(stem) => {
                    grids.insert(stem.to_owned(), path.clone());
                }
                Some(_) => {
                    warnings.push(ImportWarning::new(&path, ImportFault::RepeatedTextGrid));
                }
                None => warnings.push(ImportWarning::new(&path, ImportFault::NameNotUtf8)),
            }
        }
    }
    Ok(grids)
}

/// Adds the phones of a TextGrid to an utterance; returns warnings of clamped times and unused tiers.
fn merge(
    utterance: &mut Utterance,
    path: &Path,
    phone: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<ImportFault>, ImportFault> {
    let grid = TextGrid::read(path).map_err(|e| match e {
        DataError::BrokenTextGrid { line, fault, .. } => {
            ImportFault::BrokenTextGrid { line, fault }
        }
        DataError::Io { cause, .. } => ImportFault::Read(cause),
        other => ImportFault::Read(io::Error::other(other)),
    })?;
    let end_s = utterance.seconds.unwrap_or(grid.end_s);
    let mut tiers = SpeakerTiers::of(&grid)?;
    let intervals = tiers.clamp(end_s)?;
    let alignment = PhoneAlignment::from_tiers(&tiers, &utterance.text, phone)?;
    utterance.phones = Some(alignment.phones);
    utterance.durations_s = Some(alignment.durations_s);
    utterance.lead_s = alignment.lead_s;
    utterance.seconds = Some(end_s);
    let mut notes = Vec::new();
    if intervals > 0 {
        notes.push(ImportFault::Clamped { intervals, end_s });
    }
    let empty = |tier: &Tier| ImportFault::EmptyTier { name: tier.name.clone() };
    notes.extend(grid.empty_tiers().map(empty));
    if !tiers.unused.is_empty() {
        notes.push(ImportFault::UnusedTiers { names: tiers.unused });
    }
    Ok(notes)
}

/// A phone, or a silence, with its duration and the index of its word.
struct PhoneSegment {
    phone: Option<String>,
    duration_s: f64,
    word: Option<usize>,
}

impl PhoneAlignment {
    /// Returns the phones of a TextGrid: selects the tiers `phones` and `words` of one speaker by [`SpeakerTiers::of`],
    /// and converts them by [`PhoneAlignment::from_tiers`].
    ///
    /// # Errors
    /// [`AlignmentFault`].
    pub fn from_textgrid(
        grid: &TextGrid,
        text: &str,
        phone: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, AlignmentFault> {
        Self::from_tiers(&SpeakerTiers::of(grid)?, text, phone)
    }

    /// Returns the phones of the tiers `phones` and `words`.
    ///
    /// The labels `sil`, `sp` and the empty label are silence. Silence before the first phone becomes `lead_s`. Silence
    /// at a punctuation mark of `text` becomes that mark, placed before the `|`; other silence becomes `SIL`, placed
    /// after the `|`. A punctuation mark without silence has a duration of 0 s. Punctuation marks are used only if
    /// `text` has as many words as the words tier. Gaps below 1 ms, which are rounding errors, are closed.
    ///
    /// # Errors
    /// [`AlignmentFault`] for an unknown phone, for intervals that overlap or end before their start, and for tiers
    /// without phones.
    pub fn from_tiers(
        tiers: &SpeakerTiers,
        text: &str,
        phone: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, AlignmentFault> {
        tiers.check()?;
        let words: Vec<&TierInterval> =
            tiers.words.intervals.iter().filter(|i| !is_silence(&i.label)).collect();
        let segments = segments(&tiers.phones.intervals, &words, phone)?;
        let marks = written_marks(text, words.len());
        let aligned = join(&segments, &marks);
        if aligned.phones.is_empty() { Err(AlignmentFault::Silence) } else { Ok(aligned) }
    }

    fn push(&mut self, phone: &str, duration_s: f64) {
        self.phones.push(phone.to_owned());
        self.durations_s.push(duration_s);
    }

    /// Appends the token of a silence after a word or at the end: its punctuation mark, else `SIL`. With `boundary`,
    /// appends `|` as well.
    fn push_gap(&mut self, mark: Option<&str>, silence_s: f64, boundary: bool) {
        if let Some(mark) = mark {
            self.push(mark, silence_s);
        }
        if boundary {
            self.push("|", 0.0);
        }
        if mark.is_none() && silence_s > 0.0 {
            self.push("SIL", silence_s);
        }
    }
}

/// Whether a label stands for silence.
pub(super) fn is_silence(label: &str) -> bool {
    ["", "sil", "sp", "pau", "<eps>"].iter().any(|s| s.eq_ignore_ascii_case(label))
}

fn segments(
    intervals: &[TierInterval],
    words: &[&TierInterval],
    phone: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<PhoneSegment>, AlignmentFault> {
    let silence = |duration_s| PhoneSegment { phone: None, duration_s, word: None };
    let mut segments = Vec::new();
    let (mut end_s, mut word) = (0.0, 0);
    for interval in intervals {
        let gap_s = interval.start_s - end_s;
        if gap_s > CLOSE_S {
            segments.push(silence(gap_s));
        }
        let duration_s = (interval.end_s - interval.start_s).max(0.0);
        end_s = interval.end_s;
        if is_silence(&interval.label) {
            segments.push(silence(duration_s));
            continue;
        }
        let TierInterval { label, start_s, .. } = interval;
        if label.eq_ignore_ascii_case("spn") {
            return Err(AlignmentFault::UnknownWord { start_s: *start_s });
        }
        let name = phone(label).ok_or_else(|| AlignmentFault::UnknownPhone {
            phone: label.clone(),
            start_s: *start_s,
        })?;
        let middle_s = (interval.start_s + interval.end_s) / 2.0;
        while words.get(word).is_some_and(|w| w.end_s <= middle_s) {
            word += 1;
        }
        let inside = words.get(word).is_some_and(|w| w.start_s <= middle_s);
        segments.push(PhoneSegment { phone: Some(name), duration_s, word: inside.then_some(word) });
    }
    Ok(segments)
}

fn join(segments: &[PhoneSegment], marks: &[Option<&'static str>]) -> PhoneAlignment {
    let mark_after = |word: Option<usize>| word.and_then(|w| marks.get(w).copied().flatten());
    let mut aligned = PhoneAlignment { phones: Vec::new(), durations_s: Vec::new(), lead_s: 0.0 };
    let (mut silence_s, mut last_word) = (0.0, None);
    for segment in segments {
        let Some(phone) = &segment.phone else {
            silence_s += segment.duration_s;
            continue;
        };
        if aligned.phones.is_empty() {
            aligned.lead_s = silence_s;
        } else if segment.word == last_word {
            aligned.push_gap(None, silence_s, false);
        } else {
            aligned.push_gap(mark_after(last_word), silence_s, true);
        }
        silence_s = 0.0;
        last_word = segment.word;
        aligned.push(phone, segment.duration_s);
    }
    if !aligned.phones.is_empty() {
        aligned.push_gap(mark_after(last_word), silence_s, false);
    }
    aligned
}

/// Returns the punctuation mark after each word; `None` if the text has another number of words.
fn written_marks(text: &str, words: usize) -> Vec<Option<&'static str>> {
    let spoken = |token: &&str| token.chars().any(char::is_alphanumeric);
    let marks: Vec<_> = text
        .split_whitespace()
        .filter(spoken)
        .map(|token| match token.trim_end_matches(['"', '\'', ')', ']', '”', '’']).chars().last()
        {
            Some(',' | ';' | ':' | '—') => Some(","),
            Some('.' | '…') => Some("."),
            Some('?') => Some("?"),
            Some('!') => Some("!"),
            _ => None,
        })
        .collect();
    if marks.len() == words { marks } else { Vec::new() }
}
