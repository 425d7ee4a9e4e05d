//! All levels of codes in one AR stage, in the order of a pattern.

use std::fmt::Debug;

use rand_chacha::ChaCha8Rng;
use syrinx_types::Codes;

use super::{CodesResponse, Filling, HeadOutput, Predictor, Target};
use crate::alignment_state::{AlignmentState, RowLength, RowOutcome};
use crate::sequence::point;
use crate::{
    Generated, IGNORE, LayoutIssue, NONE, Position, RowContext, RowGenerator, Segment, Sequence,
    StepOutputs, TaskError, Timing, TokenSpace, draw,
};

/// Order in which an AR stage predicts the codes of all levels.
pub trait Pattern: Debug + Copy + Send + Sync + 'static {
    /// Name of the order.
    const NAME: &'static str;

    /// Codes of the response that a position reads, for the table of a layout.
    const KNOWN_CODES: &'static str;

    /// Returns the description of the head in one line.
    fn describe(self, timing: Timing) -> String;

    /// Returns the frame whose code of this level (from 0) is generated at a step, if any. The frame may be past the
    /// last one.
    fn frame(self, step: usize, level: usize, levels: usize) -> Option<usize>;

    /// Returns the frame of level 1 at a step, which determines the phone index.
    fn newest(self, step: usize, levels: usize) -> usize;

    /// Whether the pointer may advance after a step.
    fn advances_after(self, step: usize, levels: usize) -> bool;

    /// Returns the number of steps that generate all codes of `frames` frames.
    fn steps(self, frames: usize, levels: usize) -> usize;

    /// Returns the step at which level 1 of a frame is generated.
    fn begins(self, frame: usize, levels: usize) -> usize;

    /// Whether a level without a code in the step before has the embedding of an empty history.
    fn opens(self, step: usize, level: usize) -> bool;

    /// Returns the number of positions that a frame takes.
    fn positions_a_frame(self, levels: usize) -> usize;
}

/// The codes of all levels in an order, and the advance of the pointer (or a stop code without one). AR.
#[derive(Debug, Clone, Copy)]
pub struct AllLevels<P>(pub P);

impl<P: Pattern> AllLevels<P> {
    /// Appends a causal position to an AR sequence over all levels: the codes of the step before, taken from the
    /// history of each level, and the phone index.
    pub fn extend(
        self,
        sequence: &mut Sequence,
        space: &TokenSpace,
        history: &[Vec<u16>],
        phone_index: usize,
    ) {
        let Self(pattern) = self;
        let step = sequence.len() - sequence.response_start;
        let mut p = Position::empty(space, step);
        for (level, codes) in history.iter().enumerate() {
            let before =
                step.checked_sub(1).and_then(|step| pattern.frame(step, level, history.len()));
            p.codes[level] = match before.and_then(|frame| codes.get(frame)) {
                Some(&code) => space.history_code(level, code),
                None if pattern.opens(step, level) => space.history_code(level, space.no_code()),
                None => NONE,
            };
        }
        point(&mut p, &sequence.encoder, phone_index);
        sequence.positions.push(p);
    }

    /// Returns the output that predicts the codes of a level.
    fn output(level: usize) -> HeadOutput {
        match level {
            0 => HeadOutput::FirstLevel { member: 0 },
            _ => HeadOutput::Level(level),
        }
    }

    fn fill(
        self,
        sequence: &mut Sequence,
        CodesResponse { codes, pointer }: CodesResponse<'_>,
        space: &TokenSpace,
    ) -> Result<(), LayoutIssue> {
        let Self(pattern) = self;
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
            self.extend(sequence, space, &history, phone_index(newest));
            let advances_now = advancing && pattern.advances_after(step, levels) && newest < frames;
            advances.push(if advances_now {
                let next = (newest + 1 < frames).then(|| phone_index(newest + 1));
                space.advance_class(phone_index(newest), next)
            } else {
                IGNORE
            });
        }
        for (level, codes) in history.iter().enumerate() {
            let class = |step: usize| match pattern.frame(step, level, levels) {
                Some(frame) if frame < frames => u32::from(codes[frame]),
                Some(frame) if frame == frames && level == 0 && !aligned => {
                    u32::from(space.no_code())
                }
                _ => IGNORE,
            };
            let name = format!("codes.{}", level + 1);
            let classes = (0..steps).map(class).collect();
            let target = Target::classes(name, Self::output(level), classes);
            // Every level counts the same, as in MusicGen (arXiv 2306.05284, section 2.2).
            let weight = 1.0 / levels as f64;
            sequence.targets.push(Target { weight, sparse: true, ..target });
        }
        sequence.push_advances(advances);
        Ok(())
    }
}

impl<P: Pattern> Predictor for AllLevels<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn stage_name(&self) -> &'static str {
        "ar"
    }

    fn response(&self) -> Segment {
        Segment::ar_response("codes")
    }

    fn known_codes(&self) -> &'static str {
        P::KNOWN_CODES
    }

    fn describe(&self, timing: Timing) -> String {
        self.0.describe(timing)
    }

    fn is_causal(&self) -> bool {
        true
    }

    fn has_history(&self) -> bool {
        true
    }

    fn positions_a_frame(&self, levels: usize) -> usize {
        self.0.positions_a_frame(levels)
    }

    fn fill(&self, sequence: &mut Sequence, filling: Filling<'_>) -> Result<(), LayoutIssue> {
        match filling.codes()? {
            Some(response) => (*self).fill(sequence, response, filling.space),
            None => Ok(()),
        }
    }

    fn begin<'a>(
        &self,
        context: RowContext<'a>,
        _: &Generated,
    ) -> Result<Box<dyn RowGenerator + 'a>, TaskError> {
        Ok(Box::new(AllLevelsRow::begin(*self, context)?))
    }
}

/// Checks that codes have all levels, for stages that predict or read every level.
pub(super) fn check_all_levels(codes: &Codes, space: &TokenSpace) -> Result<(), LayoutIssue> {
    codes.check(space.codebook_size)?;
    match codes.levels() == space.levels {
        true => Ok(()),
        false => Err(LayoutIssue::AllLevels { found: codes.levels(), levels: space.levels }),
    }
}

/// One row being generated.
struct AllLevelsRow<'a, P> {
    head: AllLevels<P>,
    context: RowContext<'a>,
    sequence: Sequence,
    alignment: AlignmentState,
    step: usize,
    /// History of each level. // (levels)
    history: Vec<Vec<u16>>,
    /// The same with the prompt before it. // (levels)
    seen: Vec<Vec<u32>>,
    /// Frames in all, once that is known: deeper levels may still be to come.
    frames: Option<usize>,
    log_prob: f64,
    drawn: usize,
    done: bool,
    finished: bool,
}

impl<'a, P: Pattern> AllLevelsRow<'a, P> {
    fn begin(head: AllLevels<P>, context: RowContext<'a>) -> Result<Self, TaskError> {
        let sequence = context.sequence()?;
        context.check_given_levels()?;
        let levels = context.space.levels;
        let prompt = context.prompt();
        let before = |level: usize| match prompt.filter(|p| level < p.levels()) {
            Some(prompt) => prompt.level(level).into_iter().map(u32::from).collect(),
            None => Vec::new(),
        };
        Ok(Self {
            head,
            context,
            alignment: AlignmentState::new(sequence.encoder.aligned.len(), context.run),
            sequence,
            step: 0,
            history: vec![Vec::new(); levels],
            seen: (0..levels).map(before).collect(),
            frames: None,
            log_prob: 0.0,
            drawn: 0,
            done: context.run.limit == 0,
            finished: false,
        })
    }

    fn push(&mut self, level: usize, code: u16) {
        self.seen[level].push(u32::from(code));
        self.history[level].push(code);
    }

    /// Draws a code. For level 1 of a row without an aligned text it may be the end.
    fn draw(&mut self, level: usize, frame: usize, mut logits: Vec<f32>, rng: &mut ChaCha8Rng) {
        let RowContext { space, config, .. } = self.context;
        let stop = usize::from(space.no_code());
        if (self.alignment.is_aligned() || frame == 0)
            && let Some(logit) = logits.get_mut(stop)
        {
            *logit = f32::NEG_INFINITY;
        }
        let repetition = (level == 0).then_some(&config.repetition_aware);
        let drawn = draw(&logits, &self.seen[level], &config.codes, repetition, rng);
        if drawn.token as usize == stop {
            (self.frames, self.finished) = (Some(frame), true);
            return;
        }
        self.log_prob += drawn.log_prob;
        self.drawn += 1;
        self.push(level, drawn.token as u16);
    }
}

impl<P: Pattern> RowGenerator for AllLevelsRow<'_, P> {
    fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn prepare(&mut self) -> Result<(), TaskError> {
        let phone_index = self.alignment.phone_index();
        self.head.extend(&mut self.sequence, self.context.space, &self.history, phone_index);
        Ok(())
    }

    fn outputs(&self) -> Vec<HeadOutput> {
        let levels = self.history.len();
        let turn = |&level: &usize| self.head.0.frame(self.step, level, levels).is_some();
        let codes = (0..levels).filter(turn).map(AllLevels::<P>::output);
        codes.chain([HeadOutput::Advances]).collect()
    }

    /// Generates the codes that have their turn, then advances the pointer if it has its turn.
    fn take(&mut self, outputs: StepOutputs<'_>, rng: &mut ChaCha8Rng) {
        let (AllLevels(pattern), run, step) = (self.head, self.context.run, self.step);
        self.step += 1;
        let levels = self.history.len();
        for level in 0..levels {
            let logits = outputs.row(AllLevels::<P>::output(level));
            let (Some(frame), Some(logits)) = (pattern.frame(step, level, levels), logits) else {
                continue;
            };
            if self.frames.is_some_and(|frames| frame >= frames) {
                continue;
            }
            let given = run.given.as_ref().filter(|given| frame < given.frames());
            match given.map(|given| given.at(frame, level)) {
                Some(code) => self.push(level, code),
                None => self.draw(level, frame, logits.clone(), rng),
            }
        }
        let newest = pattern.newest(step, levels);
        if self.frames.is_none() && pattern.advances_after(step, levels) {
            self.alignment.push();
            let length = RowLength { frames: newest + 1, limit: run.limit, given_end: false };
            let advances = outputs.row(HeadOutput::Advances);
            let outcome = self.alignment.advance(self.context, length, advances, rng);
            if let RowOutcome::Ended { finished } = outcome {
                (self.frames, self.finished) = (Some(newest + 1), finished);
            }
        }
        self.done = self.frames.is_some_and(|frames| step + 1 >= pattern.steps(frames, levels));
    }

    fn deliver(self: Box<Self>, out: &mut Generated) {
        let frames = self.frames.unwrap_or(0);
        let codes = (0..frames).flat_map(|frame| self.history.iter().map(move |l| l[frame]));
        out.codes = Codes::new(self.history.len(), codes.collect()).ok();
        out.score = self.log_prob / self.drawn.max(1) as f64;
        out.finished = self.finished;
        out.pointer = self.alignment.into_pointer();
    }
}
