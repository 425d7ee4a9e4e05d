//! Level 1 in a few passes over all frames, the most confident codes first.

use std::f64::consts::FRAC_PI_2;

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use syrinx_types::Codes;

use super::demask::DemaskRow;
use super::{CodesResponse, Corruption, Filling, HeadOutput, Predictor, Target};
use crate::sequence::point;
use crate::{
    Drawn, Generated, IGNORE, LayoutIssue, Position, Response, RowContext, RowGenerator,
    SamplerConfig, Segment, Sequence, Stage, StepOutputs, TaskError, Timing, TokenSpace,
    VallEResponse, draw, resolve,
};

/// The undecided level-1 codes, in place, in several passes.
#[derive(Debug, Clone, Copy)]
pub struct MaskedLevel;

impl Predictor for MaskedLevel {
    fn name(&self) -> &'static str {
        "masked_level"
    }

    fn stage_name(&self) -> &'static str {
        "masked"
    }

    fn response(&self) -> Segment {
        Segment::masked_response("codes")
    }

    fn known_codes(&self) -> &'static str {
        "level 1 where it is decided"
    }

    fn describe(&self, timing: Timing) -> String {
        let (_, known) = timing.describe();
        format!("level-1 codes that aren't decided yet, the surest first (masked){known}")
    }

    fn is_causal(&self) -> bool {
        false
    }

    fn is_guided(&self, stage: &Stage) -> bool {
        stage.vall_e.is_none()
    }

    fn rows_together(&self, stage: &Stage) -> usize {
        if stage.vall_e.is_some() { 1 } else { usize::MAX }
    }

    fn takes_frame_aligned(&self) -> bool {
        true
    }

    fn has_one_length(&self) -> bool {
        true
    }

    fn needs_length(&self) -> bool {
        true
    }

    fn leaves_further_levels(&self) -> bool {
        true
    }

    fn fill(&self, sequence: &mut Sequence, filling: Filling<'_>) -> Result<(), LayoutIssue> {
        match filling.codes()? {
            Some(response) => fill(sequence, response, filling.space),
            None => Err(LayoutIssue::Response),
        }
    }

    /// Shows the codes of some frames; with frame-aligned conditioning of none, since one pass predicts all of them.
    fn corrupt(&self, sequence: &mut Sequence, corruption: Corruption<'_>, rng: &mut ChaCha8Rng) {
        if sequence.frame_aligned.is_some() {
            return;
        }
        let mut frames: Vec<usize> = (0..sequence.len() - sequence.response_start).collect();
        frames.shuffle(rng);
        let hidden = hidden(frames.len(), rng);
        frames[hidden..].iter().for_each(|&frame| self.show(sequence, frame, corruption.space));
    }

    fn show(&self, sequence: &mut Sequence, frame: usize, space: &TokenSpace) {
        let Some(codes) = &sequence.response_codes else { return };
        let code = codes.at(frame, 0);
        sequence.positions[sequence.response_start + frame].codes[0] = space.history_code(0, code);
        for target in sequence.targets.iter_mut().filter(|t| !t.classes.is_empty()) {
            target.classes[frame] = IGNORE;
        }
    }

    fn published(&self, response: Option<&Response>, _: usize) -> Option<VallEResponse> {
        let Some(Response::Codes { codes, .. }) = response else { return None };
        Some(VallEResponse::Masked(codes.level(0)))
    }

    fn begin<'a>(
        &self,
        context: RowContext<'a>,
        earlier: &Generated,
    ) -> Result<Box<dyn RowGenerator + 'a>, TaskError> {
        Ok(match context.stage.vall_e.is_some() {
            true => Box::new(DemaskRow::begin(context, earlier)),
            false => Box::new(MaskedRow::begin(*self, context)),
        })
    }
}

/// Draws a point of the cosine schedule of masks (MaskGIT, arXiv 2202.04200, section 3.3): the number of frames that
/// stay hidden, one at least.
fn hidden(frames: usize, rng: &mut ChaCha8Rng) -> usize {
    let at: f64 = rng.random_range(0.0..1.0);
    ((frames as f64 * (FRAC_PI_2 * at).cos()).ceil() as usize).clamp(1, frames.max(1))
}

/// Appends all frames, of a known timing or of the frame-aligned conditioning; none of their codes is shown.
fn fill(
    sequence: &mut Sequence,
    CodesResponse { codes, pointer }: CodesResponse<'_>,
    space: &TokenSpace,
) -> Result<(), LayoutIssue> {
    sequence.check_frames(codes.frames(), pointer)?;
    codes.check(space.codebook_size)?;
    for frame in 0..codes.frames() {
        let mut p = Position::empty(space, frame);
        p.codes[0] = space.history_code(0, space.no_code());
        if let Some(&phone_index) = pointer.get(frame) {
            point(&mut p, &sequence.encoder, phone_index as usize);
        }
        sequence.add_frame_aligned(&mut p, frame, space);
        sequence.positions.push(p);
    }
    let classes = codes.level(0).into_iter().map(u32::from).collect();
    let output = HeadOutput::MaskedLevel;
    sequence.targets.push(Target::classes("codes.1", output, classes));
    if sequence.frame_aligned.is_some() {
        let target = Target::latents("latent_difference", HeadOutput::LatentDifference);
        sequence.targets.push(target);
    }
    sequence.response_codes = Some(codes.clone());
    Ok(())
}

/// One row between passes: MaskGIT's decoding (arXiv 2202.04200, section 3.2) over time, as SoundStorm does (arXiv
/// 2305.09636, section 3.3). Each pass draws a code for every masked frame and keeps the most confident ones, by a
/// cosine schedule. The number of frames is known, and with a text their phone indices.
///
/// With frame-aligned conditioning there is one pass, sampled like the further levels: the conditioning determines most
/// of a code, and the model would rely on codes of earlier passes instead.
struct MaskedRow<'a> {
    head: MaskedLevel,
    context: RowContext<'a>,
    /// Sequence of the pass; empty before the first one.
    sequence: Sequence,
    passes: usize,
    /// Passes completed.
    pass: usize,
    codes: Codes,
    decided: Vec<bool>, // (frames)
    /// Number of frames that were masked at the beginning.
    masked: usize,
    log_prob: f64,
    /// Predicted latents, where the model predicts them. // (frames, latent_dim)
    latents: Vec<f32>,
}

impl<'a> MaskedRow<'a> {
    /// Builds a row of as many frames as its limit, or as its known timing; known frames are decided, all others
    /// masked.
    fn begin(head: MaskedLevel, context: RowContext<'a>) -> Self {
        let (run, frames) = (context.run, context.run.limit);
        let given = run.given.as_ref().map_or_else(|| Codes::empty(1), |g| g.first_levels(1));
        let mut codes = Codes::empty(1);
        (0..frames).for_each(|f| {
            codes.push(&[if f < given.frames() { given.at(f, 0) } else { 0 }]);
        });
        let passes = match context.stage.has_frame_aligned() {
            true => 1,
            false => context.config.masked.passes,
        };
        Self {
            head,
            context,
            sequence: Sequence::default(),
            passes,
            pass: 0,
            codes,
            decided: (0..frames).map(|f| f < given.frames()).collect(),
            masked: frames - given.frames().min(frames),
            log_prob: 0.0,
            latents: Vec::new(),
        }
    }

    /// Draws a code for every masked frame and keeps the most confident ones; `done` is the share of passes completed
    /// with this one.
    fn decide(&mut self, done: f64, logits: &[Vec<f32>], rng: &mut ChaCha8Rng) {
        let RowContext { stage, config, space, .. } = self.context;
        let sampler: &SamplerConfig = match stage.has_frame_aligned() {
            true => &config.nar.sampler,
            false => &config.codes,
        };
        let mut drawn: Vec<(f64, usize, Drawn)> = Vec::new();
        for frame in (0..self.decided.len()).filter(|&f| !self.decided[f]) {
            let mut logits = logits[frame].clone();
            logits[usize::from(space.no_code())] = f32::NEG_INFINITY;
            let code = draw(&logits, &[], sampler, None, rng);
            // Gumbel noise on the confidence, decreasing from pass to pass, varies which frames are decided first.
            let uniform: f64 = rng.random_range(f64::EPSILON..1.0);
            let noise = -(-uniform.ln()).ln() * config.masked.noise * (1.0 - done);
            drawn.push((code.log_prob + noise, frame, code));
        }
        let stay_masked = (self.masked as f64 * (FRAC_PI_2 * done).cos()).floor() as usize;
        let decided =
            if done >= 1.0 { drawn.len() } else { drawn.len().saturating_sub(stay_masked) };
        drawn.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (_, frame, code) in drawn.into_iter().take(decided) {
            self.codes.set(frame, 0, code.token as u16);
            self.decided[frame] = true;
            self.log_prob += code.log_prob;
        }
    }
}

impl RowGenerator for MaskedRow<'_> {
    fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    fn is_done(&self) -> bool {
        self.pass >= self.passes
    }

    fn prepare(&mut self) -> Result<(), TaskError> {
        let RowContext { stage, run, space, .. } = self.context;
        let response = Response::Codes { codes: self.codes.clone(), pointer: run.pointer.clone() };
        let mut sequence = resolve(stage, &run.contents, Some(&response), 0, space)?;
        run.check_known(sequence.encoder.aligned.len())?;
        let decided = (0..self.decided.len()).filter(|&frame| self.decided[frame]);
        decided.for_each(|frame| self.head.show(&mut sequence, frame, space));
        self.sequence = sequence;
        Ok(())
    }

    fn outputs(&self) -> Vec<HeadOutput> {
        let conditioned = self.context.stage.has_frame_aligned();
        let latents = conditioned.then_some(HeadOutput::LatentDifference);
        [HeadOutput::MaskedLevel].into_iter().chain(latents).collect()
    }

    fn take(&mut self, outputs: StepOutputs<'_>, rng: &mut ChaCha8Rng) {
        self.pass += 1;
        self.latents = outputs.rows(HeadOutput::LatentDifference).concat();
        let done = self.pass as f64 / self.passes as f64;
        self.decide(done, outputs.rows(HeadOutput::MaskedLevel), rng);
    }

    fn deliver(self: Box<Self>, out: &mut Generated) {
        out.pointer.clone_from(&self.context.run.pointer);
        out.score = self.log_prob / self.masked.max(1) as f64;
        out.finished = true;
        out.codes = Some(self.codes);
        if !self.latents.is_empty() {
            out.latents = self.latents;
        }
    }
}
