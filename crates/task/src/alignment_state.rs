//! Alignment state of a row that is generated frame by frame.

use rand::Rng;

use crate::{DecodeConfig, RowContext, StageRun, TokenSpace, draw};

/// Alignment state of a row: the current phone index and its history. Without an aligned text it stays empty.
pub(crate) struct AlignmentState {
    phones: usize,
    phone_index: usize,
    frames_here: usize,
    pointer: Vec<u32>,
}

/// Length of a row that is being generated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowLength {
    /// Frames generated.
    pub(crate) frames: usize,
    /// Most frames that may be generated.
    pub(crate) limit: usize,
    /// Whether the row ends at `limit` by a given timing other than that of the phone index.
    pub(crate) given_end: bool,
}

/// Outcome of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowOutcome {
    /// More frames follow.
    On,
    /// The last frame was generated: by a decision of the model (`finished`) or at the limit.
    Ended { finished: bool },
}

impl AlignmentState {
    /// Starts at the first known phone index, or at 0, of `phones`.
    pub(crate) fn new(phones: usize, run: &StageRun) -> Self {
        let phone_index = run.pointer.first().map_or(0, |&phone_index| phone_index as usize);
        Self { phones, phone_index, frames_here: 0, pointer: Vec::new() }
    }

    /// Whether there is an aligned text.
    pub(crate) fn is_aligned(&self) -> bool {
        self.phones > 0
    }

    pub(crate) fn phone_index(&self) -> usize {
        self.phone_index
    }

    /// Appends the phone index of a generated frame.
    pub(crate) fn push(&mut self) {
        if self.is_aligned() {
            self.pointer.push(self.phone_index as u32);
        }
    }

    /// Returns the phone index at every frame so far.
    pub(crate) fn pointer(&self) -> &[u32] {
        &self.pointer
    }

    pub(crate) fn into_pointer(self) -> Vec<u32> {
        self.pointer
    }

    /// Moves to the known phone index after `frames` frames, which are generated in groups of `group`. Returns whether
    /// it is known.
    pub(crate) fn set_known(&mut self, run: &StageRun, frames: usize, group: usize) -> bool {
        let Some(&phone_index) = run.pointer.get(frames) else { return false };
        let stays = phone_index as usize == self.phone_index;
        self.frames_here = if stays { self.frames_here + group } else { 0 };
        self.phone_index = phone_index as usize;
        true
    }

    /// Decides whether the row continues at `length`. A given timing determines the end; otherwise the phone index
    /// advances by a draw from the logits `advances`.
    pub(crate) fn advance(
        &mut self,
        context: RowContext<'_>,
        length: RowLength,
        advances: Option<&Vec<f32>>,
        rng: &mut impl Rng,
    ) -> RowOutcome {
        let RowLength { frames, limit, given_end } = length;
        let (run, space) = (context.run, context.space);
        let at_limit = frames >= limit;
        let finished = at_limit && (given_end || run.pointer.len() >= limit);
        let drawn = self.is_aligned() && !self.set_known(run, frames, space.group) && !finished;
        if let Some(advances) = advances.filter(|_| drawn)
            && self.draw_advance(context.config, space, advances.clone(), rng)
        {
            return RowOutcome::Ended { finished: true };
        }
        if at_limit { RowOutcome::Ended { finished } } else { RowOutcome::On }
    }

    /// Draws the advance of the phone index among the allowed ones: never past the last phone, an end only there, and
    /// no stay after the maximum duration. Returns whether it is the end.
    fn draw_advance(
        &mut self,
        config: &DecodeConfig,
        space: &TokenSpace,
        mut logits: Vec<f32>,
        rng: &mut impl Rng,
    ) -> bool {
        self.frames_here += space.group;
        let left = self.phones - 1 - self.phone_index;
        let at_max_duration = self.frames_here >= config.max_frames_a_phone;
        mask_advances(&mut logits, left, at_max_duration, space);
        let step = draw(&logits, &[], &config.advances, None, rng).token as usize;
        if step == space.advance_classes() - 1 {
            return true;
        }
        if step > 0 {
            self.phone_index += step;
            self.frames_here = 0;
        }
        false
    }
}

/// Masks the advances that are not allowed with `left` phones ahead.
fn mask_advances(logits: &mut [f32], left: usize, at_max_duration: bool, space: &TokenSpace) {
    let end = space.advance_classes() - 1;
    for (step, l) in logits.iter_mut().enumerate() {
        let allowed =
            if step == end { left == 0 } else { step <= left && !(at_max_duration && step == 0) };
        if !allowed {
            *l = f32::NEG_INFINITY;
        }
    }
}
