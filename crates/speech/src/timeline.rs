//! Phones on the time line of a recording, in the form that training and requests share.
//!
//! Corpora differ: some recordings begin with `SIL`, some with a phone after `lead_s` seconds; some end with `.`, some
//! with `SIL`; a pause is `,` before the word boundary or `SIL` after it. The shared form is `SIL`, words with `|`
//! between them, `,` before each `|` with a pause, `SIL`.

use syrinx_text::Phone;
use syrinx_types::TimedPhone;

use crate::StressMode;

/// Phones, with the durations of the ones that take time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timeline {
    /// Phones, boundaries and pauses.
    pub phones: Vec<Phone>,
    /// Duration of every entry of `phones` except `|`, in seconds; empty for a text without times.
    pub durations_s: Vec<f64>, // (phones but `|`)
    /// Spoken words, one for each run of phones between boundaries; empty if unknown.
    pub words: Vec<String>,
}

/// Largest excess of the durations over the length of the recording that is accepted, in seconds. The diphone voices of
/// flite shorten their final silence by 0.1 s.
const MAX_OVERRUN_S: f64 = 0.2;

/// Boundaries and pauses between two words, with their durations.
#[derive(Default)]
struct Gap {
    special_tokens: usize,
    pause_s: f64,
    boundary_s: f64,
}

impl Gap {
    fn total_s(&self) -> f64 {
        self.pause_s + self.boundary_s
    }
}

impl Timeline {
    /// Returns the time line of a recording of `total_s` seconds whose phones begin at `lead_s` seconds. `None` if a
    /// phone is unknown, if there is no phone, or if the durations exceed the recording.
    ///
    /// The duration of a `|` is added to the phone before it. A pause without duration is dropped. A gap between words
    /// of at least `pause_from_s` seconds becomes a pause. The last silence gets the remaining time.
    pub fn of_recording(
        timed: &[TimedPhone],
        lead_s: f64,
        total_s: f64,
        stress: StressMode,
        pause_from_s: f64,
    ) -> Option<Self> {
        let mut line =
            Self { phones: vec![Phone::SILENCE], durations_s: vec![lead_s], words: Vec::new() };
        let mut gap = Gap::default();
        for TimedPhone { phone, duration_s } in timed {
            let phone = Phone::from_arpabet(phone)?;
            if phone.is_mark() {
                let part =
                    if phone == Phone::BOUNDARY { &mut gap.boundary_s } else { &mut gap.pause_s };
                *part += duration_s;
                gap.special_tokens += 1;
            } else {
                line.close_gap(&std::mem::take(&mut gap), pause_from_s);
                line.push(stress.apply(phone), *duration_s);
            }
        }
        if line.phones.len() == 1 {
            return None;
        }
        let rest_s = total_s - line.durations_s.iter().sum::<f64>();
        line.push(Phone::SILENCE, rest_s.max(0.0));
        (rest_s > -MAX_OVERRUN_S).then_some(line)
    }

    /// Returns the time line of a text without durations, from the front end's sequence of phones, `|` and punctuation.
    pub fn of_text(spoken: &[Phone], stress: StressMode) -> Self {
        let end = spoken.iter().rposition(|p| !p.is_mark()).map_or(0, |last| last + 1);
        let mut phones = vec![Phone::SILENCE];
        for &phone in &spoken[..end] {
            let pause = phone.is_mark() && phone != Phone::BOUNDARY;
            phones.push(if pause { Phone::COMMA } else { stress.apply(phone) });
        }
        phones.push(Phone::SILENCE);
        Self { phones, ..Self::default() }
    }

    fn push(&mut self, phone: Phone, duration_s: f64) {
        self.phones.push(phone);
        self.durations_s.push(duration_s);
    }

    /// Appends the boundary and the pause before the next phone, or adds their duration to the previous phone.
    fn close_gap(&mut self, gap: &Gap, pause_from_s: f64) {
        if gap.special_tokens == 0 {
            return;
        }
        let before_all = self.phones.len() == 1;
        if !before_all && (gap.pause_s > 0.0 || gap.boundary_s >= pause_from_s) {
            self.push(Phone::COMMA, gap.total_s());
        } else if let Some(last) = self.durations_s.last_mut() {
            *last += gap.total_s();
        }
        if !before_all {
            self.phones.push(Phone::BOUNDARY);
        }
    }

    /// Returns the line with its words, one for each run of phones between boundaries and pauses.
    #[must_use]
    pub fn with_words(self, words: Vec<String>) -> Self {
        Self { words, ..self }
    }

    /// Returns the number of runs of phones between boundaries and pauses.
    pub fn word_count(&self) -> usize {
        let sounds = |i: usize| !self.phones[i].is_mark();
        (0..self.phones.len()).filter(|&i| sounds(i) && (i == 0 || !sounds(i - 1))).count()
    }
}
