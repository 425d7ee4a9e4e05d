//! All levels of codes in one AR stage.

use serde::Serialize;
use syrinx_types::Codes;

use crate::sequence::point;
use crate::{Head, IGNORE, NONE, Position, Sequence, Targets, TokenSpace};

/// The order in which an AR stage predicts the codes of all levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// A step predicts one code of every level, level l of the frame that is l - 1 before that of level 1
    /// (MusicGen, arXiv 2306.05284, section 2.2, the delay pattern).
    Delay,
    /// A step predicts one code; the levels of a frame one after another (the flattening pattern of the same section).
    Interleaved,
}

impl Pattern {
    /// The frame whose code of this level (from 0) is generated at a step, if any is. It may be past the last frame.
    pub fn frame(self, step: usize, level: usize, levels: usize) -> Option<usize> {
        match self {
            Self::Delay => step.checked_sub(level),
            Self::Interleaved => (step % levels == level).then_some(step / levels),
        }
    }

    /// The frame of level 1 at a step, whose stop is under the pointer.
    pub fn newest(self, step: usize, levels: usize) -> usize {
        match self {
            Self::Delay => step,
            Self::Interleaved => step / levels,
        }
    }

    /// Whether the pointer moves after a step.
    pub fn moves_after(self, step: usize, levels: usize) -> bool {
        match self {
            Self::Delay => true,
            Self::Interleaved => step % levels == levels - 1,
        }
    }

    /// Steps after which all codes of so many frames are generated.
    pub fn steps(self, frames: usize, levels: usize) -> usize {
        match self {
            Self::Delay => frames + levels - 1,
            Self::Interleaved => frames * levels,
        }
    }

    /// The step at which level 1 of a frame is generated.
    fn begins(self, frame: usize, levels: usize) -> usize {
        match self {
            Self::Delay => frame,
            Self::Interleaved => frame * levels,
        }
    }
}

impl Sequence {
    /// Appends a causal position to an AR sequence over all levels: the codes of the step before, out of what is
    /// written of each level so far, and the stop under the pointer.
    pub fn extend_levels(&mut self, space: &TokenSpace, history: &[Vec<u16>], stop: usize) {
        let Head::Levels(pattern) = self.head else { return };
        let step = self.len() - self.response_start;
        let mut p = Position::empty(space, step);
        for (level, codes) in history.iter().enumerate() {
            let before =
                step.checked_sub(1).and_then(|step| pattern.frame(step, level, history.len()));
            let begins = pattern == Pattern::Delay || (step == 0 && level == 0);
            p.codes[level] = match before.and_then(|frame| codes.get(frame)) {
                Some(&code) => space.history_code(level, code),
                None if begins => space.history_code(level, space.no_code()),
                None => NONE,
            };
        }
        point(&mut p, &self.encoder, stop);
        self.positions.push(p);
    }
}

/// A response of all levels: its positions and targets.
pub(crate) fn all_levels(
    sequence: &mut Sequence,
    pattern: Pattern,
    (codes, pointer): (&Codes, &[u32]),
    space: &TokenSpace,
) -> Result<(), String> {
    let (frames, levels) = (codes.frames(), space.levels);
    sequence.check_timing(frames, pointer)?;
    check_whole(codes, space)?;
    let aligned = !sequence.encoder.stops.is_empty();
    let moving = aligned && sequence.advances;
    let history: Vec<Vec<u16>> = (0..levels).map(|level| codes.level(level)).collect();
    let stop = |frame: usize| if aligned { pointer[frame.min(frames - 1)] as usize } else { 0 };
    // Without an aligned text the end is a stop code of level 1, after its last frame.
    let end = (!aligned).then(|| pattern.begins(frames, levels) + 1);
    let steps = pattern.steps(frames, levels).max(end.unwrap_or(0));
    let (mut targets, mut advances) =
        (Vec::with_capacity(steps * levels), Vec::with_capacity(steps));
    for step in 0..steps {
        let newest = pattern.newest(step, levels);
        sequence.extend_levels(space, &history, stop(newest));
        targets.extend((0..levels).map(|level| match pattern.frame(step, level, levels) {
            Some(frame) if frame < frames => u32::from(history[level][frame]),
            Some(frame) if frame == frames && level == 0 && !aligned => u32::from(space.no_code()),
            _ => IGNORE,
        }));
        let advances_now = moving && pattern.moves_after(step, levels) && newest < frames;
        advances.push(if advances_now {
            space.advance_class(stop(newest), (newest + 1 < frames).then(|| stop(newest + 1)))
        } else {
            IGNORE
        });
    }
    sequence.targets = Targets::Levels { codes: targets, advances };
    Ok(())
}

/// Checks that codes have all levels, for stages that predict or read every level.
pub(crate) fn check_whole(codes: &Codes, space: &TokenSpace) -> Result<(), String> {
    codes.check(space.codebook_size).map_err(|e| e.to_string())?;
    if codes.levels() == space.levels {
        return Ok(());
    }
    Err(format!("codes of {} levels where all {} are needed", codes.levels(), space.levels))
}
