//! Text token by token.

use rand_chacha::ChaCha8Rng;

use super::{Filling, HeadOutput, Predictor, Target};
use crate::{
    Generated, LayoutIssue, Position, Response, RowContext, RowGenerator, Segment, Sequence, Stage,
    StepOutputs, TaskError, Timing, TokenSpace, VallEResponse, draw,
};

/// The next text token. AR.
#[derive(Debug, Clone, Copy)]
pub struct Text;

impl Predictor for Text {
    fn name(&self) -> &'static str {
        "text"
    }

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

    fn is_guided(&self, _: &Stage) -> bool {
        false
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

    fn published(&self, response: Option<&Response>, _: usize) -> Option<VallEResponse> {
        response.is_none().then(|| VallEResponse::Phones(Vec::new()))
    }

    fn begin<'a>(
        &self,
        context: RowContext<'a>,
        _: &Generated,
    ) -> Result<Box<dyn RowGenerator + 'a>, TaskError> {
        let (sequence, done) = (context.sequence()?, context.run.limit == 0);
        let row =
            TextRow { context, sequence, text: Vec::new(), log_prob: 0.0, done, finished: false };
        Ok(Box::new(row))
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

impl Stage {
    /// Returns the logits of the tokens that a text response may have. A published model transcribes phones, the first
    /// of its text tokens.
    pub fn text_logits<'l>(&self, logits: &'l [f32]) -> &'l [f32] {
        let tokens = self.vall_e.map_or(logits.len(), |layout| layout.phones.min(logits.len()));
        &logits[..tokens]
    }
}

/// One row being generated.
struct TextRow<'a> {
    context: RowContext<'a>,
    sequence: Sequence,
    text: Vec<u32>,
    log_prob: f64,
    done: bool,
    finished: bool,
}

impl RowGenerator for TextRow<'_> {
    fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn prepare(&mut self) -> Result<(), TaskError> {
        self.sequence.extend_text(self.context.space, self.text.last().copied());
        Ok(())
    }

    fn outputs(&self) -> Vec<HeadOutput> {
        vec![HeadOutput::Text]
    }

    fn take(&mut self, outputs: StepOutputs<'_>, rng: &mut ChaCha8Rng) {
        let RowContext { stage, run, config, space, .. } = self.context;
        let logits = outputs.row(HeadOutput::Text).map(Vec::as_slice).unwrap_or_default();
        let drawn = draw(stage.text_logits(logits), &self.text, &config.text, None, rng);
        self.log_prob += drawn.log_prob;
        if drawn.token == space.text_end {
            (self.done, self.finished) = (true, true);
            return;
        }
        self.text.push(drawn.token);
        self.done = self.text.len() >= run.limit;
    }

    fn deliver(self: Box<Self>, out: &mut Generated) {
        out.score = self.log_prob / (self.text.len() + 1) as f64;
        out.finished = self.finished;
        out.text = self.text;
    }
}
