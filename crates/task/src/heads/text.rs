//! Text token by token.

use super::{Filling, HeadOutput, Predictor, Target};
use crate::{LayoutIssue, Position, Response, Segment, Sequence, Timing, TokenSpace};

pub(super) struct TextHead;

impl Predictor for TextHead {
    fn stage_name(&self) -> &'static str {
        "text"
    }

    fn response(&self) -> Segment {
        Segment::text_response("text")
    }

    fn describe(&self, _: Timing) -> String {
        "text tokens, one after another (AR)".into()
    }

    fn is_causal(&self) -> bool {
        true
    }

    fn fill(&self, sequence: &mut Sequence, filling: Filling<'_>) -> Result<(), LayoutIssue> {
        let ids = match filling.response {
            None => return Ok(()),
            Some(Response::Text(ids)) => ids,
            Some(_) => return Err(LayoutIssue::Response),
        };
        let space = filling.space;
        sequence.extend_text(space, None);
        for &id in ids {
            sequence.extend_text(space, Some(id));
        }
        let classes = ids.iter().copied().chain([space.text_end]).collect();
        sequence.targets.push(Target::classes("text", HeadOutput::Text, classes));
        Ok(())
    }
}

impl Sequence {
    /// Appends a causal position to an AR sequence over text.
    pub fn extend_text(&mut self, space: &TokenSpace, previous: Option<u32>) {
        let mut p = Position::empty(space, self.len() - self.response_start);
        p.text = previous.unwrap_or(space.text_begin);
        self.positions.push(p);
    }
}
