//! Level 1 in several passes over all frames, the most confident codes first.

use std::f64::consts::FRAC_PI_2;

use candle_core::Tensor;
use rand::Rng;
use syrinx_task::{Response, Sequence, Stage, resolve};
use syrinx_types::Codes;

use crate::context::{DecodeContext, RowState};
use crate::steps::unconditional;
use crate::{DecodeError, Drawn, SamplerConfig, draw};

/// One row between passes.
struct MaskedRow {
    codes: Codes,
    decided: Vec<bool>, // (frames)
    /// Number of frames that were masked at the beginning.
    masked: usize,
    log_prob: f64,
}

/// Predicts level 1 with MaskGIT's decoding (arXiv 2202.04200, section 3.2) over time, as SoundStorm does (arXiv
/// 2305.09636, section 3.3): each pass draws a code for every masked frame and keeps the most confident ones, by a
/// cosine schedule. The number of frames is known, and with a text their phone indices.
///
/// With frame-aligned conditioning there is one pass, sampled like the further levels: the conditioning determines most
/// of a code, and the model would rely on codes of earlier passes instead.
pub(crate) fn run(
    context: &DecodeContext<'_>,
    stage: &Stage,
    rows: &mut [RowState<'_>],
) -> Result<(), DecodeError> {
    let (model, space) = (context.model, context.model.space());
    let mut masked_rows: Vec<MaskedRow> = rows.iter().map(MaskedRow::new).collect();
    let config = context.config;
    let (passes, sampler) = match stage.has_frame_aligned() {
        true => (1, &config.nar.sampler),
        false => (config.masked.passes, &config.codes),
    };
    for pass in 1..=passes {
        context.check()?;
        let mut sequences: Vec<Sequence> = Vec::with_capacity(rows.len());
        for (row, d) in rows.iter().zip(&masked_rows) {
            let (codes, pointer) = (d.codes.clone(), row.run.pointer.clone());
            let response = Response::Codes { codes, pointer };
            let mut sequence = resolve(stage, &row.run.contents, Some(&response), 0, space)?;
            row.run.check_known(sequence.encoder.aligned.len())?;
            (0..d.decided.len()).filter(|&f| d.decided[f]).for_each(|f| sequence.show(space, f));
            sequences.push(sequence);
        }
        if context.guided() {
            let unconditional = unconditional(&sequences);
            sequences.extend(unconditional);
        }
        let h = model.response_rows(&sequences)?; // (frames of all rows, twice if guided, dim)
        if stage.has_frame_aligned()
            && let Some(latents) = model.expected_latents(&h, &sequences)?
        {
            expect(&latents, rows, &masked_rows)?;
        }
        let logits = context.read(model.masked_logits(&h)?)?; // (frames of all rows, codes)
        let mut at = 0;
        for (row, d) in rows.iter_mut().zip(&mut masked_rows) {
            let frames = d.decided.len();
            let done = pass as f64 / passes as f64;
            d.decide(context, done, sampler, &logits[at..at + frames], row);
            at += frames;
        }
    }
    for (row, d) in rows.iter_mut().zip(masked_rows) {
        row.out.pointer = row.run.pointer.clone();
        row.out.score = d.log_prob / d.masked.max(1) as f64;
        row.out.finished = true;
        row.out.codes = Some(d.codes);
    }
    Ok(())
}

/// Stores the predicted latents of each row; `latents` (frames, latent_dim) begins with those of the rows, in order.
fn expect(
    latents: &Tensor,
    rows: &mut [RowState<'_>],
    masked_rows: &[MaskedRow],
) -> Result<(), DecodeError> {
    let mut at = 0;
    for (row, d) in rows.iter_mut().zip(masked_rows) {
        let frames = d.decided.len();
        row.out.latents = latents.narrow(0, at, frames)?.flatten_all()?.to_vec1()?;
        if row.out.latents.iter().any(|value: &f32| !value.is_finite()) {
            return Err(DecodeError::NotFinite);
        }
        at += frames;
    }
    Ok(())
}

impl MaskedRow {
    /// Builds a row of as many frames as its limit, or as its known timing; known frames are decided, all others
    /// masked.
    fn new(row: &RowState<'_>) -> Self {
        let frames = row.run.limit;
        let given = row.run.given.as_ref().map_or_else(|| Codes::empty(1), |g| g.first_levels(1));
        let mut codes = Codes::empty(1);
        (0..frames).for_each(|f| {
            codes.push(&[if f < given.frames() { given.at(f, 0) } else { 0 }]);
        });
        let decided: Vec<bool> = (0..frames).map(|f| f < given.frames()).collect();
        let masked = frames - given.frames().min(frames);
        Self { codes, decided, masked, log_prob: 0.0 }
    }

    /// Draws a code for every masked frame and keeps the most confident ones; `done` is the share of passes completed
    /// with this one.
    fn decide(
        &mut self,
        context: &DecodeContext<'_>,
        done: f64,
        sampler: &SamplerConfig,
        logits: &[Vec<f32>],
        row: &mut RowState<'_>,
    ) {
        let (config, space) = (context.config, context.model.space());
        let mut drawn: Vec<(f64, usize, Drawn)> = Vec::new();
        for frame in (0..self.decided.len()).filter(|&f| !self.decided[f]) {
            let mut logits = logits[frame].clone();
            logits[usize::from(space.no_code())] = f32::NEG_INFINITY;
            let code = draw(&logits, &[], sampler, None, row.rng);
            // Gumbel noise on the confidence, decreasing from pass to pass, varies which frames are decided first.
            let uniform: f64 = row.rng.random_range(f64::EPSILON..1.0);
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
