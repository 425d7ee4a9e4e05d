//! Goodness of pronunciation: forced alignment against phone scores.

use syrinx_task::FrameScores;
use syrinx_text::Phone;

/// Returns the goodness of pronunciation (Witt and Young 2000): the mean log-probability of these phones in order,
/// minus that of the most probable phone of each part; 0 is perfect. Silence is optional at both ends. Boundaries and
/// punctuation count as silence; stress is ignored. `None` if there are fewer parts than phones, or no phones.
pub(crate) fn goodness(scores: &FrameScores, phones: &[Phone]) -> Option<f64> {
    let classes = Classes::of(scores)?;
    let states: Vec<Phone> = [Phone::SILENCE]
        .into_iter()
        .chain(phones.iter().copied())
        .chain([Phone::SILENCE])
        .collect();
    let n = states.len();
    if phones.is_empty() || classes.parts() < phones.len() {
        return None;
    }
    // Best score of a path that ends in a state (Viterbi); the silences at the ends may be left out.
    let mut best = vec![f32::NEG_INFINITY; n];
    best[0] = classes.at(0, states[0]);
    best[1] = classes.at(0, states[1]);
    for part in 1..classes.parts() {
        for s in (0..n).rev() {
            let stay = best[s];
            let step = if s > 0 { best[s - 1] } else { f32::NEG_INFINITY };
            best[s] = stay.max(step) + classes.at(part, states[s]);
        }
    }
    let forced = f64::from(best[n - 1].max(best[n - 2]));
    Some((forced - classes.free()) / classes.parts() as f64)
}

/// Scores of phones without stress, and of silence, which includes boundaries and punctuation.
pub(crate) struct Classes {
    log_probs: Vec<f32>, // (parts, phones of the inventory); only the rows of classes are filled
}

/// Returns the representative of the class of a phone.
fn class(phone: Phone) -> Phone {
    if phone.is_mark() { Phone::SILENCE } else { phone.strip_stress() }
}

impl Classes {
    pub(crate) fn of(scores: &FrameScores) -> Option<Self> {
        if scores.labels != Phone::COUNT || scores.log_probs.is_empty() {
            return None;
        }
        let class_of: Vec<usize> = Phone::all().map(|p| class(p).index()).collect();
        let mut log_probs = Vec::with_capacity(scores.log_probs.len());
        for row in scores.log_probs.chunks_exact(scores.labels) {
            let mut total = vec![0.0f32; scores.labels];
            for (&x, &c) in row.iter().zip(&class_of) {
                total[c] += x.exp();
            }
            // The floor prevents a single part from ruling out a path.
            log_probs.extend(total.iter().map(|t| t.max(1e-6).ln()));
        }
        Some(Self { log_probs })
    }

    pub(crate) fn parts(&self) -> usize {
        self.log_probs.len() / Phone::COUNT
    }

    fn at(&self, part: usize, phone: Phone) -> f32 {
        self.log_probs[part * Phone::COUNT + class(phone).index()]
    }

    /// Returns the mean score of these phones, and of the best ones, over some parts.
    pub(crate) fn means(&self, parts: std::ops::Range<usize>, phones: &[Phone]) -> (f64, f64) {
        let n = parts.len().max(1) as f64;
        let (mut forced, mut free) = (0.0, 0.0);
        for part in parts {
            let row = &self.log_probs[part * Phone::COUNT..][..Phone::COUNT];
            forced += f64::from(self.at(part, phones[part]));
            free += f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        }
        (forced / n, free / n)
    }

    /// Returns the sum of the scores of the most probable phone of each part.
    fn free(&self) -> f64 {
        let best = |row: &[f32]| f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        self.log_probs.chunks_exact(Phone::COUNT).map(best).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the scores of parts that each sound clearly like one phone.
    fn recognized(symbols: &[&str]) -> FrameScores {
        let row = |symbol: &&str| {
            let phone = Phone::from_arpabet(symbol).expect("a phone");
            let mut row = vec![(0.1f32 / 89.0).ln(); Phone::COUNT];
            row[phone.index()] = 0.9f32.ln();
            row
        };
        let log_probs = symbols.iter().flat_map(row).collect();
        FrameScores { log_probs, labels: Phone::COUNT, rate_hz: 50.0 }
    }

    fn phones(symbols: &[&str]) -> Vec<Phone> {
        symbols.iter().filter_map(|s| Phone::from_arpabet(s)).collect()
    }

    #[test]
    fn what_was_said_is_better_than_what_was_not() {
        let scores = recognized(&["SIL", "K", "AE", "AE", "T", "SIL"]);
        let of = |symbols: &[&str]| goodness(&scores, &phones(symbols)).expect("they fit");
        assert!(of(&["K", "AE1", "T"]) > -1e-3, "stress doesn't count");
        assert!(of(&["K", "AE1", "T"]) > of(&["K", "AE1", "P"]));
        assert!(of(&["K", "AE1", "P"]) > of(&["D", "AO1", "G", "Z"]));
    }

    #[test]
    fn more_phones_than_parts_do_not_fit() {
        assert_eq!(goodness(&recognized(&["K"]), &phones(&["K", "AE1"])), None);
        assert_eq!(goodness(&recognized(&["K"]), &[]), None);
    }
}
