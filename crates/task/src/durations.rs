//! Durations as tokens, one for each stop of a text.

use crate::sequence::point;
use crate::{Position, Sequence, Targets, TokenSpace};

/// The longest duration that has a class of its own, frames: two seconds at 25 frames a second. Longer ones count as
/// this.
pub const MAX_DURATION: usize = 50;

/// Classes of a duration: 0 to [`MAX_DURATION`] frames.
pub const DURATION_CLASSES: usize = MAX_DURATION + 1;

/// Rows of the table that embeds the duration before: the classes, and one for the beginning.
pub const DURATION_ROWS: usize = DURATION_CLASSES + 1;

/// Counts the frames of each phone index under a pointer.
pub fn durations_of_pointer(pointer: &[u32], stops: usize) -> Vec<u32> {
    let mut durations = vec![0; stops];
    for &stop in pointer {
        if let Some(duration) = durations.get_mut(stop as usize) {
            *duration += 1;
        }
    }
    durations
}

/// The stop under the pointer at every frame, from how many frames each has.
pub fn pointer_in_frames(durations: &[u32]) -> Vec<u32> {
    let frames = |(stop, &n): (usize, &u32)| std::iter::repeat_n(stop as u32, n as usize);
    durations.iter().enumerate().flat_map(frames).collect()
}

impl Sequence {
    /// Appends a causal position to an AR sequence over durations: that of the stop before (`None` at the first). It
    /// stands at the next stop.
    pub fn extend_durations(&mut self, space: &TokenSpace, previous: Option<u32>) {
        let stop = self.len() - self.response_start;
        let mut p = Position::empty(space, stop);
        let row = |frames: u32| (frames as usize).min(MAX_DURATION);
        p.duration = previous.map_or(DURATION_ROWS - 1, row) as u32;
        point(&mut p, &self.encoder, stop);
        self.positions.push(p);
    }
}

/// A response of durations: those that a pointer implies.
pub(crate) fn durations(
    sequence: &mut Sequence,
    pointer: &[u32],
    space: &TokenSpace,
) -> Result<(), String> {
    let stops = sequence.encoder.stops.len();
    if pointer.is_empty() || pointer.iter().any(|&stop| stop as usize >= stops) {
        return Err(format!("a pointer of {} frames over {stops} stops", pointer.len()));
    }
    let durations = durations_of_pointer(pointer, stops);
    let mut previous = None;
    for &duration in &durations {
        sequence.extend_durations(space, previous);
        previous = Some(duration);
    }
    let class = |frames: &u32| (*frames).min(MAX_DURATION as u32);
    sequence.targets = Targets::Durations(durations.iter().map(class).collect());
    Ok(())
}
