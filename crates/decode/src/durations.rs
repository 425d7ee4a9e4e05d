//! The AR over durations: how many frames each stop of a text has, and so the pointer.

use syrinx_task::{
    MAX_DURATION, Position, Sequence, Stage, StageRun, durations_of_pointer, pointer_in_frames,
    resolve,
};

use crate::generate::{Context, Row};
use crate::steps::Steps;
use crate::{DecodeError, draw};

/// One row being written.
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
    let (model, space) = (context.model, context.model.space());
    let mut writing = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        let sequence = resolve(stage, &row.run.contents, None, 0, space)?;
        row.check_known(sequence.encoder.stops.len())?;
        writing.push(Writing::new(sequence, row.run));
    }
    let mut steps = Steps::begin(context, writing.iter().map(|w| &w.sequence))?;
    loop {
        context.check()?;
        let live: Vec<usize> = (0..writing.len()).filter(|&i| !writing[i].done).collect();
        if live.is_empty() {
            break;
        }
        let next = |w: &mut Writing| -> Option<Position> {
            w.sequence.extend_durations(space, w.durations.last().copied());
            w.sequence.positions.last().cloned()
        };
        let positions =
            live.iter().filter_map(|&i| Some((i, next(&mut writing[i])?))).collect::<Vec<_>>();
        let h = steps.advance(positions)?; // (live rows, twice if guided, dim)
        let logits = context.read(model.duration_logits(&h)?)?; // (live rows, durations)
        for (logits, &i) in logits.into_iter().zip(&live) {
            writing[i].write(context, logits, &mut rows[i]);
        }
    }
    for (row, w) in rows.iter_mut().zip(writing) {
        w.deliver(row);
    }
    Ok(())
}

impl Writing {
    fn new(sequence: Sequence, run: &StageRun) -> Self {
        let stops = sequence.encoder.stops.len();
        let known = durations_of_pointer(&run.pointer, stops);
        // A timing that is given to its end leaves nothing to write.
        let whole = !run.pointer.is_empty() && run.pointer.len() >= run.limit;
        Self {
            sequence,
            durations: if whole { known.clone() } else { Vec::new() },
            known,
            known_until: run.pointer.last().map_or(0, |&stop| stop as usize),
            left: run.limit,
            log_prob: 0.0,
            drawn: 0,
            done: whole || run.limit == 0,
            finished: whole,
        }
    }

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
            self.draw(context, logits, (least, longest), row)
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
        (least, longest): (usize, usize),
        row: &mut Row<'_>,
    ) -> usize {
        for (frames, logit) in logits.iter_mut().enumerate() {
            if frames < least || frames > longest {
                *logit = f32::NEG_INFINITY;
            }
        }
        let drawn = draw(&logits, &[], &context.config.moves, None, row.rng);
        self.log_prob += drawn.log_prob;
        self.drawn += 1;
        drawn.token as usize
    }

    fn deliver(self, row: &mut Row<'_>) {
        row.out.pointer = pointer_in_frames(&self.durations);
        row.out.score = self.log_prob / self.drawn.max(1) as f64;
        row.out.finished = self.finished;
    }
}
