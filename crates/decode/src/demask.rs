//! Level 1 in place, as in published vall-e models: each pass masks the least probable frames again.

use candle_core::Tensor;
use syrinx_task::{Contents, Response, Sequence, Stage, resolve};
use syrinx_types::Codes;

use crate::context::{DecodeContext, RowState};
use crate::steps::host_rows;
use crate::{DecodeError, DemaskConfig, SamplerConfig, draw, log_softmax};

/// Predicts level 1 of all frames: every pass masks the least probable frames again, fewer from pass to pass, and
/// predicts them with guidance against the sequence without text and prompt. The number of frames comes from an earlier
/// stage of lengths, or is the row's limit.
pub(crate) fn run(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
) -> Result<(), DecodeError> {
    for row in rows {
        let config = &context.config.demask;
        let limit = row.run.limit.max(1);
        let frames = row.out.length.map_or(limit, |length| {
            ((length as f64 * config.length_factor) as usize).clamp(1, limit)
        });
        let mask = context.model.space().no_code();
        let mut passes = Passes {
            codes: vec![mask; frames],
            doubts: vec![1.0; frames],
            chosen: vec![0.0; frames],
            mask,
        };
        for step in 0..config.steps {
            context.check()?;
            let done = step as f64 / (config.steps - 1).max(1) as f64;
            passes.mask_again(done, step);
            let logits = logits(context, stage, row, &passes.codes, config)?; // (frames, codes)
            let sampler = SamplerConfig {
                temperature: config.temperature * (1.0 - done),
                top_p: 1.0,
                ..SamplerConfig::greedy()
            };
            passes.draw_masked(&logits, &sampler, row);
        }
        row.out.finished = row.out.length.is_none_or(|length| length <= limit);
        row.out.score = passes.chosen.iter().sum::<f64>() / frames as f64;
        row.out.codes = Codes::new(1, passes.codes).ok();
    }
    Ok(())
}

/// A row between passes.
struct Passes {
    /// Codes of level 1; `mask` at masked frames.
    codes: Vec<u16>, // (frames)
    /// Probability of all codes but the most probable one.
    doubts: Vec<f32>, // (frames)
    /// Log-probability of the code that was chosen.
    chosen: Vec<f64>, // (frames)
    mask: u16,
}

impl Passes {
    /// Masks the most doubtful frames.
    fn mask_again(&mut self, done: f64, step: usize) {
        let frames = self.codes.len();
        let share = (done * std::f64::consts::FRAC_PI_2).cos();
        let count = ((share * frames as f64) as usize).min(frames.saturating_sub(step)).max(1);
        let mut order: Vec<usize> = (0..frames).collect();
        order.sort_by(|&a, &b| self.doubts[b].total_cmp(&self.doubts[a]));
        order.iter().take(count).for_each(|&frame| self.codes[frame] = self.mask);
    }

    /// Draws the codes of the masked frames, and updates the doubts of all frames.
    fn draw_masked(
        &mut self,
        logits: &[Vec<f32>],
        sampler: &SamplerConfig,
        row: &mut RowState<'_>,
    ) {
        for (frame, logits) in logits.iter().enumerate() {
            let best = log_softmax(logits).into_iter().fold(f32::NEG_INFINITY, f32::max);
            self.doubts[frame] = 1.0 - best.exp();
            if self.codes[frame] == self.mask {
                let drawn = draw(logits, &[], sampler, None, row.rng);
                (self.codes[frame], self.chosen[frame]) = (drawn.token as u16, drawn.log_prob);
            }
        }
    }
}

fn logits(
    context: &DecodeContext<'_>,
    stage: &Stage,
    row: &RowState<'_>,
    codes: &[u16],
    config: &DemaskConfig,
) -> Result<Vec<Vec<f32>>, DecodeError> {
    let model = context.model;
    let response = Response::Codes {
        codes: Codes::new(1, codes.to_vec()).unwrap_or_default(),
        pointer: Vec::new(),
    };
    let sequence = |contents: &Contents| -> Result<Sequence, DecodeError> {
        Ok(resolve(stage, contents, Some(&response), 0, model.space())?)
    };
    let read = |sequence| -> Result<Tensor, DecodeError> {
        let h = model.response_rows(&[sequence])?; // (frames, dim)
        Ok(model.masked_logits(&h)?)
    };
    let with = read(sequence(&row.run.contents)?)?;
    if config.guidance == 1.0 {
        return host_rows(&with);
    }
    // Contents without text and recordings.
    let without = read(sequence(&Contents::new())?)?;
    host_rows(&guided(&with, &without, config)?)
}

/// Applies classifier-free guidance with a prediction without the prompt, and rescales a share of the result to the
/// standard deviation of the prediction with the prompt.
fn guided(with: &Tensor, without: &Tensor, config: &DemaskConfig) -> candle_core::Result<Tensor> {
    let sum = (without + ((with - without)? * config.guidance)?)?;
    let factor = f64::from(deviation(with)? / deviation(&sum)?.max(f32::MIN_POSITIVE));
    sum * (config.rescale * factor + 1.0 - config.rescale)
}

/// Returns the sample standard deviation of all values.
fn deviation(x: &Tensor) -> candle_core::Result<f32> {
    let values = x.flatten_all()?.to_vec1::<f32>()?;
    let count = values.len() as f64;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
    let sum: f64 = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum();
    Ok((sum / (count - 1.0).max(1.0)).sqrt() as f32)
}
