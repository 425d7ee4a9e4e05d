//! Level 1 frame by frame, with the pointer.

use rand_chacha::ChaCha8Rng;
use syrinx_types::{Coded, Codes};

use super::{CodesResponse, Filling, HeadOutput, Predictor, Target};
use crate::alignment_state::{AlignmentState, RowLength, RowOutcome};
use crate::sequence::point;
use crate::{
    CodeTable, FirstLevelSoFar, Generated, IGNORE, LayoutIssue, Position, Response, RowContext,
    RowGenerator, Segment, Sequence, StepOutputs, TaskError, Timing, TokenSpace, VallEResponse,
    draw,
};

/// The level-1 codes, and the advance of the pointer (or a stop code without one). AR.
#[derive(Debug, Clone, Copy)]
pub struct FirstLevel;

impl Predictor for FirstLevel {
    fn name(&self) -> &'static str {
        "first_level"
    }

    fn stage_name(&self) -> &'static str {
        "ar"
    }

    fn response(&self) -> Segment {
        Segment::ar_response("codes")
    }

    fn known_codes(&self) -> &'static str {
        "level 1 of the frame before"
    }

    fn describe(&self, timing: Timing) -> String {
        let (advances, known) = timing.describe();
        format!("level-1 codes{advances}, one after another (AR){known}")
    }

    fn is_causal(&self) -> bool {
        true
    }

    fn takes_frame_aligned(&self) -> bool {
        true
    }

    fn has_one_length(&self) -> bool {
        true
    }

    fn takes_groups(&self) -> bool {
        true
    }

    fn leaves_further_levels(&self) -> bool {
        true
    }

    fn has_history(&self) -> bool {
        true
    }

    fn is_first_level_ar(&self) -> bool {
        true
    }

    fn fill(&self, sequence: &mut Sequence, filling: Filling<'_>) -> Result<(), LayoutIssue> {
        match filling.codes()? {
            Some(response) => fill(sequence, response, filling.space),
            None => Ok(()),
        }
    }

    fn published(&self, response: Option<&Response>, _: usize) -> Option<VallEResponse> {
        response.is_none().then(|| VallEResponse::FirstLevel(Vec::new()))
    }

    fn begin<'a>(
        &self,
        context: RowContext<'a>,
        _: &Generated,
    ) -> Result<Box<dyn RowGenerator + 'a>, TaskError> {
        Ok(Box::new(FirstLevelRow::begin(context)?))
    }
}

impl Sequence {
    /// Appends a causal position to an AR sequence over codes: the codes before it (`None` at the beginning) and the
    /// phone index.
    pub fn extend_codes(
        &mut self,
        space: &TokenSpace,
        previous: Option<&[u16]>,
        phone_index: usize,
    ) {
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
        point(&mut p, &self.encoder, phone_index);
        self.add_frame_aligned(&mut p, rotary, space);
        self.positions.push(p);
    }
}

fn fill(
    sequence: &mut Sequence,
    CodesResponse { codes, pointer }: CodesResponse<'_>,
    space: &TokenSpace,
) -> Result<(), LayoutIssue> {
    let aligned = !sequence.encoder.aligned.is_empty();
    let frames = codes.frames();
    sequence.check_frames(frames, pointer)?;
    let group = space.group;
    let steps = frames.div_ceil(group);
    // The last group is filled up with its last code.
    let member = |step: usize, g: usize| codes.at((step * group + g).min(frames - 1), 0);
    let phone_index = |step: usize| if aligned { pointer[step * group] as usize } else { 0 };
    let (mut classes, mut advances) = (vec![Vec::new(); group], Vec::new());
    let mut previous: Option<Vec<u16>> = None;
    for step in 0..steps {
        sequence.extend_codes(space, previous.as_deref(), phone_index(step));
        let now: Vec<u16> = (0..group).map(|g| member(step, g)).collect();
        classes.iter_mut().zip(&now).for_each(|(classes, &c)| classes.push(u32::from(c)));
        advances.push(if aligned && sequence.advances {
            space
                .advance_class(phone_index(step), (step + 1 < steps).then(|| phone_index(step + 1)))
        } else {
            IGNORE
        });
        previous = Some(now);
    }
    if !aligned && sequence.frame_aligned.is_none() {
        sequence.extend_codes(space, previous.as_deref(), 0);
        classes.iter_mut().for_each(|classes| classes.push(u32::from(space.no_code())));
    }
    for (member, classes) in classes.into_iter().enumerate() {
        let (name, output) = (format!("codes.{}", member + 1), HeadOutput::FirstLevel { member });
        let weight = 1.0 / group as f64;
        sequence.targets.push(Target { weight, ..Target::classes(name, output, classes) });
    }
    sequence.push_advances(advances);
    Ok(())
}

/// One row being generated.
struct FirstLevelRow<'a> {
    context: RowContext<'a>,
    sequence: Sequence,
    alignment: AlignmentState,
    /// Level-1 codes of the prompt and of the generated frames.
    history: Vec<u32>,
    codes: Vec<u16>,
    log_prob: f64,
    drawn: usize,
    done: bool,
    finished: bool,
}

impl<'a> FirstLevelRow<'a> {
    /// Begins a row. Given frames are part of the sequence except for the last step, whose output predicts the first
    /// new frame.
    fn begin(context: RowContext<'a>) -> Result<Self, TaskError> {
        let (run, space, sequence) = (context.run, context.space, context.sequence()?);
        let prompt = context.prompt().map(|codes| codes.level(0)).unwrap_or_default();
        let mut row = Self {
            context,
            alignment: AlignmentState::new(sequence.encoder.aligned.len(), run),
            sequence,
            history: prompt.into_iter().map(u32::from).collect(),
            codes: Vec::new(),
            log_prob: 0.0,
            drawn: 0,
            done: run.limit == 0,
            finished: false,
        };
        let given = run.given.as_ref().map(|given| given.level(0)).unwrap_or_default();
        let steps = given.len() / space.group;
        for codes in given.chunks_exact(space.group).take(steps.saturating_sub(1)) {
            row.extend();
            codes.iter().for_each(|&code| row.push(code));
            row.alignment.set_known(run, row.codes.len(), space.group);
        }
        Ok(row)
    }

    /// Appends the next position: the last generated codes and the phone index.
    fn extend(&mut self) {
        let space = self.context.space;
        let start = self.codes.len().saturating_sub(space.group);
        let previous = (!self.codes.is_empty()).then(|| &self.codes[start..]);
        self.sequence.extend_codes(space, previous, self.alignment.phone_index());
    }

    fn push(&mut self, code: u16) {
        self.history.push(u32::from(code));
        self.codes.push(code);
        self.alignment.push();
    }

    /// Draws a code; `false` for the end.
    fn draw(&mut self, mut logits: Vec<f32>, rng: &mut ChaCha8Rng) -> bool {
        let RowContext { space, config, .. } = self.context;
        let endless = self.alignment.is_aligned() || self.sequence.frame_aligned.is_some();
        if endless || self.codes.is_empty() {
            logits[usize::from(space.no_code())] = f32::NEG_INFINITY;
        }
        let repetition = Some(&config.repetition_aware);
        let drawn = draw(&logits, &self.history, &config.codes, repetition, rng);
        if drawn.token == u32::from(space.no_code()) {
            return false;
        }
        self.log_prob += drawn.log_prob;
        self.drawn += 1;
        self.push(drawn.token as u16);
        true
    }
}

impl RowGenerator for FirstLevelRow<'_> {
    fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn prepare(&mut self) -> Result<(), TaskError> {
        self.extend();
        Ok(())
    }

    fn outputs(&self) -> Vec<HeadOutput> {
        let members = (0..self.context.space.group).map(|member| HeadOutput::FirstLevel { member });
        members.chain([HeadOutput::Advances]).collect()
    }

    fn take(&mut self, outputs: StepOutputs<'_>, rng: &mut ChaCha8Rng) {
        let RowContext { run, space, .. } = self.context;
        let given = run.given.as_ref().filter(|g| self.codes.len() + space.group <= g.frames());
        for member in 0..space.group {
            let logits = outputs.row(HeadOutput::FirstLevel { member });
            match (given, logits) {
                (Some(given), _) => self.push(given.at(self.codes.len(), 0)),
                (None, Some(logits)) if self.draw(logits.clone(), rng) => {}
                (None, _) => {
                    (self.done, self.finished) = (true, true);
                    return;
                }
            }
        }
        // A response is as long as its frame-aligned conditioning.
        let frame_aligned = self.sequence.frame_aligned.as_ref().map(Coded::frames);
        let length = RowLength {
            frames: self.codes.len(),
            limit: frame_aligned.unwrap_or(run.limit),
            given_end: frame_aligned.is_some(),
        };
        let advances = outputs.row(HeadOutput::Advances);
        let outcome = self.alignment.advance(self.context, length, advances, rng);
        if let RowOutcome::Ended { finished } = outcome {
            (self.done, self.finished) = (true, finished);
        }
    }

    fn first_level(&self) -> Option<FirstLevelSoFar<'_>> {
        let pointer = self.alignment.pointer();
        Some(FirstLevelSoFar { codes: &self.codes, pointer, is_done: self.done })
    }

    fn deliver(self: Box<Self>, out: &mut Generated) {
        out.score = self.log_prob / self.drawn.max(1) as f64;
        out.finished = self.finished;
        out.pointer = self.alignment.into_pointer();
        out.codes = Codes::new(1, self.codes).ok();
    }
}
