//! AR over latents: each predicted latent is the input of the next step, and is quantized to codes for the output.

use candle_core::Tensor;
use syrinx_task::{Latent, Sequence, Stage, TokenSpace};
use syrinx_types::Codes;

use crate::alignment_state::{AlignmentState, RowLength, RowOutcome};
use crate::context::{DecodeContext, RowState};
use crate::rounding::round;
use crate::steps::{RowGenerator, generate_rows};
use crate::{DecodeError, draw};

/// One row being generated.
struct LatentRow {
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

/// Class of "stop" in the head of a model without a pointer.
const STOP: u32 = 1;

pub(crate) fn run(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
) -> Result<(), DecodeError> {
    let model = context.model;
    let read = |_, h: &Tensor| {
        let latents = context.read(model.latents(h)?)?; // (live rows, latent_dim)
        let advances = model.advance_logits(h)?.map(|m| context.read(m)).transpose()?;
        Ok(StepValues { latents, advances })
    };
    let append = |w: &mut LatentRow, _, values: &StepValues, at: usize, row: &mut RowState<'_>| {
        let advances = values.advances.as_ref().and_then(|advances| advances.get(at));
        w.append(context, values.latents[at].clone(), advances, row);
    };
    generate_rows(context, stage, rows, read, append)
}

impl RowGenerator for LatentRow {
    fn begin(
        context: &DecodeContext<'_>,
        sequence: Sequence,
        row: &RowState<'_>,
    ) -> Result<Self, DecodeError> {
        let levels = context.model.space().levels;
        row.check_given(levels)?;
        Ok(Self {
            alignment: AlignmentState::new(sequence.encoder.aligned.len(), row.run),
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
        self.sequence.extend_latents(space, self.previous.take(), self.alignment.phone_index());
    }

    fn deliver(self, row: &mut RowState<'_>) {
        // Latents are regressed, not drawn, so they have no probability.
        row.out.score = 0.0;
        row.out.finished = self.finished;
        row.out.pointer = self.alignment.into_pointer();
        row.out.codes = Some(self.codes);
    }
}

impl LatentRow {
    fn append(
        &mut self,
        context: &DecodeContext<'_>,
        latent: Vec<f32>,
        advances: Option<&Vec<f32>>,
        row: &mut RowState<'_>,
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
        let goes = self.alignment.advance(context, row.run, length, advances, row.rng);
        if let RowOutcome::Ended { finished } = goes {
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
