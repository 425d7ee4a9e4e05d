//! Level 1 in a few passes over all frames.

use std::f64::consts::FRAC_PI_2;

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{CodesResponse, Corruption, Filling, HeadOutput, Predictor, Target};
use crate::sequence::point;
use crate::{Head, IGNORE, LayoutIssue, Position, Segment, Sequence, Timing, TokenSpace};

pub(super) struct MaskedLevelHead;

impl Predictor for MaskedLevelHead {
    fn stage_name(&self) -> &'static str {
        "masked"
    }

    fn response(&self) -> Segment {
        Segment::masked_response("codes")
    }

    fn describe(&self, timing: Timing) -> String {
        let (_, known) = timing.describe();
        format!("level-1 codes that aren't decided yet, the surest first (masked){known}")
    }

    fn is_causal(&self) -> bool {
        false
    }

    fn takes_frame_aligned(&self) -> bool {
        true
    }

    fn has_one_length(&self) -> bool {
        true
    }

    fn needs_length(&self) -> bool {
        true
    }

    fn leaves_further_levels(&self) -> bool {
        true
    }

    fn fill(&self, sequence: &mut Sequence, filling: Filling<'_>) -> Result<(), LayoutIssue> {
        match filling.codes()? {
            Some(response) => fill(sequence, response, filling.space),
            None => Err(LayoutIssue::Response),
        }
    }

    /// Shows the codes of some frames; with frame-aligned conditioning of none, since one pass predicts all of them.
    fn corrupt(&self, sequence: &mut Sequence, corruption: Corruption<'_>, rng: &mut ChaCha8Rng) {
        if sequence.frame_aligned.is_some() {
            return;
        }
        let mut frames: Vec<usize> = (0..sequence.len() - sequence.response_start).collect();
        frames.shuffle(rng);
        let hidden = hidden(frames.len(), rng);
        frames[hidden..].iter().for_each(|&frame| sequence.show(corruption.space, frame));
    }
}

/// Draws a point of the cosine schedule of masks (MaskGIT, arXiv 2202.04200, section 3.3): the number of frames that
/// stay hidden, one at least.
fn hidden(frames: usize, rng: &mut ChaCha8Rng) -> usize {
    let at: f64 = rng.random_range(0.0..1.0);
    ((frames as f64 * (FRAC_PI_2 * at).cos()).ceil() as usize).clamp(1, frames.max(1))
}

impl Sequence {
    /// Shows the code of a frame of a masked response; it isn't scored any more.
    pub fn show(&mut self, space: &TokenSpace, frame: usize) {
        let (Head::MaskedLevel, Some(codes)) = (self.head, &self.response_codes) else { return };
        let code = codes.at(frame, 0);
        self.positions[self.response_start + frame].codes[0] = space.history_code(0, code);
        for target in self.targets.iter_mut().filter(|t| !t.classes.is_empty()) {
            target.classes[frame] = IGNORE;
        }
    }
}

/// Appends all frames, of a known timing or of the frame-aligned conditioning; none of their codes is shown.
fn fill(
    sequence: &mut Sequence,
    CodesResponse { codes, pointer }: CodesResponse<'_>,
    space: &TokenSpace,
) -> Result<(), LayoutIssue> {
    sequence.check_frames(codes.frames(), pointer)?;
    codes.check(space.codebook_size)?;
    for frame in 0..codes.frames() {
        let mut p = Position::empty(space, frame);
        p.codes[0] = space.history_code(0, space.no_code());
        if let Some(&phone_index) = pointer.get(frame) {
            point(&mut p, &sequence.encoder, phone_index as usize);
        }
        sequence.add_frame_aligned(&mut p, frame, space);
        sequence.positions.push(p);
    }
    let classes = codes.level(0).into_iter().map(u32::from).collect();
    let output = HeadOutput::FirstLevel { member: 0 };
    sequence.targets.push(Target::classes("codes.1", output, classes));
    if sequence.frame_aligned.is_some() {
        let target = Target::latents("latent_difference", HeadOutput::LatentDifference);
        sequence.targets.push(target);
    }
    sequence.response_codes = Some(codes.clone());
    Ok(())
}
