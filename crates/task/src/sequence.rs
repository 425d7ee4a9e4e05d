//! Sequences: rows of tables at positions, attention prefix, and targets.

use syrinx_types::{Coded, Codes, Latents};

use crate::contents::TextContent;
use crate::{CodeTable, Target, TokenSpace};

/// A slot that adds nothing. Same value as in `syrinx_nn`.
pub const NONE: u32 = u32::MAX;
/// A target without loss. Same value as in `syrinx_nn`.
pub const IGNORE: u32 = u32::MAX;

/// Codes of one recording of a blend, with its weight.
#[derive(Debug, Clone, PartialEq)]
pub struct BlendShare {
    /// Factor of the embedding.
    pub weight: f32,
    /// Rows of the code tables.
    pub codes: Vec<u32>,
}

/// A frame as the codec's latent.
#[derive(Debug, Clone, PartialEq)]
pub enum Latent {
    /// Weighted sum of frames of codes, all levels of each.
    Codes(Vec<WeightedFrame>),
    /// Values predicted by a model.
    Values(Vec<f32>),
}

/// A frame of codes as a term of a latent.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightedFrame {
    /// Factor of the sum of the codes' entries.
    pub weight: f32,
    /// Codes of all levels.
    pub codes: Vec<u16>,
}

impl WeightedFrame {
    /// Builds a frame that counts fully.
    pub fn whole(codes: &[u16]) -> Self {
        Self { weight: 1.0, codes: codes.to_vec() }
    }
}

/// One position: the table rows that are summed into its embedding.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// Row of the special tokens.
    pub special_token: u32,
    /// Row of the text table.
    pub text: u32,
    /// Rows of the code tables, [`TokenSpace::code_slots`] of them.
    pub codes: Vec<u32>,
    /// Codes of the recordings of a blend, or of those that condition a frame of the response; empty at most positions.
    pub blend: Vec<BlendShare>,
    /// Row of the table of durations.
    pub duration: u32,
    /// The previous frame as the codec's latent, in responses of latents.
    pub latent: Option<Latent>,
    /// Latent of the frame-aligned conditioning, where it is known.
    pub conditioning: Option<Vec<f32>>,
    /// Latent of a frame of a recording that is given as latents.
    pub given_latent: Option<Vec<f32>>,
    /// Token of the encoder text at the current phone index.
    pub here: u32,
    /// Token of the encoder text at the next phone index.
    pub next: u32,
    /// Rotary position within its segment.
    pub rotary: u32,
}

impl Position {
    pub(crate) fn empty(space: &TokenSpace, rotary: usize) -> Self {
        let codes = vec![NONE; space.code_slots()];
        Self {
            special_token: NONE,
            text: NONE,
            codes,
            blend: Vec::new(),
            duration: NONE,
            latent: None,
            conditioning: None,
            given_latent: None,
            here: NONE,
            next: NONE,
            rotary: rotary as u32,
        }
    }

    /// Returns all rows of the code tables at this position, each with its factor.
    pub fn weighted_codes(&self) -> impl Iterator<Item = (f32, u32)> {
        let plain = self.codes.iter().map(|&code| (1.0, code));
        let shares = self.blend.iter().flat_map(|s| s.codes.iter().map(|&code| (s.weight, code)));
        plain.chain(shares).filter(|&(_, code)| code != NONE)
    }
}

/// A sequence for the model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sequence {
    /// Positions of the trunk.
    pub positions: Vec<Position>,
    /// Length of the prefix, whose positions attend to each other.
    pub prefix: usize,
    /// First position of the response.
    pub response_start: usize,
    /// Text for the encoder.
    pub encoder: TextContent,
    /// Frame-aligned conditioning, as long as the response.
    pub frame_aligned: Option<Coded>,
    /// Whether the response's positions have a history of predictions, which training may drop.
    pub has_history: bool,
    /// Whether the response's timing is predicted: its phone index advances, or it predicts its end.
    pub advances: bool,
    /// Level being predicted (further levels only), from 0.
    pub level: usize,
    /// Targets; empty in generation.
    pub targets: Vec<Target>,
    /// Codes of the response so far, all frames: for further levels (whose residual is computed from them), masked
    /// codes and latents.
    pub response_codes: Option<Codes>,
    /// Latents of the response before quantization, for responses with frame-aligned conditioning.
    pub response_latents: Option<Latents>,
    /// First position of an AR response over codes in published models: the separator, which predicts the first code.
    /// `None` for the position with an empty history.
    pub opening: Option<Position>,
}

impl Sequence {
    /// Returns the number of positions in all.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether the sequence has no positions.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// Adds the frame-aligned conditioning of a frame to its position.
    pub(crate) fn add_frame_aligned(&self, p: &mut Position, frame: usize, space: &TokenSpace) {
        let Some(given) = self.frame_aligned.as_ref().filter(|c| frame < c.frames()) else {
            return;
        };
        let mut codes = vec![NONE; space.code_slots()];
        for (level, (row, &code)) in codes.iter_mut().zip(given.codes.frame(frame)).enumerate() {
            *row = space.code(CodeTable::Prompt, level, code);
        }
        p.blend = vec![BlendShare { weight: 1.0, codes }];
        p.conditioning = given.latents.as_ref().map(|latents| latents.frame(frame).to_vec());
    }

    /// Drops the text, for classifier-free guidance: training drops it in some examples, generation compares
    /// predictions with and without it.
    pub fn forget_text(&mut self) {
        for p in &mut self.positions {
            (p.here, p.next) = (NONE, NONE);
        }
        for p in &mut self.positions[..self.response_start] {
            p.text = NONE;
        }
    }

    /// Drops the history of an AR response over codes at the positions for which `forget(index)` is true, so that the
    /// model learns to rely on the text when its history is wrong.
    pub fn forget_history(&mut self, space: &TokenSpace, mut forget: impl FnMut() -> bool) {
        if !self.has_history {
            return;
        }
        for p in &mut self.positions[self.response_start..] {
            if !forget() {
                continue;
            }
            if p.latent.take().is_some() {
                p.codes[0] = space.history_code(0, space.no_code());
            }
            for code in p.codes.iter_mut().filter(|code| **code != NONE) {
                *code = space.nothing_in_table_of(*code);
            }
        }
    }
}

pub(crate) fn point(p: &mut Position, encoder: &TextContent, phone_index: usize) {
    if encoder.aligned.is_empty() {
        return;
    }
    let at = |i: usize| encoder.aligned.get(i).copied().unwrap_or(NONE);
    (p.here, p.next) = (at(phone_index), at(phone_index + 1));
}
