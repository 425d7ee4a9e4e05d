//! Phone labels of the frames of a given recording.

use rand_chacha::ChaCha8Rng;

use super::{Filling, HeadOutput, Predictor, Target};
use crate::given::{push_codes, push_latents};
use crate::{
    CodeTable, Content, FrameScores, Generated, LayoutIssue, Response, RowContext, RowGenerator,
    Segment, Sequence, Stage, StepOutputs, TaskError, Timing, log_softmax, resolve,
};

/// The phones of a frame, in place. NAR.
#[derive(Debug, Clone, Copy)]
pub struct Phones {
    /// Labels a frame.
    pub per_frame: usize,
}

impl Predictor for Phones {
    fn name(&self) -> &'static str {
        "phones"
    }

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

    fn is_guided(&self, _: &Stage) -> bool {
        false
    }

    fn rows_together(&self, _: &Stage) -> usize {
        1
    }

    fn predictions_a_position(&self) -> usize {
        self.per_frame
    }

    fn labels_phones(&self) -> bool {
        true
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

    fn begin<'a>(
        &self,
        context: RowContext<'a>,
        _: &Generated,
    ) -> Result<Box<dyn RowGenerator + 'a>, TaskError> {
        let RowContext { stage, run, space, .. } = context;
        let sequence = resolve(stage, &run.contents, None, 0, space)?;
        Ok(Box::new(PhonesRow { context, per_frame: self.per_frame, sequence, scores: None }))
    }
}

/// One recording whose frames are labelled.
struct PhonesRow<'a> {
    context: RowContext<'a>,
    per_frame: usize,
    sequence: Sequence,
    scores: Option<FrameScores>,
}

impl RowGenerator for PhonesRow<'_> {
    fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    fn is_done(&self) -> bool {
        self.scores.is_some()
    }

    fn prepare(&mut self) -> Result<(), TaskError> {
        Ok(())
    }

    fn outputs(&self) -> Vec<HeadOutput> {
        vec![HeadOutput::Phones]
    }

    fn take(&mut self, outputs: StepOutputs<'_>, _: &mut ChaCha8Rng) {
        let space = self.context.space;
        let logits = outputs.rows(HeadOutput::Phones); // (frames * labels, phones)
        self.scores = Some(FrameScores {
            log_probs: logits.iter().flat_map(|logits| log_softmax(logits)).collect(),
            labels: space.phones,
            rate_hz: space.frame_rate_hz * self.per_frame as f64,
        });
    }

    fn deliver(self: Box<Self>, out: &mut Generated) {
        out.phones = self.scores;
        out.finished = true;
    }
}
