//! Heads: predictions at the response's positions, with their positions, targets and losses.
//!
//! A head is a file of this folder and a line of [`Head::predictor`]. Its generation loop is a file of `syrinx_decode`
//! and a line of its list of heads.

mod all_levels;
mod durations;
mod first_level;
mod further_levels;
mod latents;
mod length;
mod masked_level;
mod phones;
mod text;

use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::{Content, LayoutIssue, Response, Segment, Sequence, Stage, Timing, TokenSpace};

pub use all_levels::Pattern;
pub use durations::{
    DURATION_CLASSES, DURATION_ROWS, MAX_DURATION, durations_of_pointer, pointer_in_frames,
};
pub use latents::Latent;

/// Prediction at the response's positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// The level-1 codes, and the advance of the pointer (or a stop code without one). AR.
    FirstLevel,
    /// The codes of one further level, in place. NAR.
    FurtherLevels,
    /// The codes of all levels in an order, and the advance of the pointer (or a stop code without one). AR.
    Levels(Pattern),
    /// The undecided level-1 codes, in place, in several passes.
    MaskedLevel,
    /// The next frame as the codec's latent, and the advance of the pointer (or whether to stop). AR.
    Latents,
    /// Duration of the next phone, frames. AR.
    Durations,
    /// The next text token. AR.
    Text,
    /// Number of frames of a response in place, digit by digit. AR.
    Length,
    /// The phones of a frame, in place. NAR.
    Phones {
        /// Labels a frame.
        per_frame: usize,
    },
}

impl Head {
    /// Behaviour of the head: the list of all heads.
    pub fn predictor(self) -> Box<dyn Predictor> {
        match self {
            Self::FirstLevel => Box::new(first_level::FirstLevelHead),
            Self::FurtherLevels => Box::new(further_levels::FurtherLevelsHead),
            Self::Levels(pattern) => Box::new(pattern),
            Self::MaskedLevel => Box::new(masked_level::MaskedLevelHead),
            Self::Latents => Box::new(latents::LatentsHead),
            Self::Durations => Box::new(durations::DurationsHead),
            Self::Text => Box::new(text::TextHead),
            Self::Length => Box::new(length::LengthHead),
            Self::Phones { per_frame } => Box::new(phones::PhonesHead { per_frame }),
        }
    }
}

/// Behaviour of a head: fill of the response, targets, and corruption in training.
pub trait Predictor {
    /// Usual name of a stage with this head.
    fn stage_name(&self) -> &'static str;

    /// Usual response segment.
    fn response(&self) -> Segment;

    /// Description in one line.
    fn describe(&self, timing: Timing) -> String;

    /// Whether positions are predicted one after another.
    fn is_causal(&self) -> bool;

    /// Whether its frames may have frame-aligned conditioning.
    fn takes_frame_aligned(&self) -> bool {
        false
    }

    /// Whether a stage may have only one of pointer and frame-aligned conditioning, since each determines the number of
    /// frames.
    fn has_one_length(&self) -> bool {
        false
    }

    /// Whether frames must have a known timing or conditioning before they are predicted.
    fn needs_length(&self) -> bool {
        false
    }

    /// Whether it needs a text in the encoder.
    fn needs_aligned_text(&self) -> bool {
        false
    }

    /// Whether frames may be predicted in groups ([`TokenSpace::group`]).
    fn takes_groups(&self) -> bool {
        false
    }

    /// Whether a stage of its own predicts the further levels.
    fn leaves_further_levels(&self) -> bool {
        false
    }

    /// Whether a sequence predicts one further level, which is drawn for each training example.
    fn is_of_one_level(&self) -> bool {
        false
    }

    /// Whether its positions have a history of predictions, which training may drop.
    fn has_history(&self) -> bool {
        false
    }

    /// Whether the model predicts latents and reads them as its history.
    fn predicts_latents(&self) -> bool {
        false
    }

    /// Returns the number of positions that a frame of a codec with this many levels takes.
    fn positions_a_frame(&self, _levels: usize) -> usize {
        1
    }

    /// Appends the response's positions and its targets. Without a response an AR head leaves the sequence as it is:
    /// generation appends position by position.
    ///
    /// # Errors
    /// Reports a response that does not fit the head, the stage or the token space.
    fn fill(&self, sequence: &mut Sequence, filling: Filling<'_>) -> Result<(), LayoutIssue>;

    /// Corrupts a training example so that it resembles generation: shows some codes of a masked response, and adds
    /// noise to the latents of the history.
    fn corrupt(
        &self,
        _sequence: &mut Sequence,
        _corruption: Corruption<'_>,
        _rng: &mut ChaCha8Rng,
    ) {
    }
}

/// Material of a response.
#[derive(Clone, Copy)]
pub struct Filling<'a> {
    /// Content of the response's segment, for heads that label a given recording.
    pub content: Option<&'a Content>,
    /// Response of a training example, or the codes so far.
    pub response: Option<&'a Response>,
    /// Token spaces.
    pub space: &'a TokenSpace,
}

impl Filling<'_> {
    /// Codes and pointer of the response; `None` where there is no response.
    ///
    /// # Errors
    /// Reports a response of another type.
    fn codes(&self) -> Result<Option<CodesResponse<'_>>, LayoutIssue> {
        match self.response {
            None => Ok(None),
            Some(Response::Codes { codes, pointer }) => Ok(Some(CodesResponse { codes, pointer })),
            Some(Response::Coded(coded)) => {
                Ok(Some(CodesResponse { codes: &coded.codes, pointer: &[] }))
            }
            Some(Response::Text(_) | Response::Phones(_)) => Err(LayoutIssue::Response),
        }
    }
}

/// Codes of a response, and the phone index at every frame of an aligned one.
#[derive(Clone, Copy)]
struct CodesResponse<'a> {
    codes: &'a syrinx_types::Codes,
    pointer: &'a [u32],
}

/// Settings of the corruption of examples.
#[derive(Clone, Copy)]
pub struct Corruption<'a> {
    /// Token spaces.
    pub space: &'a TokenSpace,
    /// Noise on latents, as a share of their spread.
    pub latent_noise: f64,
}

/// Output of the model that a loss is computed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadOutput {
    /// Codes of level 1 and the stop, for one frame of a group.
    FirstLevel {
        /// Frame within the group.
        member: usize,
    },
    /// Codes of a further level, from 1.
    Level(usize),
    /// Residual of the latent at this level: the sum of the entries of this level and the deeper ones.
    Residual(usize),
    /// Advance of the pointer; for a response of latents without a pointer, whether it ends.
    Advances,
    /// The next frame's latent.
    Latents,
    /// Difference of the response's latents from those of the frame-aligned conditioning.
    LatentDifference,
    /// Duration of a phone, frames.
    Durations,
    /// Text token.
    Text,
    /// Phone labels of a frame.
    Phones,
}

/// Target of one output, aligned with the response's positions.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Name of the loss: `codes.1`, `advances`, ...
    pub name: String,
    /// Output that is scored.
    pub output: HeadOutput,
    /// Class at each position, or at each prediction where a position has several; [`crate::IGNORE`] where none counts.
    /// Empty for latents, which are compared with those of the response.
    pub classes: Vec<u32>,
    /// Weight within the loss of the stage.
    pub weight: f64,
    /// Whether the output is computed only at positions with a class.
    pub sparse: bool,
}

impl Target {
    /// Builds a target with a class at each position.
    fn classes(name: impl Into<String>, output: HeadOutput, classes: Vec<u32>) -> Self {
        Self { name: name.into(), output, classes, weight: 1.0, sparse: false }
    }

    /// Builds a target that consists of the response's latents.
    fn latents(name: impl Into<String>, output: HeadOutput) -> Self {
        Self::classes(name, output, Vec::new())
    }
}

impl Sequence {
    /// Returns the target classes of an output, if the sequence has any.
    pub fn classes(&self, output: HeadOutput) -> Option<&[u32]> {
        let target = self.targets.iter().find(|t| t.output == output);
        target.map(|target| target.classes.as_slice())
    }

    /// Adds the targets of the pointer's advances, unless the timing is given.
    fn push_advances(&mut self, advances: Vec<u32>) {
        if advances.iter().any(|&advance| advance != crate::IGNORE) {
            self.targets.push(Target::classes("advances", HeadOutput::Advances, advances));
        }
    }

    /// Checks that a response has as many frames as its frame-aligned conditioning.
    fn check_frame_aligned(&self, frames: usize) -> Result<(), LayoutIssue> {
        match &self.frame_aligned {
            Some(given) if given.frames() != frames => {
                Err(LayoutIssue::ResponseFrames { frames, conditioning: given.frames() })
            }
            _ => Ok(()),
        }
    }

    /// Checks that a response has frames, each with a phone index where there is an aligned text.
    fn check_frames(&self, frames: usize, pointer: &[u32]) -> Result<(), LayoutIssue> {
        let aligned = !self.encoder.aligned.is_empty();
        if frames == 0 || (aligned && pointer.len() != frames) {
            return Err(LayoutIssue::Pointer { pointer: pointer.len(), frames });
        }
        self.check_frame_aligned(frames)
    }
}

/// Checks the source of the response's length in a stage with this predictor.
pub(crate) fn check_stage(predictor: &dyn Predictor, stage: &Stage) -> Result<(), LayoutIssue> {
    let known = stage.timing == Timing::Known;
    if stage.has_frame_aligned() && !predictor.takes_frame_aligned() {
        return Err(LayoutIssue::FrameAlignedHead);
    }
    if stage.has_frame_aligned() && stage.encodes() && predictor.has_one_length() {
        return Err(LayoutIssue::TwoLengths);
    }
    let open_length = predictor.needs_length() && stage.vall_e.is_none();
    if open_length && !known && !stage.has_frame_aligned() {
        return Err(LayoutIssue::UnknownLength);
    }
    if (known || predictor.needs_aligned_text()) && !stage.encodes() {
        return Err(LayoutIssue::NoAlignedText);
    }
    Ok(())
}
