//! Heads: predictions at the response's positions.
//!
//! A head is one value that owns its positions, targets, corruption in training, outputs and decoding step. A new head is
//! a file of this folder: layouts take any [`Predictor`]. An order of codes for the configuration is a line of the list in
//! `switches.rs` as well.

mod all_levels;
mod delay;
mod demask;
mod durations;
mod first_level;
mod further_levels;
mod interleaved;
mod latents;
mod length;
mod masked_level;
mod phones;
mod target;
mod text;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use serde::{Serialize, Serializer};

use crate::{
    Content, Generated, LayoutIssue, Response, RowContext, RowGenerator, Segment, Sequence, Stage,
    TaskError, Timing, TokenSpace, VallEResponse,
};

pub use all_levels::{AllLevels, Pattern};
pub use delay::Delay;
pub use durations::{
    DURATION_CLASSES, DURATION_ROWS, Durations, MAX_DURATION, durations_of_pointer,
    pointer_in_frames,
};
pub use first_level::FirstLevel;
pub use further_levels::FurtherLevels;
pub use interleaved::Interleaved;
pub use latents::Latents;
pub use length::Length;
pub use masked_level::MaskedLevel;
pub use phones::Phones;
pub use target::{HeadOutput, Target};
pub use text::Text;

/// Prediction at the response's positions: any [`Predictor`].
#[derive(Clone)]
pub struct Head(Arc<dyn Predictor>);

impl<P: Predictor> From<P> for Head {
    fn from(predictor: P) -> Self {
        Self(Arc::new(predictor))
    }
}

impl Deref for Head {
    type Target = dyn Predictor;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Heads are equal if they have the same name and sizes.
impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
            && self.predictions_a_position() == other.predictions_a_position()
    }
}

/// A head is serialized as its name.
impl Serialize for Head {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Behaviour of a head: fill of the response, targets, corruption in training, and decoding step.
pub trait Predictor: fmt::Debug + Send + Sync + 'static {
    /// Name of the head.
    fn name(&self) -> &'static str;

    /// Usual name of a stage with this head.
    fn stage_name(&self) -> &'static str;

    /// Usual response segment.
    fn response(&self) -> Segment;

    /// Codes of the response that a position reads, in one line. Only for heads whose response has codes.
    fn known_codes(&self) -> &'static str {
        "none"
    }

    /// Description in one line.
    fn describe(&self, timing: Timing) -> String;

    /// Whether positions are predicted one after another.
    fn is_causal(&self) -> bool;

    /// Whether the classifier-free guidance of the settings applies.
    fn is_guided(&self, _stage: &Stage) -> bool {
        true
    }

    /// Largest number of rows that are generated in one batch.
    fn rows_together(&self, _stage: &Stage) -> usize {
        usize::MAX
    }

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

    /// Whether a sequence predicts one further level, which is drawn for each training example. Generation may fill the
    /// levels window by window.
    fn is_of_one_level(&self) -> bool {
        false
    }

    /// Whether level-1 codes alone are predicted one frame after another, so that each has a probability and frames can
    /// be streamed.
    fn is_first_level_ar(&self) -> bool {
        false
    }

    /// Whether the phones of a given recording are labelled.
    fn labels_phones(&self) -> bool {
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

    /// Returns the number of predictions of the same output at a position.
    fn predictions_a_position(&self) -> usize {
        1
    }

    /// Appends the response's positions and its targets. Without a response an AR head leaves the sequence as it is:
    /// generation appends position by position.
    ///
    /// # Errors
    /// Reports a response that does not fit the head, the stage or the token space.
    fn fill(&self, sequence: &mut Sequence, filling: Filling<'_>) -> Result<(), LayoutIssue>;

    /// Returns the response in the layout of published vall-e models; `None` for a head or a response that they lack.
    /// `level` is the predicted level, from 0.
    fn published(&self, _response: Option<&Response>, _level: usize) -> Option<VallEResponse> {
        None
    }

    /// Corrupts a training example so that it resembles generation: shows some codes of a masked response, and adds
    /// noise to the latents of the history.
    fn corrupt(
        &self,
        _sequence: &mut Sequence,
        _corruption: Corruption<'_>,
        _rng: &mut ChaCha8Rng,
    ) {
    }

    /// Shows the code of a frame of a response that is predicted in several passes; the frame has no target any more.
    fn show(&self, _sequence: &mut Sequence, _frame: usize, _space: &TokenSpace) {}

    /// Begins a row of a stage with this head. `earlier` is the result of the stages before.
    ///
    /// # Errors
    /// [`TaskError::Layout`] for inputs that do not fit the stage.
    fn begin<'a>(
        &self,
        context: RowContext<'a>,
        earlier: &Generated,
    ) -> Result<Box<dyn RowGenerator + 'a>, TaskError>;
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
