//! The AR over latents: what it predicts goes in again as it is, and is rounded to codes on the way out.

use syrinx_task::{Latent, Position, Sequence, Stage, TokenSpace, resolve};
use syrinx_types::Codes;

use crate::generate::{Context, Row};
use crate::rounding::round;
use crate::steps::Steps;
use crate::walk::{Goes, Walk};
use crate::{DecodeError, draw};

/// One row being written.
struct Writing {
    sequence: Sequence,
    walk: Walk,
    previous: Option<Latent>,
    codes: Codes,
    done: bool,
    finished: bool,
}

/// The class of "stop" in the head of a model without a pointer.
const STOP: u32 = 1;

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
        row.check_given(space.levels)?;
        writing.push(Writing {
            walk: Walk::new(sequence.encoder.stops.len(), row.run),
            sequence,
            previous: None,
            codes: Codes::empty(space.levels),
            done: row.run.limit == 0,
            finished: false,
        });
    }
    let mut steps = Steps::begin(context, writing.iter().map(|w| &w.sequence))?;
    loop {
        context.check()?;
        let live: Vec<usize> = (0..writing.len()).filter(|&i| !writing[i].done).collect();
        if live.is_empty() {
            break;
        }
        let positions = live.iter().filter_map(|&i| Some((i, writing[i].next(space)?))).collect();
        let h = steps.advance(positions)?; // (live rows, twice if guided, dim)
        let latents = context.read(model.latents(&h)?)?; // (live rows, latent_dim)
        let moves = model.move_logits(&h)?.map(|m| context.read(m)).transpose()?;
        for (at, (&i, latent)) in live.iter().zip(latents).enumerate() {
            let moves = moves.as_ref().and_then(|moves| moves.get(at));
            writing[i].write(context, (latent, moves), &mut rows[i]);
        }
    }
    for (row, w) in rows.iter_mut().zip(writing) {
        // Nothing was drawn but the timing, so nothing has a probability.
        row.out.score = 0.0;
        row.out.finished = w.finished;
        row.out.pointer = w.walk.into_pointer();
        row.out.codes = Some(w.codes);
    }
    Ok(())
}

impl Writing {
    /// The position of the next frame.
    fn next(&mut self, space: &TokenSpace) -> Option<Position> {
        self.sequence.extend_latents(space, self.previous.take(), self.walk.stop());
        self.sequence.positions.last().cloned()
    }

    fn write(
        &mut self,
        context: &Context<'_>,
        (latent, moves): (Vec<f32>, Option<&Vec<f32>>),
        row: &mut Row<'_>,
    ) {
        let frame = self.codes.frames();
        let given = row.run.given.as_ref();
        let levels = context.model.space().levels;
        match given.filter(|given| frame < given.frames()) {
            Some(given) => {
                self.codes.push(given.frame(frame));
                self.previous = Some(Latent::Codes(vec![(1.0, given.frame(frame).to_vec())]));
            }
            None => {
                let mut codes = Vec::with_capacity(levels);
                round(context.model, latent.clone(), 0..levels, &mut codes);
                self.codes.push(&codes);
                self.previous = Some(Latent::Values(latent));
            }
        }
        self.walk.push();
        let reached = (frame + 1, row.run.limit, false);
        let goes = self.walk.go_on(context, row.run, reached, moves, row.rng);
        if let Goes::Ended { finished } = goes {
            (self.done, self.finished) = (true, finished);
        }
        let given = given.map_or(0, Codes::frames);
        if let Some(stop) = moves.filter(|_| !self.walk.walks() && frame + 1 >= given)
            && draw(stop, &[], &context.config.moves, None, row.rng).token == STOP
        {
            (self.done, self.finished) = (true, true);
        }
    }
}
