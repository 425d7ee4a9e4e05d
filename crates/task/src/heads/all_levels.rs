//! All levels of codes in one AR stage.

use serde::Serialize;
use syrinx_types::Codes;

use super::{CodesResponse, Filling, HeadOutput, Predictor, Target};
use crate::sequence::point;
use crate::{Head, IGNORE, LayoutIssue, NONE, Position, Segment, Sequence, Timing, TokenSpace};

/// The order in which an AR stage predicts the codes of all levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// A step predicts one code of every level; level l lags l - 1 frames behind level 1 (MusicGen, arXiv 2306.05284,
    /// section 2.2, the delay pattern).
    Delay,
    /// A step predicts one code; the levels of a frame one after another (the flattening pattern of the same section).
    Interleaved,
}

impl Pattern {
    /// Returns the frame whose code of this level (from 0) is generated at a step, if any. The frame may be past the
    /// last one.
    pub fn frame(self, step: usize, level: usize, levels: usize) -> Option<usize> {
        match self {
            Self::Delay => step.checked_sub(level),
            Self::Interleaved => (step % levels == level).then_some(step / levels),
        }
    }

    /// Returns the frame of level 1 at a step, which determines the phone index.
    pub fn newest(self, step: usize, levels: usize) -> usize {
        match self {
            Self::Delay => step,
            Self::Interleaved => step / levels,
        }
    }

    /// Whether the pointer may advance after a step.
    pub fn advances_after(self, step: usize, levels: usize) -> bool {
        match self {
            Self::Delay => true,
            Self::Interleaved => step % levels == levels - 1,
        }
    }

    /// Returns the number of steps that generate all codes of `frames` frames.
    pub fn steps(self, frames: usize, levels: usize) -> usize {
        match self {
            Self::Delay => frames + levels - 1,
            Self::Interleaved => frames * levels,
        }
    }

    /// Returns the step at which level 1 of a frame is generated.
    fn begins(self, frame: usize, levels: usize) -> usize {
        match self {
            Self::Delay => frame,
            Self::Interleaved => frame * levels,
        }
    }
}

impl Sequence {
    /// Appends a causal position to an AR sequence over all levels: the codes of the step before, taken from the
    /// history of each level, and the phone index.
    pub fn extend_levels(&mut self, space: &TokenSpace, history: &[Vec<u16>], phone_index: usize) {
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
        point(&mut p, &self.encoder, phone_index);
        self.positions.push(p);
    }
}

impl Predictor for Pattern {
    fn stage_name(&self) -> &'static str {
        "ar"
    }

    fn response(&self) -> Segment {
        Segment::levels_response("codes", *self)
    }

    fn describe(&self, timing: Timing) -> String {
        let (advances, known) = timing.describe();
        match self {
            Self::Delay => format!(
                "all levels, each a frame behind the one before{advances}, one after another (AR){known}"
            ),
            Self::Interleaved => {
                format!("codes of all levels in turn{advances}, one after another (AR){known}")
            }
        }
    }

    fn is_causal(&self) -> bool {
        true
    }

    fn has_history(&self) -> bool {
        true
    }

    fn positions_a_frame(&self, levels: usize) -> usize {
        match self {
            Self::Delay => 1,
            Self::Interleaved => levels,
        }
    }

    fn fill(&self, sequence: &mut Sequence, filling: Filling<'_>) -> Result<(), LayoutIssue> {
        match filling.codes()? {
            Some(response) => fill(sequence, *self, response, filling.space),
            None => Ok(()),
        }
    }
}

fn fill(
    sequence: &mut Sequence,
    pattern: Pattern,
    CodesResponse { codes, pointer }: CodesResponse<'_>,
    space: &TokenSpace,
) -> Result<(), LayoutIssue> {
    let (frames, levels) = (codes.frames(), space.levels);
    sequence.check_frames(frames, pointer)?;
    check_all_levels(codes, space)?;
    let aligned = !sequence.encoder.aligned.is_empty();
    let advancing = aligned && sequence.advances;
    let history: Vec<Vec<u16>> = (0..levels).map(|level| codes.level(level)).collect();
    let phone_index =
        |frame: usize| if aligned { pointer[frame.min(frames - 1)] as usize } else { 0 };
    // Without an aligned text the end is a stop code of level 1, after its last frame.
    let end = (!aligned).then(|| pattern.begins(frames, levels) + 1);
    let steps = pattern.steps(frames, levels).max(end.unwrap_or(0));
    let mut advances = Vec::with_capacity(steps);
    for step in 0..steps {
        let newest = pattern.newest(step, levels);
        sequence.extend_levels(space, &history, phone_index(newest));
        let advances_now = advancing && pattern.advances_after(step, levels) && newest < frames;
        advances.push(if advances_now {
            space.advance_class(
                phone_index(newest),
                (newest + 1 < frames).then(|| phone_index(newest + 1)),
            )
        } else {
            IGNORE
        });
    }
    for (level, codes) in history.iter().enumerate() {
        let class = |step: usize| match pattern.frame(step, level, levels) {
            Some(frame) if frame < frames => u32::from(codes[frame]),
            Some(frame) if frame == frames && level == 0 && !aligned => u32::from(space.no_code()),
            _ => IGNORE,
        };
        let output = if level == 0 {
            HeadOutput::FirstLevel { member: 0 }
        } else {
            HeadOutput::Level(level)
        };
        let name = format!("codes.{}", level + 1);
        let target = Target::classes(name, output, (0..steps).map(class).collect());
        // Every level counts the same, as in MusicGen (arXiv 2306.05284, section 2.2).
        let weight = 1.0 / levels as f64;
        sequence.targets.push(Target { weight, sparse: true, ..target });
    }
    sequence.push_advances(advances);
    Ok(())
}

/// Checks that codes have all levels, for stages that predict or read every level.
pub(super) fn check_all_levels(codes: &Codes, space: &TokenSpace) -> Result<(), LayoutIssue> {
    codes.check(space.codebook_size)?;
    match codes.levels() == space.levels {
        true => Ok(()),
        false => Err(LayoutIssue::AllLevels { found: codes.levels(), levels: space.levels }),
    }
}
