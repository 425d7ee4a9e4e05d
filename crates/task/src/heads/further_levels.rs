//! One further level of all frames in place.

use super::{CodesResponse, Filling, HeadOutput, Predictor, Target};
use crate::given::push_codes;
use crate::sequence::point;
use crate::{CodeTable, LayoutIssue, Segment, Sequence, Timing, TokenSpace};

pub(super) struct FurtherLevelsHead;

impl Predictor for FurtherLevelsHead {
    fn stage_name(&self) -> &'static str {
        "nar"
    }

    fn response(&self) -> Segment {
        Segment::nar_response("codes")
    }

    fn describe(&self, _: Timing) -> String {
        "the codes of one further level, all at once (NAR)".into()
    }

    fn is_causal(&self) -> bool {
        false
    }

    fn takes_frame_aligned(&self) -> bool {
        true
    }

    fn takes_groups(&self) -> bool {
        true
    }

    fn is_of_one_level(&self) -> bool {
        true
    }

    fn fill(&self, sequence: &mut Sequence, filling: Filling<'_>) -> Result<(), LayoutIssue> {
        match filling.codes()? {
            Some(response) => fill(sequence, response, filling.space),
            None => Err(LayoutIssue::Response),
        }
    }
}

fn fill(
    sequence: &mut Sequence,
    CodesResponse { codes, pointer }: CodesResponse<'_>,
    space: &TokenSpace,
) -> Result<(), LayoutIssue> {
    let level = sequence.level;
    if level == 0 || level >= space.levels || codes.levels() < level {
        return Err(LayoutIssue::Level { level: level + 1, levels: codes.levels() });
    }
    let aligned = !sequence.encoder.aligned.is_empty();
    if aligned && pointer.len() != codes.frames() {
        return Err(LayoutIssue::Pointer { pointer: pointer.len(), frames: codes.frames() });
    }
    sequence.check_frame_aligned(codes.frames())?;
    push_codes(sequence, codes, CodeTable::ResponseNar, level, space)?;
    let start = sequence.response_start;
    if sequence.frame_aligned.is_some() {
        for frame in 0..codes.frames() {
            let mut p = sequence.positions[start + frame].clone();
            sequence.add_frame_aligned(&mut p, frame, space);
            sequence.positions[start + frame] = p;
        }
    }
    if aligned {
        let encoder = std::mem::take(&mut sequence.encoder);
        for (p, &phone_index) in sequence.positions[start..].iter_mut().zip(pointer) {
            point(p, &encoder, phone_index as usize);
        }
        sequence.encoder = encoder;
    }
    if codes.levels() > level {
        let classes = codes.level(level).into_iter().map(u32::from).collect();
        let name = format!("level.{}", level + 1);
        sequence.targets.push(Target::classes(name, HeadOutput::Level(level), classes));
        let name = format!("residual.{}", level + 1);
        sequence.targets.push(Target::latents(name, HeadOutput::Residual(level)));
    }
    sequence.response_codes = Some(codes.clone());
    Ok(())
}
