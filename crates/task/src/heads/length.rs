//! Number of frames of a response in place, digit by digit.

use rand_chacha::ChaCha8Rng;

use super::{Filling, HeadOutput, Predictor};
use crate::{
    Generated, LayoutIssue, Response, RowContext, RowGenerator, SamplerConfig, Segment, Sequence,
    Stage, StepOutputs, TaskError, Timing, VALL_E_LENGTH_TOKENS, VallEResponse, draw,
};

/// Digits of the longest length.
const MOST_DIGITS: usize = 10;
/// Class of the end of a length, after those of the ten digits.
const END: u32 = VALL_E_LENGTH_TOKENS as u32 - 1;

/// Number of frames of a response in place, digit by digit. AR.
#[derive(Debug, Clone, Copy)]
pub struct Length;

impl Predictor for Length {
    fn name(&self) -> &'static str {
        "length"
    }

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

    fn is_guided(&self, _: &Stage) -> bool {
        false
    }

    fn rows_together(&self, _: &Stage) -> usize {
        1
    }

    fn fill(&self, _: &mut Sequence, filling: Filling<'_>) -> Result<(), LayoutIssue> {
        match filling.response {
            None => Ok(()),
            Some(_) => Err(LayoutIssue::Response),
        }
    }

    fn published(&self, response: Option<&Response>, _: usize) -> Option<VallEResponse> {
        response.is_none().then(|| VallEResponse::Length(Vec::new()))
    }

    fn begin<'a>(
        &self,
        context: RowContext<'a>,
        _: &Generated,
    ) -> Result<Box<dyn RowGenerator + 'a>, TaskError> {
        let first_token = context.stage.vall_e.map_or(0, |layout| layout.length_start());
        let sequence = context.sequence()?;
        Ok(Box::new(LengthRow { context, sequence, first_token, digits: Vec::new(), done: false }))
    }
}

/// One row being generated.
struct LengthRow<'a> {
    context: RowContext<'a>,
    sequence: Sequence,
    /// Text token of the digit 0.
    first_token: usize,
    digits: Vec<u32>,
    done: bool,
}

impl RowGenerator for LengthRow<'_> {
    fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    fn is_done(&self) -> bool {
        self.done
    }

    /// Appends the digit before. Published models were trained with a 0 before the first one.
    fn prepare(&mut self) -> Result<(), TaskError> {
        let digit = self.digits.last().copied().unwrap_or_default();
        self.sequence.extend_text(self.context.space, Some(self.first_token as u32 + digit));
        Ok(())
    }

    fn outputs(&self) -> Vec<HeadOutput> {
        vec![HeadOutput::Text]
    }

    /// Takes the most probable digit.
    fn take(&mut self, outputs: StepOutputs<'_>, rng: &mut ChaCha8Rng) {
        let logits = outputs.row(HeadOutput::Text).map(Vec::as_slice).unwrap_or_default();
        let tokens = self.first_token..self.first_token + VALL_E_LENGTH_TOKENS;
        let logits = logits.get(tokens).unwrap_or_default();
        let digit = draw(logits, &[], &SamplerConfig::greedy(), None, rng).token;
        match digit {
            END => self.done = true,
            _ => {
                self.digits.push(digit);
                self.done = self.digits.len() == MOST_DIGITS;
            }
        }
    }

    fn deliver(self: Box<Self>, out: &mut Generated) {
        let append =
            |length: usize, &digit: &u32| length.saturating_mul(10).saturating_add(digit as usize);
        out.length = Some(self.digits.iter().fold(0, append));
    }
}
