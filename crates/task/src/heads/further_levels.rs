//! One further level of all frames in place, a pass for each predicted level; the levels between are quantized from the
//! predicted residual.

use rand_chacha::ChaCha8Rng;
use syrinx_types::Codes;

use super::{CodesResponse, Filling, HeadOutput, Predictor, Target};
use crate::given::push_codes;
use crate::rounding::{round, subtract_entry};
use crate::sequence::point;
use crate::{
    CodeTable, Generated, LayoutIssue, Response, RowContext, RowGenerator, Segment, Sequence,
    Stage, StepOutputs, TaskError, Timing, TokenSpace, VallEResponse, draw, resolve,
};

/// Largest number of rows in a forward pass. More rows gain little speed, and a cancelled run ends only between passes.
const ROWS_TOGETHER: usize = 2;

/// The codes of one further level, in place. NAR.
#[derive(Debug, Clone, Copy)]
pub struct FurtherLevels;

impl Predictor for FurtherLevels {
    fn name(&self) -> &'static str {
        "further_levels"
    }

    fn stage_name(&self) -> &'static str {
        "nar"
    }

    fn response(&self) -> Segment {
        Segment::nar_response("codes")
    }

    fn known_codes(&self) -> &'static str {
        "levels below L, summed"
    }

    fn describe(&self, _: Timing) -> String {
        "the codes of one further level, all at once (NAR)".into()
    }

    fn is_causal(&self) -> bool {
        false
    }

    fn is_guided(&self, _: &Stage) -> bool {
        false
    }

    fn rows_together(&self, _: &Stage) -> usize {
        ROWS_TOGETHER
    }

    fn takes_frame_aligned(&self) -> bool {
        true
    }

    fn takes_groups(&self) -> bool {
        true
    }

    fn is_of_one_level(&self) -> bool {
        true
    }

    fn fill(&self, sequence: &mut Sequence, filling: Filling<'_>) -> Result<(), LayoutIssue> {
        match filling.codes()? {
            Some(response) => fill(sequence, response, filling.space),
            None => Err(LayoutIssue::Response),
        }
    }

    fn published(&self, response: Option<&Response>, level: usize) -> Option<VallEResponse> {
        let Some(Response::Codes { codes, .. }) = response else { return None };
        Some(VallEResponse::Level { level, codes: codes.clone() })
    }

    fn begin<'a>(
        &self,
        context: RowContext<'a>,
        earlier: &Generated,
    ) -> Result<Box<dyn RowGenerator + 'a>, TaskError> {
        Ok(Box::new(FurtherLevelsRow::begin(context, earlier)?))
    }
}

fn fill(
    sequence: &mut Sequence,
    CodesResponse { codes, pointer }: CodesResponse<'_>,
    space: &TokenSpace,
) -> Result<(), LayoutIssue> {
    let level = sequence.level;
    if level == 0 || level >= space.levels || codes.levels() < level {
        return Err(LayoutIssue::Level { level: level + 1, levels: codes.levels() });
    }
    let aligned = !sequence.encoder.aligned.is_empty();
    if aligned && pointer.len() != codes.frames() {
        return Err(LayoutIssue::Pointer { pointer: pointer.len(), frames: codes.frames() });
    }
    sequence.check_frame_aligned(codes.frames())?;
    push_codes(sequence, codes, CodeTable::ResponseNar, level, space)?;
    let start = sequence.response_start;
    if sequence.frame_aligned.is_some() {
        for frame in 0..codes.frames() {
            let mut p = sequence.positions[start + frame].clone();
            sequence.add_frame_aligned(&mut p, frame, space);
            sequence.positions[start + frame] = p;
        }
    }
    if aligned {
        let encoder = std::mem::take(&mut sequence.encoder);
        for (p, &phone_index) in sequence.positions[start..].iter_mut().zip(pointer) {
            point(p, &encoder, phone_index as usize);
        }
        sequence.encoder = encoder;
    }
    if codes.levels() > level {
        let classes = codes.level(level).into_iter().map(u32::from).collect();
        let name = format!("level.{}", level + 1);
        sequence.targets.push(Target::classes(name, HeadOutput::Level(level), classes));
        let name = format!("residual.{}", level + 1);
        sequence.targets.push(Target::latents(name, HeadOutput::Residual(level)));
    }
    sequence.response_codes = Some(codes.clone());
    Ok(())
}

/// One row between passes.
struct FurtherLevelsRow<'a> {
    context: RowContext<'a>,
    /// Predicted levels, from 1.
    passes: Vec<usize>,
    pass: usize,
    /// Sequence of the pass; empty before the first one.
    sequence: Sequence,
    /// Codes so far, of all levels below that of the pass.
    codes: Codes,
    pointer: Vec<u32>,
}

impl<'a> FurtherLevelsRow<'a> {
    fn begin(context: RowContext<'a>, earlier: &Generated) -> Result<Self, TaskError> {
        let levels = context.space.levels;
        // Only models that were trained to predict residuals can quantize them.
        let passes: Vec<usize> = match context.predicts_residual {
            true => {
                let configured = context.config.nar.passes.iter().map(|level| level - 1);
                configured.filter(|&level| level < levels).collect()
            }
            false => (1..levels).collect(),
        };
        let codes = earlier.codes.clone().unwrap_or_default();
        let pointer = earlier.pointer.clone();
        Ok(Self { context, passes, pass: 0, sequence: Sequence::default(), codes, pointer })
    }

    /// Returns the level of the pass.
    fn level(&self) -> usize {
        self.passes.get(self.pass).copied().unwrap_or(self.context.space.levels)
    }

    /// Returns the level of the next pass: the codes of a pass are those of all levels below.
    fn until(&self) -> usize {
        self.passes.get(self.pass + 1).copied().unwrap_or(self.context.space.levels)
    }

    /// Returns the codes of a frame below the level of the next pass, where they are given.
    fn given(&self, frame: usize) -> Option<&'a [u16]> {
        let given = self.context.run.given.as_ref().filter(|g| frame < g.frames())?;
        given.frame(frame).get(..self.until())
    }
}

impl RowGenerator for FurtherLevelsRow<'_> {
    fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    fn is_done(&self) -> bool {
        self.codes.is_empty() || self.pass >= self.passes.len()
    }

    fn prepare(&mut self) -> Result<(), TaskError> {
        let RowContext { stage, run, space, .. } = self.context;
        let (level, pointer) = (self.level(), self.pointer.clone());
        let response = Response::Codes { codes: self.codes.first_levels(level), pointer };
        self.sequence = resolve(stage, &run.contents, Some(&response), level, space)?;
        Ok(())
    }

    fn outputs(&self) -> Vec<HeadOutput> {
        let level = self.level();
        let residual = (self.until() > level + 1).then_some(HeadOutput::Residual(level));
        [HeadOutput::Level(level)].into_iter().chain(residual).collect()
    }

    fn take(&mut self, outputs: StepOutputs<'_>, rng: &mut ChaCha8Rng) {
        let RowContext { config, codebooks, .. } = self.context;
        let (level, until) = (self.level(), self.until());
        let logits = outputs.rows(HeadOutput::Level(level));
        let residuals = outputs.rows(HeadOutput::Residual(level));
        let mut values = Vec::with_capacity(self.codes.frames() * until);
        for (frame, logits) in logits.iter().enumerate() {
            if let Some(given) = self.given(frame) {
                values.extend_from_slice(given);
                continue;
            }
            values.extend_from_slice(&self.codes.frame(frame)[..level]);
            let drawn = draw(logits, &[], &config.nar.sampler, None, rng);
            values.push(drawn.token as u16);
            if let Some(mut residual) = residuals.get(frame).cloned() {
                subtract_entry(&mut residual, &codebooks[level], drawn.token as u16);
                round(codebooks, residual, level + 1..until, &mut values);
            }
        }
        self.codes = Codes::new(until, values).unwrap_or_default();
        self.pass += 1;
    }

    fn deliver(self: Box<Self>, out: &mut Generated) {
        if out.codes.is_some() {
            out.codes = Some(self.codes);
        }
    }
}
