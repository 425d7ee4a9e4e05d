//! The AR over the codes of all levels, in the order of a pattern.

use candle_core::Tensor;
use syrinx_task::{Head, Pattern, Sequence, Stage, TokenSpace};
use syrinx_types::Codes;

use crate::alignment_state::{AlignmentState, RowLength, RowOutcome};
use crate::context::{DecodeContext, RowState};
use crate::steps::{RowGenerator, generate_rows, prompt_of};
use crate::{DecodeError, draw};

/// One row being generated.
struct AllLevelsRow {
    sequence: Sequence,
    alignment: AlignmentState,
    /// History of each level. // (levels)
    history: Vec<Vec<u16>>,
    /// History of each level with the prompt's codes before it. // (levels)
    seen: Vec<Vec<u32>>,
    /// Total number of frames, once known; deeper levels may still follow.
    frames: Option<usize>,
    log_prob: f64,
    drawn: usize,
    done: bool,
    finished: bool,
}

/// Logits of one step on the host, one row for each live row.
struct Logits {
    /// Logits of the levels that the pattern predicts at this step. // (levels)
    codes: Vec<Option<Vec<Vec<f32>>>>,
    advances: Vec<Vec<f32>>,
}

pub(crate) fn run(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
) -> Result<(), DecodeError> {
    let Head::Levels(pattern) = stage.head else { return Ok(()) };
    let (model, levels) = (context.model, context.model.space().levels);
    let read = |step: usize, h: &Tensor| {
        let turn = |level: usize| pattern.frame(step, level, levels).is_some();
        let read = |level: usize| {
            turn(level).then(|| context.read(model.all_levels_logits(h, level)?)).transpose()
        };
        let codes = (0..levels).map(read).collect::<Result<_, DecodeError>>()?;
        let advances = model.advance_logits(h)?.map(|m| context.read(m)).transpose()?;
        Ok(Logits { codes, advances: advances.unwrap_or_default() })
    };
    let append =
        |w: &mut AllLevelsRow, step: usize, logits: &Logits, at: usize, row: &mut RowState<'_>| {
            w.append(context, pattern, step, logits, at, row);
        };
    generate_rows(context, stage, rows, read, append)
}

impl RowGenerator for AllLevelsRow {
    fn begin(
        context: &DecodeContext<'_>,
        sequence: Sequence,
        row: &RowState<'_>,
    ) -> Result<Self, DecodeError> {
        let levels = context.model.space().levels;
        row.check_given(levels)?;
        let prompt = prompt_of(row.run);
        let before = |level: usize| match prompt.filter(|p| level < p.levels()) {
            Some(prompt) => prompt.level(level).into_iter().map(u32::from).collect(),
            None => Vec::new(),
        };
        Ok(Self {
            alignment: AlignmentState::new(sequence.encoder.aligned.len(), row.run),
            sequence,
            history: vec![Vec::new(); levels],
            seen: (0..levels).map(before).collect(),
            frames: None,
            log_prob: 0.0,
            drawn: 0,
            done: row.run.limit == 0,
            finished: false,
        })
    }

    fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    fn done(&self) -> bool {
        self.done
    }

    fn extend(&mut self, space: &TokenSpace) {
        self.sequence.extend_levels(space, &self.history, self.alignment.phone_index());
    }

    fn deliver(self, row: &mut RowState<'_>) {
        let frames = self.frames.unwrap_or(0);
        let codes = (0..frames).flat_map(|frame| self.history.iter().map(move |l| l[frame]));
        row.out.codes = Codes::new(self.history.len(), codes.collect()).ok();
        row.out.score = self.log_prob / self.drawn.max(1) as f64;
        row.out.finished = self.finished;
        row.out.pointer = self.alignment.into_pointer();
    }
}

impl AllLevelsRow {
    /// Appends the codes that the pattern predicts at this step, then advances the pointer if the pattern allows it.
    fn append(
        &mut self,
        context: &DecodeContext<'_>,
        pattern: Pattern,
        step: usize,
        logits: &Logits,
        at: usize,
        row: &mut RowState<'_>,
    ) {
        let levels = self.history.len();
        for level in 0..levels {
            let (Some(frame), Some(logits)) =
                (pattern.frame(step, level, levels), &logits.codes[level])
            else {
                continue;
            };
            let over = |frames: usize| frame >= frames;
            if self.frames.is_some_and(over) {
                continue;
            }
            let given = row.run.given.as_ref().filter(|given| frame < given.frames());
            match given.map(|given| given.at(frame, level)) {
                Some(code) => self.push(level, code),
                None => self.draw(context, level, frame, logits[at].clone(), row),
            }
        }
        let newest = pattern.newest(step, levels);
        if self.frames.is_none() && pattern.advances_after(step, levels) {
            self.alignment.push();
            let length = RowLength { frames: newest + 1, limit: row.run.limit, given_end: false };
            let advances = logits.advances.get(at);
            let goes = self.alignment.advance(context, row.run, length, advances, row.rng);
            if let RowOutcome::Ended { finished } = goes {
                (self.frames, self.finished) = (Some(newest + 1), finished);
            }
        }
        self.done = self.frames.is_some_and(|frames| step + 1 >= pattern.steps(frames, levels));
    }

    fn push(&mut self, level: usize, code: u16) {
        self.seen[level].push(u32::from(code));
        self.history[level].push(code);
    }

    /// Draws a code. For level 1 of a row without an aligned text it may be the end.
    fn draw(
        &mut self,
        context: &DecodeContext<'_>,
        level: usize,
        frame: usize,
        mut logits: Vec<f32>,
        row: &mut RowState<'_>,
    ) {
        let (space, config) = (context.model.space(), context.config);
        let stop = usize::from(space.no_code());
        if (self.alignment.is_aligned() || frame == 0)
            && let Some(logit) = logits.get_mut(stop)
        {
            *logit = f32::NEG_INFINITY;
        }
        let repetition = (level == 0).then_some(&config.repetition_aware);
        let drawn = draw(&logits, &self.seen[level], &config.codes, repetition, row.rng);
        if drawn.token as usize == stop {
            (self.frames, self.finished) = (Some(frame), true);
            return;
        }
        self.log_prob += drawn.log_prob;
        self.drawn += 1;
        self.push(level, drawn.token as u16);
    }
}
