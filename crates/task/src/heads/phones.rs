//! Phone labels of the frames of a given recording.

use super::{Filling, HeadOutput, Predictor, Target};
use crate::given::{push_codes, push_latents};
use crate::{CodeTable, Content, LayoutIssue, Response, Segment, Sequence, Timing};

pub(super) struct PhonesHead {
    pub(super) per_frame: usize,
}

impl Predictor for PhonesHead {
    fn stage_name(&self) -> &'static str {
        "phones"
    }

    fn response(&self) -> Segment {
        Segment::prompt("source")
    }

    fn describe(&self, _: Timing) -> String {
        format!("{} phone labels a frame, all at once (NAR)", self.per_frame)
    }

    fn is_causal(&self) -> bool {
        false
    }

    fn fill(&self, sequence: &mut Sequence, filling: Filling<'_>) -> Result<(), LayoutIssue> {
        let frames = match filling.content {
            Some(Content::Codes(codes)) => {
                push_codes(sequence, codes, CodeTable::Prompt, codes.levels(), filling.space)?;
                codes.frames()
            }
            Some(Content::Latents(latents)) => push_latents(sequence, latents, filling.space),
            _ => return Err(LayoutIssue::NoRecording),
        };
        let per_frame = self.per_frame;
        match filling.response {
            None => Ok(()),
            Some(Response::Phones(labels)) if labels.len() == frames * per_frame => {
                let target = Target::classes("phones", HeadOutput::Phones, labels.clone());
                sequence.targets.push(target);
                Ok(())
            }
            Some(_) => Err(LayoutIssue::Labels { frames, per_frame }),
        }
    }
}
