//! Continuous frames in an AR stage.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::all_levels::check_all_levels;
use super::{CodesResponse, Corruption, Filling, HeadOutput, Predictor, Target};
use crate::sequence::point;
use crate::{IGNORE, LayoutIssue, Position, Segment, Sequence, Timing, TokenSpace};

/// A frame as the codec's latent.
#[derive(Debug, Clone, PartialEq)]
pub enum Latent {
    /// Weighted sum of frames of codes, all levels of each.
    Codes(Vec<(f32, Vec<u16>)>),
    /// Values predicted by a model.
    Values(Vec<f32>),
}

pub(super) struct LatentsHead;

impl Predictor for LatentsHead {
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
                sum.extend([(share, draw()), (-share, draw())]);
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
            frame.checked_sub(1).map(|f| Latent::Codes(vec![(1.0, codes.frame(f).into())]));
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
