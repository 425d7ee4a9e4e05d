//! AR over durations: the number of frames of each phone index, and with it the pointer.

use candle_core::Tensor;
use syrinx_task::{
    MAX_DURATION, Sequence, Stage, TokenSpace, durations_of_pointer, pointer_in_frames,
};

use crate::context::{DecodeContext, RowState};
use crate::steps::{RowGenerator, generate_rows};
use crate::{DecodeError, draw};

/// One row being generated.
struct DurationsRow {
    sequence: Sequence,
    /// Known frames of each phone index. // (phones)
    known: Vec<u32>,
    /// Phone index of the last frame whose index is known. Durations before it are final; its own may grow.
    known_until: usize,
    durations: Vec<u32>,
    left: usize,
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
    let read = |_, h: &Tensor| context.read(context.model.duration_logits(h)?); // (live rows, durations)
    let append =
        |w: &mut DurationsRow, _, logits: &Vec<Vec<f32>>, at: usize, row: &mut RowState<'_>| {
            w.append(context, logits[at].clone(), row);
        };
    generate_rows(context, stage, rows, read, append)
}

impl RowGenerator for DurationsRow {
    fn begin(
        _: &DecodeContext<'_>,
        sequence: Sequence,
        row: &RowState<'_>,
    ) -> Result<Self, DecodeError> {
        let run = row.run;
        let phones = sequence.encoder.aligned.len();
        let known = durations_of_pointer(&run.pointer, phones);
        // A timing that is known to its end leaves nothing to predict.
        let whole = !run.pointer.is_empty() && run.pointer.len() >= run.limit;
        Ok(Self {
            sequence,
            durations: if whole { known.clone() } else { Vec::new() },
            known,
            known_until: run.pointer.last().map_or(0, |&phone_index| phone_index as usize),
            left: run.limit,
            log_prob: 0.0,
            drawn: 0,
            done: whole || run.limit == 0,
            finished: whole,
        })
    }

    fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    fn done(&self) -> bool {
        self.done
    }

    fn extend(&mut self, space: &TokenSpace) {
        self.sequence.extend_durations(space, self.durations.last().copied());
    }

    fn deliver(self, row: &mut RowState<'_>) {
        row.out.pointer = pointer_in_frames(&self.durations);
        row.out.score = self.log_prob / self.drawn.max(1) as f64;
        row.out.finished = self.finished;
    }
}

impl DurationsRow {
    /// Decides the duration of the next phone: the known one, or a draw.
    fn append(&mut self, context: &DecodeContext<'_>, logits: Vec<f32>, row: &mut RowState<'_>) {
        let phone_index = self.durations.len();
        let (last, known) = (self.known.len() - 1, self.known[phone_index] as usize);
        let longest = context.config.max_frames_a_phone.min(MAX_DURATION);
        let frames = if phone_index < self.known_until || known >= longest {
            known
        } else {
            // A pointer begins on the first phone, ends on the last and skips no two in a row.
            let skipped = self.durations.last() == Some(&0);
            let least = known.max(usize::from(phone_index == 0 || phone_index == last || skipped));
            self.draw(context, logits, least, longest, row)
        };
        let cut = frames > self.left;
        let frames = frames.min(self.left);
        self.left -= frames;
        self.durations.push(frames as u32);
        let whole = phone_index == last;
        (self.done, self.finished) = (whole || cut || self.left == 0, whole && !cut);
    }

    /// Draws a duration from `least` to `longest` frames.
    fn draw(
        &mut self,
        context: &DecodeContext<'_>,
        mut logits: Vec<f32>,
        least: usize,
        longest: usize,
        row: &mut RowState<'_>,
    ) -> usize {
        for (frames, logit) in logits.iter_mut().enumerate() {
            if frames < least || frames > longest {
                *logit = f32::NEG_INFINITY;
            }
        }
        let drawn = draw(&logits, &[], &context.config.advances, None, row.rng);
        self.log_prob += drawn.log_prob;
        self.drawn += 1;
        drawn.token as usize
    }
}
