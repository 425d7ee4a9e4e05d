//! Continuous frames in an AR stage.

use syrinx_types::Codes;

use crate::pattern::check_whole;
use crate::sequence::point;
use crate::{IGNORE, Position, Sequence, Targets, TokenSpace};

/// A frame as the codec's latent.
#[derive(Debug, Clone, PartialEq)]
pub enum Latent {
    /// The weighted sum of the entries of codes, all levels each.
    Codes(Vec<(f32, Vec<u16>)>),
    /// Numbers, as a model predicted them.
    Values(Vec<f32>),
}

impl Sequence {
    /// Appends a causal position to an AR sequence over latents: the frame before (`None` at the beginning) and the
    /// stop under the pointer.
    pub fn extend_latents(&mut self, space: &TokenSpace, previous: Option<Latent>, stop: usize) {
        let mut p = Position::empty(space, self.len() - self.response_start);
        if previous.is_none() {
            p.codes[0] = space.history_code(0, space.no_code());
        }
        p.latent = previous;
        point(&mut p, &self.encoder, stop);
        self.positions.push(p);
    }

    /// Puts noise on the latents that a response has generated, so that the model learns to go on from its own, which
    /// are never quite right: `share` times the difference of two frames of `draw`, which has the latents' own spread.
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

/// A response of latents. After each frame the pointer moves; without one the frame is the last or isn't.
pub(crate) fn latents(
    sequence: &mut Sequence,
    (codes, pointer): (&Codes, &[u32]),
    space: &TokenSpace,
) -> Result<(), String> {
    let frames = codes.frames();
    sequence.check_timing(frames, pointer)?;
    check_whole(codes, space)?;
    let aligned = !sequence.encoder.stops.is_empty();
    let stop = |frame: usize| if aligned { pointer[frame] as usize } else { 0 };
    let mut advances = Vec::with_capacity(frames);
    for frame in 0..frames {
        let previous =
            frame.checked_sub(1).map(|f| Latent::Codes(vec![(1.0, codes.frame(f).into())]));
        sequence.extend_latents(space, previous, stop(frame));
        let more = frame + 1 < frames;
        advances.push(match (aligned, sequence.advances) {
            (_, false) => IGNORE,
            (true, true) => space.advance_class(stop(frame), more.then(|| stop(frame + 1))),
            (false, true) => u32::from(!more),
        });
    }
    sequence.targets = Targets::Latents { advances };
    sequence.response_codes = Some(codes.clone());
    Ok(())
}
