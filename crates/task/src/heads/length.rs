//! Number of frames of a response in place, digit by digit.

use super::{Filling, Predictor};
use crate::{LayoutIssue, Segment, Sequence, Timing};

pub(super) struct LengthHead;

impl Predictor for LengthHead {
    fn stage_name(&self) -> &'static str {
        "length"
    }

    fn response(&self) -> Segment {
        Segment::length_response("length")
    }

    fn describe(&self, _: Timing) -> String {
        "digits of the number of frames, one after another (AR)".into()
    }

    fn is_causal(&self) -> bool {
        true
    }

    fn fill(&self, _: &mut Sequence, filling: Filling<'_>) -> Result<(), LayoutIssue> {
        match filling.response {
            None => Ok(()),
            Some(_) => Err(LayoutIssue::Response),
        }
    }
}
