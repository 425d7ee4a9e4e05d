//! Durations as tokens, one for each phone of a text.

use super::{Filling, HeadOutput, Predictor, Target};
use crate::sequence::point;
use crate::{LayoutIssue, Position, Segment, Sequence, Timing, TokenSpace};

/// Longest duration with a class of its own, frames: two seconds at 25 frames a second. Longer durations get this
/// class.
pub const MAX_DURATION: usize = 50;

/// Classes of a duration: 0 to [`MAX_DURATION`] frames.
pub const DURATION_CLASSES: usize = MAX_DURATION + 1;

/// Rows of the embedding table of the previous duration: the classes, and one for the beginning.
pub const DURATION_ROWS: usize = DURATION_CLASSES + 1;

/// Counts the frames of each phone index under a pointer.
pub fn durations_of_pointer(pointer: &[u32], phones: usize) -> Vec<u32> {
    let mut durations = vec![0; phones];
    for &phone_index in pointer {
        if let Some(duration) = durations.get_mut(phone_index as usize) {
            *duration += 1;
        }
    }
    durations
}

/// Returns the phone index at every frame, from the number of frames of each phone.
pub fn pointer_in_frames(durations: &[u32]) -> Vec<u32> {
    let frames =
        |(phone_index, &n): (usize, &u32)| std::iter::repeat_n(phone_index as u32, n as usize);
    durations.iter().enumerate().flat_map(frames).collect()
}

pub(super) struct DurationsHead;

impl Predictor for DurationsHead {
    fn stage_name(&self) -> &'static str {
        "durations"
    }

    fn response(&self) -> Segment {
        Segment::duration_response("durations")
    }

    fn describe(&self, _: Timing) -> String {
        "frames of each phone, one after another (AR)".into()
    }

    fn is_causal(&self) -> bool {
        true
    }

    fn needs_aligned_text(&self) -> bool {
        true
    }

    fn fill(&self, sequence: &mut Sequence, filling: Filling<'_>) -> Result<(), LayoutIssue> {
        match filling.codes()? {
            Some(response) => fill(sequence, response.pointer, filling.space),
            None => Ok(()),
        }
    }
}

impl Sequence {
    /// Appends a causal position of the next phone to an AR sequence over durations. `previous` is the duration of the
    /// phone before it (`None` at the first).
    pub fn extend_durations(&mut self, space: &TokenSpace, previous: Option<u32>) {
        let phone_index = self.len() - self.response_start;
        let mut p = Position::empty(space, phone_index);
        let row = |frames: u32| (frames as usize).min(MAX_DURATION);
        p.duration = previous.map_or(DURATION_ROWS - 1, row) as u32;
        point(&mut p, &self.encoder, phone_index);
        self.positions.push(p);
    }
}

/// Appends the durations that a pointer implies.
fn fill(sequence: &mut Sequence, pointer: &[u32], space: &TokenSpace) -> Result<(), LayoutIssue> {
    let phones = sequence.encoder.aligned.len();
    if pointer.is_empty() || pointer.iter().any(|&phone_index| phone_index as usize >= phones) {
        return Err(LayoutIssue::Durations { frames: pointer.len(), phones });
    }
    let durations = durations_of_pointer(pointer, phones);
    let mut previous = None;
    for &duration in &durations {
        sequence.extend_durations(space, previous);
        previous = Some(duration);
    }
    let class = |frames: &u32| (*frames).min(MAX_DURATION as u32);
    let classes = durations.iter().map(class).collect();
    sequence.targets.push(Target::classes("durations", HeadOutput::Durations, classes));
    Ok(())
}
