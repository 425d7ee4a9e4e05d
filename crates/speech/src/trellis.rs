//! Search for the best path through states (Viterbi), in bounded memory.

use crate::units::Acoustics;

/// Maximum memory for predecessors, in bytes.
const MOST_KEPT: usize = 32 << 20;

/// Number of states on both sides of the best one that stay in the search once the predecessors of all states exceed
/// the memory: some 300 words.
const REACH: usize = 2000;

/// State of the trellis.
pub(crate) struct TrellisState {
    /// Index of the phone ([`crate::Units`]).
    pub(crate) unit: u8,
    /// Index of the word; `None` for silence.
    pub(crate) word: Option<usize>,
    /// States that may precede this one, besides itself; all have lower indices.
    pub(crate) before: Vec<usize>,
    /// Whether the recording may begin with the state.
    pub(crate) first: bool,
}

/// Predecessors in one subframe of the states from `low` on: 0 for the state itself, otherwise an index into `before`
/// plus 1.
struct BackPointers {
    low: usize,
    came: Vec<u8>,
}

/// Viterbi search over the subframes of a recording.
struct Search<'a> {
    states: &'a [TrellisState],
    /// Log score of each state at the last subframe; negative infinity outside the window. // (states)
    score: Vec<f32>,
    /// Predecessors of the subframes after `path`.
    rows: Vec<BackPointers>,
    /// Number of predecessors in `rows`.
    kept: usize,
    /// States of the first subframes, which are final.
    path: Vec<usize>,
}

/// Returns the state of each subframe on the best path; `None` if no path ends in a state of `last`.
///
/// If the predecessors of all states exceed [`MOST_KEPT`], only states near the best one are searched, and the first
/// half of the path becomes final whenever the memory is full.
pub(crate) fn best_path(
    states: &[TrellisState],
    last: &[usize],
    acoustics: &Acoustics,
) -> Option<Vec<usize>> {
    best_path_within(states, last, acoustics, MOST_KEPT, REACH)
}

fn best_path_within(
    states: &[TrellisState],
    last: &[usize],
    acoustics: &Acoustics,
    most_kept: usize,
    reach: usize,
) -> Option<Vec<usize>> {
    let (n, parts) = (states.len(), acoustics.parts());
    let mut search = Search {
        states,
        score: vec![f32::NEG_INFINITY; n],
        rows: Vec::new(),
        kept: 0,
        path: Vec::with_capacity(parts),
    };
    let all = parts.saturating_mul(n) <= most_kept;
    let (mut low, mut high) = (0, if all { n } else { reach.min(n) });
    for part in 0..parts {
        let best = search.step(part == 0, &acoustics.scaled(part), low, high);
        if !all {
            let forgotten = low..best.saturating_sub(reach).max(low);
            search.score[forgotten.clone()].fill(f32::NEG_INFINITY);
            low = forgotten.end;
            high = (best + reach).min(n).max(high);
        }
        if search.kept > most_kept {
            search.decide_half(best);
        }
    }
    let end = last.iter().copied().max_by(|&a, &b| search.score[a].total_cmp(&search.score[b]))?;
    if search.score[end] == f32::NEG_INFINITY {
        return None;
    }
    search.decide(search.rows.len(), end);
    Some(search.path)
}

impl Search<'_> {
    /// Adds the scores of the next subframe to the states from `low` to `high` (exclusive), and returns the best state.
    /// `sounds` has one log score per unit.
    fn step(&mut self, first: bool, sounds: &[f32], low: usize, high: usize) -> usize {
        let mut came = Vec::with_capacity(high - low);
        let mut top = low;
        // The last state comes first, so that predecessors still have their score of the previous subframe.
        for i in (low..high).rev() {
            let state = &self.states[i];
            let (mut best, mut from) = (self.score[i], 0);
            for (k, &b) in state.before.iter().enumerate() {
                if self.score[b] > best {
                    (best, from) = (self.score[b], k + 1);
                }
            }
            if first {
                best = if state.first { 0.0 } else { f32::NEG_INFINITY };
            }
            self.score[i] = best + sounds[usize::from(state.unit)];
            if self.score[i] >= self.score[top] || i + 1 == high {
                top = i;
            }
            came.push(from.min(usize::from(u8::MAX)) as u8);
        }
        came.reverse();
        self.kept += came.len();
        self.rows.push(BackPointers { low, came });
        top
    }

    /// Returns the predecessor of a state in a row, which is a state of the subframe before.
    fn predecessor(&self, row: usize, state: usize) -> usize {
        let BackPointers { low, came } = &self.rows[row];
        match came[state - low] {
            0 => state,
            from => self.states[state].before[usize::from(from) - 1],
        }
    }

    /// Makes the path over the first half of the rows final: the path to the state `best`. States with another path are
    /// dropped.
    fn decide_half(&mut self, best: usize) {
        let half = self.rows.len() / 2;
        let ancestor = |mut state: usize| {
            for row in (half..self.rows.len()).rev() {
                state = self.predecessor(row, state);
            }
            state
        };
        let kept = ancestor(best);
        let low = self.rows.last().map_or(0, |row| row.low);
        let dropped: Vec<usize> = (low..self.score.len())
            .filter(|&i| self.score[i] > f32::NEG_INFINITY && ancestor(i) != kept)
            .collect();
        for state in dropped {
            self.score[state] = f32::NEG_INFINITY;
        }
        self.decide(half, kept);
    }

    /// Makes the path over the first `rows` rows final. The state at the last of them is `end`.
    fn decide(&mut self, rows: usize, end: usize) {
        let from = self.path.len();
        let mut state = end;
        for row in (0..rows).rev() {
            self.path.push(state);
            // The first subframe has no predecessor.
            if from + row > 0 {
                state = self.predecessor(row, state);
            }
        }
        self.path[from..].reverse();
        self.rows.drain(..rows);
        self.kept = self.rows.iter().map(|row| row.came.len()).sum();
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;
    use syrinx_task::FrameScores;
    use syrinx_text::Phone;

    use super::*;
    use crate::Units;

    /// Returns the scores of a recording that goes through the states one by one, with noise.
    fn recording(states: &[TrellisState], units: &Units, rng: &mut ChaCha8Rng) -> Acoustics {
        let mut scores = FrameScores { labels: Phone::COUNT, rate_hz: 50.0, log_probs: Vec::new() };
        for state in states {
            for _ in 0..rng.random_range(1..5) {
                let wanted = units.phone(state.unit).index();
                let of = |phone: usize| if phone == wanted { -0.5 } else { -3.0 };
                let noise = |x: f32, rng: &mut ChaCha8Rng| x - rng.random_range(0.0..1.5);
                scores.log_probs.extend((0..Phone::COUNT).map(|phone| noise(of(phone), rng)));
            }
        }
        Acoustics::new(&scores, units, 0.5).expect("the scores are whole")
    }

    #[test]
    fn a_narrow_search_finds_the_path_of_the_full_one() {
        let units = Units::english().expect("the build is whole");
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let states: Vec<TrellisState> = (0..600)
            .map(|i| TrellisState {
                unit: rng.random_range(0..units.len()) as u8,
                word: Some(i),
                before: if i > 0 { vec![i - 1] } else { Vec::new() },
                first: i == 0,
            })
            .collect();
        let acoustics = recording(&states, &units, &mut rng);
        let last = [states.len() - 1];
        let full = best_path(&states, &last, &acoustics).expect("it fits");
        assert_eq!(full.len(), acoustics.parts());
        for (kept, reach) in [(1 << 14, 60), (1 << 12, 60), (1 << 16, 599)] {
            let narrow = best_path_within(&states, &last, &acoustics, kept, reach);
            assert_eq!(narrow.expect("it fits"), full, "{kept} {reach}");
        }
    }

    #[test]
    fn an_end_out_of_reach_is_no_path() {
        let units = Units::english().expect("the build is whole");
        let state = |i: usize| TrellisState {
            unit: 1,
            word: Some(i),
            before: if i > 0 { vec![i - 1] } else { Vec::new() },
            first: i == 0,
        };
        let states: Vec<TrellisState> = (0..50).map(state).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let short = recording(&states[..5], &units, &mut rng);
        assert_eq!(best_path(&states, &[49], &short), None);
    }
}
