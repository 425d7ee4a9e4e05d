//! Level 1 in a few passes over all frames.

use syrinx_types::Codes;

use crate::sequence::point;
use crate::{Head, IGNORE, Position, Sequence, Targets, TokenSpace};

impl Sequence {
    /// Shows the code of a frame of a masked response; it isn't scored any more.
    pub fn show(&mut self, space: &TokenSpace, frame: usize) {
        let (Head::MaskedLevel, Some(codes)) = (self.head, &self.response_codes) else { return };
        let code = codes.at(frame, 0);
        self.positions[self.response_start + frame].codes[0] = space.history_code(0, code);
        if let Targets::Masked(targets) = &mut self.targets {
            targets[frame] = IGNORE;
        }
    }
}

/// A masked response: all frames of a known timing, or of the frame-aligned conditioning; none of their codes shown yet.
pub(crate) fn masked(
    sequence: &mut Sequence,
    (codes, pointer): (&Codes, &[u32]),
    space: &TokenSpace,
) -> Result<(), String> {
    sequence.check_timing(codes.frames(), pointer)?;
    codes.check(space.codebook_size).map_err(|e| e.to_string())?;
    for frame in 0..codes.frames() {
        let mut p = Position::empty(space, frame);
        p.codes[0] = space.history_code(0, space.no_code());
        if let Some(&stop) = pointer.get(frame) {
            point(&mut p, &sequence.encoder, stop as usize);
        }
        sequence.add_frame_aligned(&mut p, frame, space);
        sequence.positions.push(p);
    }
    sequence.targets = Targets::Masked(codes.level(0).into_iter().map(u32::from).collect());
    sequence.response_codes = Some(codes.clone());
    Ok(())
}
