//! Continuous frames in an AR stage: each predicted latent is the input of the next step, and is quantized to codes for
//! the output.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use syrinx_types::Codes;

use super::all_levels::check_all_levels;
use super::{CodesResponse, Corruption, Filling, HeadOutput, Predictor, Target};
use crate::alignment_state::{AlignmentState, RowLength, RowOutcome};
use crate::rounding::round;
use crate::sequence::point;
use crate::{
    Generated, IGNORE, Latent, LayoutIssue, Position, RowContext, RowGenerator, Segment, Sequence,
    StepOutputs, TaskError, Timing, TokenSpace, WeightedFrame, draw,
};

/// Class of "stop" in the head of a model without a pointer.
const STOP: u32 = 1;

/// The next frame as the codec's latent, and the advance of the pointer (or whether to stop). AR.
#[derive(Debug, Clone, Copy)]
pub struct Latents;

impl Predictor for Latents {
    fn name(&self) -> &'static str {
        "latents"
    }

    fn stage_name(&self) -> &'static str {
        "ar"
    }

    fn response(&self) -> Segment {
        Segment::latent_response("latents")
    }

    fn describe(&self, timing: Timing) -> String {
        let (advances, known) = timing.describe();
        format!("latents{advances}, one after another (AR){known}")
    }

    fn is_causal(&self) -> bool {
        true
    }

    fn has_history(&self) -> bool {
        true
    }

    fn predicts_latents(&self) -> bool {
        true
    }

    fn fill(&self, sequence: &mut Sequence, filling: Filling<'_>) -> Result<(), LayoutIssue> {
        match filling.codes()? {
            Some(response) => fill(sequence, response, filling.space),
            None => Ok(()),
        }
    }

    fn begin<'a>(
        &self,
        context: RowContext<'a>,
        _: &Generated,
    ) -> Result<Box<dyn RowGenerator + 'a>, TaskError> {
        Ok(Box::new(LatentsRow::begin(context)?))
    }

    fn corrupt(&self, sequence: &mut Sequence, corruption: Corruption<'_>, rng: &mut ChaCha8Rng) {
        if corruption.latent_noise > 0.0 {
            let (levels, size) = (corruption.space.levels, corruption.space.codebook_size as u16);
            let frame = || (0..levels).map(|_| rng.random_range(0..size)).collect();
            sequence.blur_latents(corruption.latent_noise as f32, frame);
        }
    }
}

impl Sequence {
    /// Appends a causal position to an AR sequence over latents: the frame before (`None` at the beginning) and the
    /// current phone.
    pub fn extend_latents(
        &mut self,
        space: &TokenSpace,
        previous: Option<Latent>,
        phone_index: usize,
    ) {
        let mut p = Position::empty(space, self.len() - self.response_start);
        if previous.is_none() {
            p.codes[0] = space.history_code(0, space.no_code());
        }
        p.latent = previous;
        point(&mut p, &self.encoder, phone_index);
        self.positions.push(p);
    }

    /// Adds noise to the latents of a response's history, so that the model learns to continue its own imperfect
    /// latents: `share` times the difference of two frames of `draw`, which has the spread of the latents.
    pub fn blur_latents(&mut self, share: f32, mut draw: impl FnMut() -> Vec<u16>) {
        for p in &mut self.positions[self.response_start..] {
            if let Some(Latent::Codes(sum)) = &mut p.latent {
                // The difference of two has twice the variance of one.
                let share = share * std::f32::consts::FRAC_1_SQRT_2;
                let frame = |weight, codes| WeightedFrame { weight, codes };
                sum.extend([frame(share, draw()), frame(-share, draw())]);
            }
        }
    }
}

/// Appends all frames. Targets are the pointer's advance after each, or without a pointer whether the frame is the
/// last.
fn fill(
    sequence: &mut Sequence,
    CodesResponse { codes, pointer }: CodesResponse<'_>,
    space: &TokenSpace,
) -> Result<(), LayoutIssue> {
    let frames = codes.frames();
    sequence.check_frames(frames, pointer)?;
    check_all_levels(codes, space)?;
    let aligned = !sequence.encoder.aligned.is_empty();
    let phone_index = |frame: usize| if aligned { pointer[frame] as usize } else { 0 };
    let mut advances = Vec::with_capacity(frames);
    for frame in 0..frames {
        let previous =
            frame.checked_sub(1).map(|f| Latent::Codes(vec![WeightedFrame::whole(codes.frame(f))]));
        sequence.extend_latents(space, previous, phone_index(frame));
        let more = frame + 1 < frames;
        advances.push(match (aligned, sequence.advances) {
            (_, false) => IGNORE,
            (true, true) => {
                space.advance_class(phone_index(frame), more.then(|| phone_index(frame + 1)))
            }
            (false, true) => u32::from(!more),
        });
    }
    sequence.targets.push(Target::latents("latents", HeadOutput::Latents));
    sequence.push_advances(advances);
    sequence.response_codes = Some(codes.clone());
    Ok(())
}

/// One row being generated.
struct LatentsRow<'a> {
    context: RowContext<'a>,
    sequence: Sequence,
    alignment: AlignmentState,
    previous: Option<Latent>,
    codes: Codes,
    done: bool,
    finished: bool,
}

impl<'a> LatentsRow<'a> {
    fn begin(context: RowContext<'a>) -> Result<Self, TaskError> {
        let sequence = context.sequence()?;
        context.check_given_levels()?;
        Ok(Self {
            context,
            alignment: AlignmentState::new(sequence.encoder.aligned.len(), context.run),
            sequence,
            previous: None,
            codes: Codes::empty(context.space.levels),
            done: context.run.limit == 0,
            finished: false,
        })
    }
}

impl RowGenerator for LatentsRow<'_> {
    fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn prepare(&mut self) -> Result<(), TaskError> {
        let phone_index = self.alignment.phone_index();
        self.sequence.extend_latents(self.context.space, self.previous.take(), phone_index);
        Ok(())
    }

    fn outputs(&self) -> Vec<HeadOutput> {
        vec![HeadOutput::Latents, HeadOutput::Advances]
    }

    fn take(&mut self, outputs: StepOutputs<'_>, rng: &mut ChaCha8Rng) {
        let RowContext { run, config, space, codebooks, .. } = self.context;
        let frame = self.codes.frames();
        let given = run.given.as_ref();
        match given.filter(|given| frame < given.frames()) {
            Some(given) => {
                self.codes.push(given.frame(frame));
                self.previous = Some(Latent::Codes(vec![WeightedFrame::whole(given.frame(frame))]));
            }
            None => {
                let latent = outputs.row(HeadOutput::Latents).cloned().unwrap_or_default();
                let mut codes = Vec::with_capacity(space.levels);
                round(codebooks, latent.clone(), 0..space.levels, &mut codes);
                self.codes.push(&codes);
                self.previous = Some(Latent::Values(latent));
            }
        }
        self.alignment.push();
        let length = RowLength { frames: frame + 1, limit: run.limit, given_end: false };
        let advances = outputs.row(HeadOutput::Advances);
        let outcome = self.alignment.advance(self.context, length, advances, rng);
        if let RowOutcome::Ended { finished } = outcome {
            (self.done, self.finished) = (true, finished);
        }
        let given = given.map_or(0, Codes::frames);
        if let Some(stop) = advances.filter(|_| !self.alignment.is_aligned() && frame + 1 >= given)
            && draw(stop, &[], &config.advances, None, rng).token == STOP
        {
            (self.done, self.finished) = (true, true);
        }
    }

    fn deliver(self: Box<Self>, out: &mut Generated) {
        // Latents are regressed, not drawn, so they have no probability.
        out.score = 0.0;
        out.finished = self.finished;
        out.pointer = self.alignment.into_pointer();
        out.codes = Some(self.codes);
    }
}
