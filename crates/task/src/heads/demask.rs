//! Level 1 in place, as in published vall-e models: each pass masks the least probable frames again.

use std::f64::consts::FRAC_PI_2;

use rand_chacha::ChaCha8Rng;
use syrinx_types::Codes;

use super::HeadOutput;
use crate::{
    Contents, DemaskConfig, Generated, Response, RowContext, RowGenerator, SamplerConfig, Sequence,
    StepOutputs, TaskError, draw, log_softmax, resolve,
};

/// One row between passes. Every pass masks the least probable frames again, fewer from pass to pass, and predicts them
/// with guidance against the sequence without text and prompt. The number of frames comes from an earlier stage of
/// lengths, or is the row's limit.
pub(super) struct DemaskRow<'a> {
    context: RowContext<'a>,
    /// Sequence of the pass; empty before the first one.
    sequence: Sequence,
    /// Sequence of the pass without text and recordings, with guidance.
    unconditional: Option<Sequence>,
    step: usize,
    /// Codes of level 1; `mask` at masked frames.
    codes: Vec<u16>, // (frames)
    /// Probability of all codes but the most probable one.
    doubts: Vec<f32>, // (frames)
    /// Log-probability of the code that was chosen.
    chosen: Vec<f64>, // (frames)
    mask: u16,
    /// Whether the predicted number of frames is within the limit.
    within_limit: bool,
}

impl<'a> DemaskRow<'a> {
    pub(super) fn begin(context: RowContext<'a>, earlier: &Generated) -> Self {
        let limit = context.run.limit.max(1);
        let factor = context.config.demask.length_factor;
        let scaled = |length: usize| ((length as f64 * factor) as usize).clamp(1, limit);
        let frames = earlier.length.map_or(limit, scaled);
        let mask = context.space.no_code();
        Self {
            context,
            sequence: Sequence::default(),
            unconditional: None,
            step: 0,
            codes: vec![mask; frames],
            doubts: vec![1.0; frames],
            chosen: vec![0.0; frames],
            mask,
            within_limit: earlier.length.is_none_or(|length| length <= limit),
        }
    }

    fn config(&self) -> &'a DemaskConfig {
        &self.context.config.demask
    }

    /// Returns the share of the passes before this one.
    fn done(&self) -> f64 {
        self.step as f64 / (self.config().steps - 1).max(1) as f64
    }

    /// Masks the most doubtful frames.
    fn mask_again(&mut self) {
        let frames = self.codes.len();
        let share = (self.done() * FRAC_PI_2).cos();
        let count = ((share * frames as f64) as usize).min(frames.saturating_sub(self.step)).max(1);
        let mut order: Vec<usize> = (0..frames).collect();
        order.sort_by(|&a, &b| self.doubts[b].total_cmp(&self.doubts[a]));
        order.iter().take(count).for_each(|&frame| self.codes[frame] = self.mask);
    }

    fn sequence_of(&self, contents: &Contents) -> Result<Sequence, TaskError> {
        let codes = Codes::new(1, self.codes.clone()).unwrap_or_default();
        let response = Response::Codes { codes, pointer: Vec::new() };
        resolve(self.context.stage, contents, Some(&response), 0, self.context.space)
    }
}

impl RowGenerator for DemaskRow<'_> {
    fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    fn unconditional(&self) -> Option<&Sequence> {
        self.unconditional.as_ref()
    }

    fn is_done(&self) -> bool {
        self.step >= self.config().steps
    }

    fn prepare(&mut self) -> Result<(), TaskError> {
        self.mask_again();
        self.sequence = self.sequence_of(&self.context.run.contents)?;
        if self.config().guidance != 1.0 {
            self.unconditional = Some(self.sequence_of(&Contents::new())?);
        }
        Ok(())
    }

    fn outputs(&self) -> Vec<HeadOutput> {
        vec![HeadOutput::MaskedLevel]
    }

    /// Draws the codes of the masked frames, and updates the doubts of all frames.
    fn take(&mut self, outputs: StepOutputs<'_>, rng: &mut ChaCha8Rng) {
        let config = self.config();
        let sampler = SamplerConfig {
            temperature: config.temperature * (1.0 - self.done()),
            top_p: 1.0,
            ..SamplerConfig::greedy()
        };
        let with = outputs.rows(HeadOutput::MaskedLevel); // (frames, codes)
        let without = outputs.unconditional_rows(HeadOutput::MaskedLevel); // (frames, codes)
        let guided = match without {
            [] => with.to_vec(),
            _ => guided(with, without, config),
        };
        for (frame, logits) in guided.iter().enumerate() {
            let best = log_softmax(logits).into_iter().fold(f32::NEG_INFINITY, f32::max);
            self.doubts[frame] = 1.0 - best.exp();
            if self.codes[frame] == self.mask {
                let drawn = draw(logits, &[], &sampler, None, rng);
                (self.codes[frame], self.chosen[frame]) = (drawn.token as u16, drawn.log_prob);
            }
        }
        self.step += 1;
    }

    fn deliver(self: Box<Self>, out: &mut Generated) {
        out.finished = self.within_limit;
        out.score = self.chosen.iter().sum::<f64>() / self.codes.len() as f64;
        out.codes = Codes::new(1, self.codes).ok();
    }
}

/// Applies classifier-free guidance with a prediction without the prompt, and rescales a share of the result to the
/// standard deviation of the prediction with the prompt. // (frames, codes)
fn guided(with: &[Vec<f32>], without: &[Vec<f32>], config: &DemaskConfig) -> Vec<Vec<f32>> {
    let weight = config.guidance as f32;
    let guide = |(with, without): (&Vec<f32>, &Vec<f32>)| -> Vec<f32> {
        with.iter().zip(without).map(|(w, o)| o + (w - o) * weight).collect()
    };
    let mut sum: Vec<Vec<f32>> = with.iter().zip(without).map(guide).collect();
    let factor = f64::from(deviation(with) / deviation(&sum).max(f32::MIN_POSITIVE));
    let scale = (config.rescale * factor + 1.0 - config.rescale) as f32;
    sum.iter_mut().flatten().for_each(|value| *value *= scale);
    sum
}

/// Returns the sample standard deviation of all values.
fn deviation(rows: &[Vec<f32>]) -> f32 {
    let values = || rows.iter().flatten().map(|&value| f64::from(value));
    let count = values().count() as f64;
    let mean = values().sum::<f64>() / count;
    let sum: f64 = values().map(|value| (value - mean).powi(2)).sum();
    (sum / (count - 1.0).max(1.0)).sqrt() as f32
}
