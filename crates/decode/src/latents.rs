//! The AR over latents: what it predicts goes in again as it is, and is rounded to codes on the way out.

use candle_core::Tensor;
use syrinx_task::{Latent, Sequence, Stage, TokenSpace};
use syrinx_types::Codes;

use crate::alignment_state::{AlignmentState, Goes, RowLength};
use crate::context::{Context, Row};
use crate::rounding::round;
use crate::steps::{Writer, write_rows};
use crate::{DecodeError, draw};

/// One row being generated.
struct Writing {
    sequence: Sequence,
    alignment: AlignmentState,
    previous: Option<Latent>,
    codes: Codes,
    done: bool,
    finished: bool,
}

/// Values of one step on the host, one row for each live row.
struct StepValues {
    /// Predicted latents. // (live rows, latent_dim)
    latents: Vec<Vec<f32>>,
    /// Logits of the advance of the phone index.
    advances: Option<Vec<Vec<f32>>>,
}

/// The class of "stop" in the head of a model without a pointer.
const STOP: u32 = 1;

pub(crate) fn run(
    context: &Context<'_>,
    stage: &Stage,
    rows: &mut [Row<'_>],
) -> Result<(), DecodeError> {
    let model = context.model;
    let read = |_, h: &Tensor| {
        let latents = context.read(model.latents(h)?)?; // (live rows, latent_dim)
        let advances = model.advance_logits(h)?.map(|m| context.read(m)).transpose()?;
        Ok(StepValues { latents, advances })
    };
    let write = |w: &mut Writing, _, values: &StepValues, at: usize, row: &mut Row<'_>| {
        let advances = values.advances.as_ref().and_then(|advances| advances.get(at));
        w.write(context, values.latents[at].clone(), advances, row);
    };
    write_rows(context, stage, rows, read, write)
}

impl Writer for Writing {
    fn begin(
        context: &Context<'_>,
        sequence: Sequence,
        row: &Row<'_>,
    ) -> Result<Self, DecodeError> {
        let levels = context.model.space().levels;
        row.check_given(levels)?;
        Ok(Self {
            alignment: AlignmentState::new(sequence.encoder.stops.len(), row.run),
            sequence,
            previous: None,
            codes: Codes::empty(levels),
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
        self.sequence.extend_latents(space, self.previous.take(), self.alignment.stop());
    }

    fn deliver(self, row: &mut Row<'_>) {
        // Nothing was drawn but the timing, so nothing has a probability.
        row.out.score = 0.0;
        row.out.finished = self.finished;
        row.out.pointer = self.alignment.into_pointer();
        row.out.codes = Some(self.codes);
    }
}

impl Writing {
    fn write(
        &mut self,
        context: &Context<'_>,
        latent: Vec<f32>,
        advances: Option<&Vec<f32>>,
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
        self.alignment.push();
        let length = RowLength { frames: frame + 1, limit: row.run.limit, given_end: false };
        let goes = self.alignment.go_on(context, row.run, length, advances, row.rng);
        if let Goes::Ended { finished } = goes {
            (self.done, self.finished) = (true, finished);
        }
        let given = given.map_or(0, Codes::frames);
        if let Some(stop) = advances.filter(|_| !self.alignment.is_aligned() && frame + 1 >= given)
            && draw(stop, &[], &context.config.advances, None, row.rng).token == STOP
        {
            (self.done, self.finished) = (true, true);
        }
    }
}
