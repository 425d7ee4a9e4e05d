//! Durations as tokens, one for each phone of a text: the number of frames of each phone index, and with it the pointer.

use rand_chacha::ChaCha8Rng;

use super::{Filling, HeadOutput, Predictor, Target};
use crate::sequence::point;
use crate::{
    Generated, LayoutIssue, Position, RowContext, RowGenerator, Segment, Sequence, StepOutputs,
    TaskError, Timing, TokenSpace, draw,
};

/// Longest duration with a class of its own, frames: two seconds at 25 frames a second. Longer durations get this
/// class.
pub const MAX_DURATION: usize = 50;

/// Classes of a duration: 0 to [`MAX_DURATION`] frames.
pub const DURATION_CLASSES: usize = MAX_DURATION + 1;

/// Rows of the embedding table of the previous duration: the classes, and one for the beginning.
pub const DURATION_ROWS: usize = DURATION_CLASSES + 1;

/// Counts the frames of each phone index under a pointer.
pub fn durations_of_pointer(pointer: &[u32], phones: usize) -> Vec<u32> {
    let mut durations = vec![0; phones];
    for &phone_index in pointer {
        if let Some(duration) = durations.get_mut(phone_index as usize) {
            *duration += 1;
        }
    }
    durations
}

/// Returns the phone index at every frame, from the number of frames of each phone.
pub fn pointer_in_frames(durations: &[u32]) -> Vec<u32> {
    let frames =
        |(phone_index, &n): (usize, &u32)| std::iter::repeat_n(phone_index as u32, n as usize);
    durations.iter().enumerate().flat_map(frames).collect()
}

/// Duration of the next phone, frames. AR.
#[derive(Debug, Clone, Copy)]
pub struct Durations;

impl Predictor for Durations {
    fn name(&self) -> &'static str {
        "durations"
    }

    fn stage_name(&self) -> &'static str {
        "durations"
    }

    fn response(&self) -> Segment {
        Segment::duration_response("durations")
    }

    fn describe(&self, _: Timing) -> String {
        "frames of each phone, one after another (AR)".into()
    }

    fn is_causal(&self) -> bool {
        true
    }

    fn needs_aligned_text(&self) -> bool {
        true
    }

    fn fill(&self, sequence: &mut Sequence, filling: Filling<'_>) -> Result<(), LayoutIssue> {
        match filling.codes()? {
            Some(response) => fill(sequence, response.pointer, filling.space),
            None => Ok(()),
        }
    }

    fn begin<'a>(
        &self,
        context: RowContext<'a>,
        _: &Generated,
    ) -> Result<Box<dyn RowGenerator + 'a>, TaskError> {
        Ok(Box::new(DurationsRow::begin(context)?))
    }
}

impl Sequence {
    /// Appends a causal position of the next phone to an AR sequence over durations. `previous` is the duration of the
    /// phone before it (`None` at the first).
    pub fn extend_durations(&mut self, space: &TokenSpace, previous: Option<u32>) {
        let phone_index = self.len() - self.response_start;
        let mut p = Position::empty(space, phone_index);
        let row = |frames: u32| (frames as usize).min(MAX_DURATION);
        p.duration = previous.map_or(DURATION_ROWS - 1, row) as u32;
        point(&mut p, &self.encoder, phone_index);
        self.positions.push(p);
    }
}

/// Appends the durations that a pointer implies.
fn fill(sequence: &mut Sequence, pointer: &[u32], space: &TokenSpace) -> Result<(), LayoutIssue> {
    let phones = sequence.encoder.aligned.len();
    if pointer.is_empty() || pointer.iter().any(|&phone_index| phone_index as usize >= phones) {
        return Err(LayoutIssue::Durations { frames: pointer.len(), phones });
    }
    let durations = durations_of_pointer(pointer, phones);
    let mut previous = None;
    for &duration in &durations {
        sequence.extend_durations(space, previous);
        previous = Some(duration);
    }
    let class = |frames: &u32| (*frames).min(MAX_DURATION as u32);
    let classes = durations.iter().map(class).collect();
    sequence.targets.push(Target::classes("durations", HeadOutput::Durations, classes));
    Ok(())
}

/// One row being generated.
struct DurationsRow<'a> {
    context: RowContext<'a>,
    sequence: Sequence,
    /// Known frames of each phone index. // (phones)
    known: Vec<u32>,
    /// Phone index of the last frame whose index is known. Durations before it are final; its own may grow.
    known_until: usize,
    durations: Vec<u32>,
    left: usize,
    log_prob: f64,
    drawn: usize,
    done: bool,
    finished: bool,
}

impl<'a> DurationsRow<'a> {
    fn begin(context: RowContext<'a>) -> Result<Self, TaskError> {
        let (run, sequence) = (context.run, context.sequence()?);
        let known = durations_of_pointer(&run.pointer, sequence.encoder.aligned.len());
        // A timing that is known to its end leaves nothing to predict.
        let whole = !run.pointer.is_empty() && run.pointer.len() >= run.limit;
        Ok(Self {
            context,
            sequence,
            durations: if whole { known.clone() } else { Vec::new() },
            known,
            known_until: run.pointer.last().map_or(0, |&phone_index| phone_index as usize),
            left: run.limit,
            log_prob: 0.0,
            drawn: 0,
            done: whole || run.limit == 0,
            finished: whole,
        })
    }

    /// Draws a duration from `least` to `longest` frames.
    fn draw(
        &mut self,
        mut logits: Vec<f32>,
        least: usize,
        longest: usize,
        rng: &mut ChaCha8Rng,
    ) -> usize {
        for (frames, logit) in logits.iter_mut().enumerate() {
            if frames < least || frames > longest {
                *logit = f32::NEG_INFINITY;
            }
        }
        let drawn = draw(&logits, &[], &self.context.config.advances, None, rng);
        self.log_prob += drawn.log_prob;
        self.drawn += 1;
        drawn.token as usize
    }
}

impl RowGenerator for DurationsRow<'_> {
    fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn prepare(&mut self) -> Result<(), TaskError> {
        self.sequence.extend_durations(self.context.space, self.durations.last().copied());
        Ok(())
    }

    fn outputs(&self) -> Vec<HeadOutput> {
        vec![HeadOutput::Durations]
    }

    /// Decides the duration of the next phone: the known one, or a draw.
    fn take(&mut self, outputs: StepOutputs<'_>, rng: &mut ChaCha8Rng) {
        let logits = outputs.row(HeadOutput::Durations).cloned().unwrap_or_default();
        let phone_index = self.durations.len();
        let (last, known) = (self.known.len() - 1, self.known[phone_index] as usize);
        let longest = self.context.config.max_frames_a_phone.min(MAX_DURATION);
        let frames = if phone_index < self.known_until || known >= longest {
            known
        } else {
            // A pointer begins on the first phone, ends on the last and skips no two in a row.
            let skipped = self.durations.last() == Some(&0);
            let least = known.max(usize::from(phone_index == 0 || phone_index == last || skipped));
            self.draw(logits, least, longest, rng)
        };
        let cut = frames > self.left;
        let frames = frames.min(self.left);
        self.left -= frames;
        self.durations.push(frames as u32);
        let whole = phone_index == last;
        (self.done, self.finished) = (whole || cut || self.left == 0, whole && !cut);
    }

    fn deliver(self: Box<Self>, out: &mut Generated) {
        out.pointer = pointer_in_frames(&self.durations);
        out.score = self.log_prob / self.drawn.max(1) as f64;
        out.finished = self.finished;
    }
}
