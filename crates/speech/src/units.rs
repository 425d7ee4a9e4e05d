//! Phone units of alignment and recognition, with their scores.

use syrinx_task::FrameScores;
use syrinx_text::Phone;

use crate::SpeechError;

/// Counts of each phone in the labels of the training corpus, written by the example `build_data` of the recognition
/// task.
const PRIORS: &str = include_str!("../data/phone_parts.txt");

/// Unit of silence.
pub const SILENCE: u8 = 0;

/// Phones without stress, silence first, with their frequencies. A unit is an index into them; `AH0` (schwa) and `AH`
/// are different units.
#[derive(Debug, Clone, PartialEq)]
pub struct Units {
    phones: Vec<Phone>,
    of_phone: Vec<u8>, // (Phone::COUNT)
    log_priors: Vec<f32>,
}

impl Units {
    /// Returns the units with the frequencies of the training corpus.
    ///
    /// # Errors
    /// [`SpeechError::Data`] if the built-in file is invalid, which a test excludes.
    pub fn english() -> Result<Self, SpeechError> {
        Self::with_priors(PRIORS)
    }

    /// Returns the units with given frequencies: lines of a phone and a count. One is added to every count.
    ///
    /// # Errors
    /// [`SpeechError::Data`] names a line that can't be parsed.
    pub fn with_priors(lines: &str) -> Result<Self, SpeechError> {
        let phones: Vec<Phone> = Phone::all()
            .filter(|&p| p == Phone::SILENCE || (!p.is_mark() && p.strip_stress() == p))
            .collect();
        let unit = |phone: Phone| phones.iter().position(|&p| p == phone).unwrap_or(0) as u8;
        let of_phone = Phone::all()
            .map(|p| if p.is_mark() { SILENCE } else { unit(p.strip_stress()) })
            .collect();
        let mut units = Self { phones, of_phone, log_priors: Vec::new() };
        let mut counts = vec![1.0_f64; units.len()];
        for (i, line) in lines.lines().enumerate() {
            let bad = || SpeechError::Data { line: i + 1, content: line.to_owned() };
            let (phone, count) = line.split_once(' ').ok_or_else(bad)?;
            let phone = Phone::from_arpabet(phone).ok_or_else(bad)?;
            let count: u32 = count.parse().map_err(|_| bad())?;
            counts[usize::from(units.of(phone))] += f64::from(count);
        }
        let total: f64 = counts.iter().sum();
        units.log_priors = counts.iter().map(|c| (c / total).ln() as f32).collect();
        Ok(units)
    }

    /// Returns the number of units.
    pub fn len(&self) -> usize {
        self.phones.len()
    }

    /// Whether there are no units, which is never the case.
    pub fn is_empty(&self) -> bool {
        self.phones.is_empty()
    }

    /// Returns the unit of a phone, with or without stress; silence for boundaries and punctuation.
    pub fn of(&self, phone: Phone) -> u8 {
        self.of_phone[phone.index()]
    }

    /// Returns the phone of a unit.
    pub fn phone(&self, unit: u8) -> Phone {
        self.phones[usize::from(unit)]
    }

    /// Counts labels, one per subframe, and returns the lines of a frequency file.
    pub fn count_labels(labels: impl IntoIterator<Item = u32>) -> String {
        let mut counts = vec![0_u32; Phone::COUNT];
        for label in labels {
            if let Some(count) = counts.get_mut(label as usize) {
                *count += 1;
            }
        }
        let recognized = Phone::all().zip(counts).filter(|(_, count)| *count > 0);
        recognized.map(|(phone, count)| format!("{phone} {count}\n")).collect()
    }
}

/// Phone scores of a recording by unit and subframe. A subframe is one step of the scores, 20 ms.
#[derive(Debug, Clone, PartialEq)]
pub struct Acoustics {
    log_posteriors: Vec<f32>, // (parts, units)
    /// Weighted log priors of the units. // (units)
    log_priors: Vec<f32>,
    units: usize,
    /// Subframes per second.
    rate_hz: f64,
}

impl Acoustics {
    /// Builds scaled likelihoods from scores (hybrid recognition, Bourlard & Morgan 1994): the log-probability of a
    /// unit minus `prior_weight` times its log prior, minus the maximum of the subframe, so that the best unit has 0.
    ///
    /// # Errors
    /// [`SpeechError::Shape`] if the scores don't have the shape (subframes, phones of the inventory),
    /// [`SpeechError::Rate`] for an invalid rate.
    pub fn new(
        scores: &FrameScores,
        units: &Units,
        prior_weight: f64,
    ) -> Result<Self, SpeechError> {
        let mut acoustics = Self::empty(units, scores.rate_hz, prior_weight)?;
        acoustics.extend(scores, units)?;
        Ok(acoustics)
    }

    /// Builds acoustics without scores, for `rate_hz` subframes a second.
    ///
    /// # Errors
    /// [`SpeechError::Rate`] for a rate that is not positive.
    pub fn empty(units: &Units, rate_hz: f64, prior_weight: f64) -> Result<Self, SpeechError> {
        if rate_hz.is_nan() || rate_hz <= 0.0 {
            return Err(SpeechError::Rate { rate_hz });
        }
        let log_priors = units.log_priors.iter().map(|p| prior_weight as f32 * p).collect();
        Ok(Self { log_posteriors: Vec::new(), log_priors, units: units.len(), rate_hz })
    }

    /// Appends the scores of the next subframes; see [`Self::new`].
    ///
    /// # Errors
    /// [`SpeechError::Shape`] if the scores don't have the shape (subframes, phones of the inventory).
    pub fn extend(&mut self, scores: &FrameScores, units: &Units) -> Result<(), SpeechError> {
        let labels = scores.labels;
        if labels != Phone::COUNT || !scores.log_probs.len().is_multiple_of(labels) {
            let values = scores.log_probs.len();
            return Err(SpeechError::Shape { labels, values });
        }
        for part in scores.log_probs.chunks_exact(labels) {
            let log_posteriors = units.phones.iter().map(|p| finite(part[p.index()]));
            self.log_posteriors.extend(log_posteriors);
        }
        Ok(())
    }

    /// Reserves memory for a number of further subframes.
    pub fn reserve(&mut self, parts: usize) {
        self.log_posteriors.reserve_exact(parts * self.units);
    }

    /// Returns the number of subframes.
    pub fn parts(&self) -> usize {
        self.log_posteriors.len() / self.units
    }

    /// Returns the scaled log-likelihoods of a subframe; the best unit has 0. // (units)
    pub fn scaled(&self, part: usize) -> Vec<f32> {
        let row = &self.log_posteriors[part * self.units..(part + 1) * self.units];
        let mut scaled: Vec<f32> = row.iter().zip(&self.log_priors).map(|(x, p)| x - p).collect();
        let best = scaled.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        scaled.iter_mut().for_each(|x| *x -= best);
        scaled
    }

    /// Returns the log-probability of a unit in a subframe, in nats.
    pub fn log_posterior(&self, part: usize, unit: u8) -> f32 {
        self.log_posteriors[part * self.units + usize::from(unit)]
    }

    /// Returns the log-probability of the most probable unit in a subframe, in nats.
    pub fn best(&self, part: usize) -> f32 {
        let row = &self.log_posteriors[part * self.units..(part + 1) * self.units];
        row.iter().copied().fold(f32::NEG_INFINITY, f32::max)
    }

    /// Returns the start of a subframe, in seconds.
    pub fn at_s(&self, part: usize) -> f64 {
        part as f64 / self.rate_hz
    }
}

/// Returns a log-probability limited to [-30, 0]; NaN becomes -30.
fn finite(log_prob: f32) -> f32 {
    const FLOOR: f32 = -30.0;
    if log_prob > FLOOR { log_prob.min(0.0) } else { FLOOR }
}
