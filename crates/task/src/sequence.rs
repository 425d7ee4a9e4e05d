//! A layout with its contents becomes a sequence: rows of tables at positions, who sees whom, and what is scored.

use syrinx_types::{Coded, Codes, Latents};

use crate::contents::TextContent;
use crate::given::{close, encoder_text, frame_aligned_codes, push_blend, push_codes, push_text};
use crate::response::fill_response;
use crate::vall_e_stage::resolve_published;
use crate::{
    Attention, CodeTable, Content, Contents, Fill, Head, Latent, Levels, Place, Response, Stage,
    TaskError, Timing, TokenSpace,
};

/// A slot that adds nothing. The same value as `syrinx_nn`'s.
pub const NONE: u32 = u32::MAX;
/// A target that doesn't count. The same value as `syrinx_nn`'s.
pub const IGNORE: u32 = u32::MAX;

/// The codes of one of several recordings that are laid over one another, and how much they count.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// Factor of the embedding.
    pub weight: f32,
    /// Rows of the code tables.
    pub codes: Vec<u32>,
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
    /// Codes of recordings that are laid over one another, or that condition a frame of the response; empty at most
    /// positions.
    pub blend: Vec<Share>,
    /// Row of the table of durations.
    pub duration: u32,
    /// The frame before as the codec's latent, in responses that are generated so.
    pub latent: Option<Latent>,
    /// Latent of the frame-aligned conditioning, where it is known.
    pub conditioning: Option<Vec<f32>>,
    /// Token of the encoder text under the pointer.
    pub here: u32,
    /// Token of the encoder text at the next stop.
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
            here: NONE,
            next: NONE,
            rotary: rotary as u32,
        }
    }

    /// All rows of the code tables that stand here, each with its factor.
    pub fn weighted_codes(&self) -> impl Iterator<Item = (f32, u32)> {
        let plain = self.codes.iter().map(|&code| (1.0, code));
        let shares = self.blend.iter().flat_map(|s| s.codes.iter().map(|&code| (s.weight, code)));
        plain.chain(shares).filter(|&(_, code)| code != NONE)
    }
}

/// Targets, aligned with the response's positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Targets {
    /// Nothing: a prompt for generation.
    None,
    /// AR over codes: `group` codes a position, and the move of the pointer after it.
    FirstLevel {
        /// (positions, group).
        codes: Vec<u32>,
        /// (positions); [`IGNORE`] without alignment.
        advances: Vec<u32>,
    },
    /// NAR: one code a position.
    Level {
        /// The level, from 0.
        level: usize,
        /// (positions).
        codes: Vec<u32>,
    },
    /// AR over all levels: one code a position and level, [`IGNORE`] where none is generated, and the advances of the pointer.
    Levels {
        /// (positions, levels).
        codes: Vec<u32>,
        /// (positions); [`IGNORE`] where the pointer doesn't move.
        advances: Vec<u32>,
    },
    /// Several passes over level 1: the codes that aren't shown, [`IGNORE`] for the others.
    Masked(Vec<u32>),
    /// AR over latents: those of the response's codes, and the advances of the pointer (without one: 1 after the last frame,
    /// else 0).
    Latents {
        /// (positions); [`IGNORE`] in a timing that is known.
        advances: Vec<u32>,
    },
    /// Duration of each phone, frames.
    Durations(Vec<u32>),
    /// The next text token.
    Text(Vec<u32>),
    /// Phone labels, (positions, per frame).
    Phones(Vec<u32>),
}

/// A sequence for the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequence {
    /// Positions of the trunk.
    pub positions: Vec<Position>,
    /// Positions below this see each other both ways.
    pub prefix: usize,
    /// First position of the response.
    pub response_start: usize,
    /// Text for the encoder.
    pub encoder: TextContent,
    /// Frame-aligned conditioning, as long as the response.
    pub frame_aligned: Option<Coded>,
    /// Head of the stage.
    pub head: Head,
    /// Whether the response finds its own timing: its pointer moves, or it ends by itself.
    pub advances: bool,
    /// Level being predicted (further levels only), from 0.
    pub level: usize,
    /// Targets.
    pub targets: Targets,
    /// Codes of the response so far, all frames, for further levels (for the residual), masked ones and latents.
    pub response_codes: Option<Codes>,
    /// Latents that the response's codes round, for responses with frame-aligned conditioning.
    pub response_latents: Option<Latents>,
    /// First position of an AR response over codes, where it is not that of "nothing yet": the separator that predicts
    /// the first code in published models.
    pub opening: Option<Position>,
}

impl Sequence {
    /// Positions in all.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// Appends a causal position to an AR sequence over codes: what was generated before it (`None` at the beginning)
    /// and the stop under the pointer.
    pub fn extend_codes(&mut self, space: &TokenSpace, previous: Option<&[u16]>, stop: usize) {
        let mut rotary = self.len() - self.response_start;
        if let Some(opening) = &self.opening {
            if rotary == 0 {
                self.positions.push(opening.clone());
                return;
            }
            rotary -= 1;
        }
        let mut p = Position::empty(space, rotary);
        for member in 0..space.group {
            let code = previous.and_then(|c| c.get(member)).copied().unwrap_or(space.no_code());
            p.codes[member] = space.code(CodeTable::ResponseAr, member, code);
        }
        point(&mut p, &self.encoder, stop);
        self.add_frame_aligned(&mut p, rotary, space);
        self.positions.push(p);
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
        p.blend = vec![Share { weight: 1.0, codes }];
        p.conditioning = given.latents.as_ref().map(|latents| latents.frame(frame).to_vec());
    }

    /// Forgets the text (for classifier-free guidance: training drops it now and then, generation compares with and
    /// without).
    pub fn forget_text(&mut self) {
        for p in &mut self.positions {
            (p.here, p.next) = (NONE, NONE);
        }
        for p in &mut self.positions[..self.response_start] {
            p.text = NONE;
        }
    }

    /// Forgets what an AR response over codes has generated at some positions (`forget(index)` decides), so that the
    /// model learns to lean on the text when its own past is off.
    pub fn forget_history(&mut self, space: &TokenSpace, mut forget: impl FnMut() -> bool) {
        if !matches!(self.head, Head::FirstLevel | Head::Levels(_) | Head::Latents) {
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

    /// Appends a causal position to an AR sequence over text.
    pub fn extend_text(&mut self, space: &TokenSpace, previous: Option<u32>) {
        let mut p = Position::empty(space, self.len() - self.response_start);
        p.text = previous.unwrap_or(space.text_begin);
        self.positions.push(p);
    }
}

pub(crate) fn point(p: &mut Position, encoder: &TextContent, stop: usize) {
    if encoder.stops.is_empty() {
        return;
    }
    let at = |i: usize| encoder.stops.get(i).copied().unwrap_or(NONE);
    (p.here, p.next) = (at(stop), at(stop + 1));
}

/// Builds the sequence of a stage. With a response, its positions and targets are filled for training; without one,
/// an AR stage ends where its response begins (grow it with `extend_*`). A NAR stage over codes needs the codes so far
/// as its response (`level` says which one is predicted; deeper levels in them are not shown). `level` counts from 0.
pub fn resolve(
    stage: &Stage,
    contents: &Contents,
    response: Option<&Response>,
    level: usize,
    space: &TokenSpace,
) -> Result<Sequence, TaskError> {
    let fault = |reason: String| TaskError::Layout { stage: stage.name.clone(), reason };
    stage.check().map_err(fault)?;
    if let Some(layout) = &stage.vall_e {
        return resolve_published((stage, layout), contents, response, level, space);
    }
    let mut sequence = Sequence {
        positions: Vec::new(),
        prefix: 0,
        response_start: 0,
        encoder: encoder_text(stage, contents).map_err(fault)?,
        frame_aligned: frame_aligned_codes(stage, contents, space).map_err(fault)?,
        head: stage.head,
        advances: stage.timing == Timing::Found,
        level,
        targets: Targets::None,
        response_codes: None,
        response_latents: None,
        opening: None,
    };
    let last = stage.response().map(|s| s.name.as_str()).unwrap_or_default();
    for segment in stage.segments.iter().filter(|s| s.place == Place::Trunk) {
        let content = contents.get(&segment.name);
        if segment.name == last {
            sequence.response_start = sequence.len();
            fill_response(&mut sequence, content, response, space).map_err(fault)?;
            sequence.prefix = if segment.attention == Attention::Causal {
                sequence.response_start
            } else {
                sequence.len()
            };
            break;
        }
        match (&segment.fill, content) {
            (Fill::SpecialToken(name), _) => {
                let row = space
                    .special_token(name)
                    .ok_or_else(|| fault(format!("the model has no special token `{name}`")))?;
                sequence
                    .positions
                    .push(Position { special_token: row, ..Position::empty(space, 0) });
            }
            (Fill::LevelToken, _) => {
                sequence.positions.push(Position {
                    special_token: space.level_token(level),
                    ..Position::empty(space, 0)
                });
            }
            (_, None) if segment.optional => {}
            (_, None) => {
                return Err(fault(format!("nothing was given for segment `{}`", segment.name)));
            }
            (Fill::Text, Some(Content::Text(text))) => push_text(&mut sequence, &text.ids, space),
            (Fill::Codes { table, levels: Levels::All }, Some(Content::Codes(codes))) => {
                push_codes(&mut sequence, codes, (*table, codes.levels()), space).map_err(fault)?;
                close(&mut sequence, codes.frames(), space);
            }
            (Fill::Codes { table, levels: Levels::All }, Some(Content::Blend(shares))) => {
                let frames = push_blend(&mut sequence, shares, *table, space).map_err(fault)?;
                close(&mut sequence, frames, space);
            }
            _ => {
                return Err(fault(format!(
                    "segment `{}` was given the wrong kind of content",
                    segment.name
                )));
            }
        }
    }
    Ok(sequence)
}
