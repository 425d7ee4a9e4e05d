//! The AR over level-1 codes, with its pointer.

use candle_core::Tensor;
use syrinx_task::{Sequence, Stage, TokenSpace};
use syrinx_types::{Coded, Codes};

use crate::alignment_state::{AlignmentState, RowLength, RowOutcome};
use crate::context::{DecodeContext, LevelOne, RowState};
use crate::steps::{RowGenerator, generate_rows, prompt_of};
use crate::{DecodeError, draw};

/// One row being generated.
struct FirstLevelRow {
    sequence: Sequence,
    alignment: AlignmentState,
    /// Level-1 codes of the prompt and of the generated frames.
    history: Vec<u32>,
    codes: Vec<u16>,
    log_prob: f64,
    drawn: usize,
    done: bool,
    finished: bool,
}

pub(crate) fn run(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
) -> Result<(), DecodeError> {
    let read = |_, h: &Tensor| Logits::read(context, h);
    let append = |w: &mut FirstLevelRow, _, logits: &Logits, at: usize, row: &mut RowState<'_>| {
        w.append(context, logits, at, row);
        if let Some(stream) = context.stream {
            let FirstLevelRow { codes, done, .. } = &*w;
            let history = LevelOne { codes, pointer: w.alignment.pointer(), done: *done };
            stream.step(context, history, row.rng);
        }
    };
    generate_rows(context, stage, rows, read, append)
}

/// Logits of one step on the host, guidance applied.
struct Logits {
    /// One table for each member of the group, one row for each live row.
    codes: Vec<Vec<Vec<f32>>>,
    advances: Vec<Vec<f32>>,
}

impl Logits {
    fn read(context: &DecodeContext<'_>, h: &Tensor) -> Result<Self, DecodeError> {
        let model = context.model;
        let codes = (0..model.space().group)
            .map(|m| context.read(model.first_level_logits(h, m)?))
            .collect::<Result<_, DecodeError>>()?;
        let advances =
            model.advance_logits(h)?.map(|advances| context.read(advances)).transpose()?;
        Ok(Self { codes, advances: advances.unwrap_or_default() })
    }
}

impl RowGenerator for FirstLevelRow {
    /// Given frames of a row are part of the sequence except for the last step, whose output predicts the first new
    /// frame.
    fn begin(
        context: &DecodeContext<'_>,
        sequence: Sequence,
        row: &RowState<'_>,
    ) -> Result<Self, DecodeError> {
        let (run, space) = (row.run, context.model.space());
        let prompt = prompt_of(run).map(|c| c.level(0)).unwrap_or_default();
        let mut writing = Self {
            alignment: AlignmentState::new(sequence.encoder.aligned.len(), run),
            sequence,
            history: prompt.into_iter().map(u32::from).collect(),
            codes: Vec::new(),
            log_prob: 0.0,
            drawn: 0,
            done: run.limit == 0,
            finished: false,
        };
        let given = run.given.as_ref().map(|g| g.level(0)).unwrap_or_default();
        let steps = given.len() / space.group;
        for codes in given.chunks_exact(space.group).take(steps.saturating_sub(1)) {
            writing.extend(space);
            for &code in codes {
                writing.push(code);
            }
            writing.alignment.set_known(run, writing.codes.len(), space.group);
        }
        Ok(writing)
    }

    fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    fn done(&self) -> bool {
        self.done
    }

    /// Appends the next position: the last generated codes and the phone index.
    fn extend(&mut self, space: &TokenSpace) {
        let start = self.codes.len().saturating_sub(space.group);
        let previous = (!self.codes.is_empty()).then(|| self.codes[start..].to_vec());
        self.sequence.extend_codes(space, previous.as_deref(), self.alignment.phone_index());
    }

    fn deliver(self, row: &mut RowState<'_>) {
        row.out.score = self.log_prob / self.drawn.max(1) as f64;
        row.out.finished = self.finished;
        row.out.pointer = self.alignment.into_pointer();
        row.out.codes = Codes::new(1, self.codes).ok();
    }
}

impl FirstLevelRow {
    fn push(&mut self, code: u16) {
        self.history.push(u32::from(code));
        self.codes.push(code);
        self.alignment.push();
    }

    fn append(
        &mut self,
        context: &DecodeContext<'_>,
        logits: &Logits,
        at: usize,
        row: &mut RowState<'_>,
    ) {
        let space = context.model.space();
        let given = row.run.given.as_ref().filter(|g| self.codes.len() + space.group <= g.frames());
        for member in 0..space.group {
            match given {
                Some(given) => self.push(given.at(self.codes.len(), 0)),
                None if self.draw(context, logits.codes[member][at].clone(), row) => {}
                None => {
                    (self.done, self.finished) = (true, true);
                    return;
                }
            }
        }
        // A response is as long as its frame-aligned conditioning.
        let frame_aligned = self.sequence.frame_aligned.as_ref().map(Coded::frames);
        let length = RowLength {
            frames: self.codes.len(),
            limit: frame_aligned.unwrap_or(row.run.limit),
            given_end: frame_aligned.is_some(),
        };
        let goes =
            self.alignment.advance(context, row.run, length, logits.advances.get(at), row.rng);
        if let RowOutcome::Ended { finished } = goes {
            (self.done, self.finished) = (true, finished);
        }
    }

    /// Draws a code; `false` for the end.
    fn draw(
        &mut self,
        context: &DecodeContext<'_>,
        mut logits: Vec<f32>,
        row: &mut RowState<'_>,
    ) -> bool {
        let (space, config) = (context.model.space(), context.config);
        let endless = self.alignment.is_aligned() || self.sequence.frame_aligned.is_some();
        if endless || self.codes.is_empty() {
            logits[usize::from(space.no_code())] = f32::NEG_INFINITY;
        }
        let repetition = Some(&config.repetition_aware);
        let drawn = draw(&logits, &self.history, &config.codes, repetition, row.rng);
        if drawn.token == u32::from(space.no_code()) {
            return false;
        }
        self.log_prob += drawn.log_prob;
        self.drawn += 1;
        self.push(drawn.token as u16);
        true
    }
}
