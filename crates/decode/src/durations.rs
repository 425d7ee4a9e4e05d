//! The AR over durations: how many frames each stop of a text has, and so the pointer.

use candle_core::Tensor;
use syrinx_task::{
    MAX_DURATION, Sequence, Stage, TokenSpace, durations_of_pointer, pointer_in_frames,
};

use crate::context::{Context, Row};
use crate::steps::{Writer, write_rows};
use crate::{DecodeError, draw};

/// One row being generated.
struct Writing {
    sequence: Sequence,
    /// Frames that are known of each stop. // (stops)
    known: Vec<u32>,
    /// The stop under the last frame whose stop is known. Those before it are known for good, it may go on.
    known_until: usize,
    durations: Vec<u32>,
    left: usize,
    log_prob: f64,
    drawn: usize,
    done: bool,
    finished: bool,
}

pub(crate) fn run(
    context: &Context<'_>,
    stage: &Stage,
    rows: &mut [Row<'_>],
) -> Result<(), DecodeError> {
    let read = |_, h: &Tensor| context.read(context.model.duration_logits(h)?); // (live rows, durations)
    let write = |w: &mut Writing, _, logits: &Vec<Vec<f32>>, at: usize, row: &mut Row<'_>| {
        w.write(context, logits[at].clone(), row);
    };
    write_rows(context, stage, rows, read, write)
}

impl Writer for Writing {
    fn begin(_: &Context<'_>, sequence: Sequence, row: &Row<'_>) -> Result<Self, DecodeError> {
        let run = row.run;
        let stops = sequence.encoder.stops.len();
        let known = durations_of_pointer(&run.pointer, stops);
        // A timing that is given to its end leaves nothing to write.
        let whole = !run.pointer.is_empty() && run.pointer.len() >= run.limit;
        Ok(Self {
            sequence,
            durations: if whole { known.clone() } else { Vec::new() },
            known,
            known_until: run.pointer.last().map_or(0, |&stop| stop as usize),
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

    fn deliver(self, row: &mut Row<'_>) {
        row.out.pointer = pointer_in_frames(&self.durations);
        row.out.score = self.log_prob / self.drawn.max(1) as f64;
        row.out.finished = self.finished;
    }
}

impl Writing {
    /// The duration of the next stop: what is known of it, or drawn.
    fn write(&mut self, context: &Context<'_>, logits: Vec<f32>, row: &mut Row<'_>) {
        let stop = self.durations.len();
        let (last, known) = (self.known.len() - 1, self.known[stop] as usize);
        let longest = context.config.max_frames_a_phone.min(MAX_DURATION);
        let frames = if stop < self.known_until || known >= longest {
            known
        } else {
            // Pointers begin on the first stop, end on the last and skip no two together.
            let skipped = self.durations.last() == Some(&0);
            let least = known.max(usize::from(stop == 0 || stop == last || skipped));
            self.draw(context, logits, least, longest, row)
        };
        let cut = frames > self.left;
        let frames = frames.min(self.left);
        self.left -= frames;
        self.durations.push(frames as u32);
        let whole = stop == last;
        (self.done, self.finished) = (whole || cut || self.left == 0, whole && !cut);
    }

    /// Draws a duration from `least` to `longest` frames.
    fn draw(
        &mut self,
        context: &Context<'_>,
        mut logits: Vec<f32>,
        least: usize,
        longest: usize,
        row: &mut Row<'_>,
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
