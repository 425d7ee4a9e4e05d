//! Level 1 frame by frame, with the pointer.

use super::{CodesResponse, Filling, HeadOutput, Predictor, Target};
use crate::sequence::point;
use crate::{CodeTable, IGNORE, LayoutIssue, Position, Segment, Sequence, Timing, TokenSpace};

pub(super) struct FirstLevelHead;

impl Predictor for FirstLevelHead {
    fn stage_name(&self) -> &'static str {
        "ar"
    }

    fn response(&self) -> Segment {
        Segment::ar_response("codes")
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

    fn fill(&self, sequence: &mut Sequence, filling: Filling<'_>) -> Result<(), LayoutIssue> {
        match filling.codes()? {
            Some(response) => fill(sequence, response, filling.space),
            None => Ok(()),
        }
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
