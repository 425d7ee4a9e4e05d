//! Positions and targets of responses.

use syrinx_types::{Coded, Codes, Latents};

use crate::durations::durations;
use crate::given::push_codes;
use crate::latents::latents;
use crate::masked::masked;
use crate::pattern::all_levels;
use crate::sequence::point;
use crate::{CodeTable, Content, Head, IGNORE, Response, Sequence, Targets, TokenSpace};

impl Sequence {
    /// A response has as many frames as its frame-aligned conditioning.
    fn check_frame_aligned(&self, frames: usize) -> Result<(), String> {
        match &self.frame_aligned {
            Some(frame_aligned) if frame_aligned.frames() != frames => Err(format!(
                "a response of {frames} frames with conditioning of {}",
                frame_aligned.frames()
            )),
            _ => Ok(()),
        }
    }

    /// An AR response has frames, each with a stop where there is an aligned text.
    pub(crate) fn check_timing(&self, frames: usize, pointer: &[u32]) -> Result<(), String> {
        let aligned = !self.encoder.stops.is_empty();
        if frames == 0 || (aligned && pointer.len() != frames) {
            return Err(format!("{} pointers for {frames} frames", pointer.len()));
        }
        self.check_frame_aligned(frames)
    }
}

pub(crate) fn fill_response(
    sequence: &mut Sequence,
    content: Option<&Content>,
    response: Option<&Response>,
    space: &TokenSpace,
) -> Result<(), String> {
    if let Some(Response::Coded(Coded { codes, latents })) = response {
        let frames = latents.as_ref().map_or(codes.frames(), Latents::frames);
        if frames != codes.frames() {
            return Err(format!("a response of {} frames, latents of {frames}", codes.frames()));
        }
        sequence.response_latents.clone_from(latents);
        let plain = Response::Codes { codes: codes.clone(), pointer: Vec::new() };
        return fill_response(sequence, content, Some(&plain), space);
    }
    match (sequence.head, response) {
        (
            Head::FirstLevel
            | Head::Text
            | Head::Length
            | Head::Durations
            | Head::Levels(_)
            | Head::Latents,
            None,
        ) => Ok(()),
        (Head::FirstLevel, Some(Response::Codes { codes, pointer })) => {
            first_level(sequence, codes, pointer, space)
        }
        (Head::FurtherLevels, Some(Response::Codes { codes, pointer })) => {
            further_level(sequence, codes, pointer, space)
        }
        (Head::Durations, Some(Response::Codes { pointer, .. })) => {
            durations(sequence, pointer, space)
        }
        (Head::Levels(pattern), Some(Response::Codes { codes, pointer })) => {
            all_levels(sequence, pattern, (codes, pointer), space)
        }
        (Head::MaskedLevel, Some(Response::Codes { codes, pointer })) => {
            masked(sequence, (codes, pointer), space)
        }
        (Head::Latents, Some(Response::Codes { codes, pointer })) => {
            latents(sequence, (codes, pointer), space)
        }
        (Head::Text, Some(Response::Text(ids))) => {
            sequence.extend_text(space, None);
            for &id in ids {
                sequence.extend_text(space, Some(id));
            }
            sequence.targets = Targets::Text(ids.iter().copied().chain([space.text_end]).collect());
            Ok(())
        }
        (Head::Phones { per_frame }, response) => {
            let Some(Content::Codes(codes)) = content else {
                return Err("no codes to label".into());
            };
            push_codes(sequence, codes, (CodeTable::Prompt, codes.levels()), space)?;
            match response {
                None => Ok(()),
                Some(Response::Phones(labels)) if labels.len() == codes.frames() * per_frame => {
                    sequence.targets = Targets::Phones(labels.clone());
                    Ok(())
                }
                Some(_) => {
                    Err(format!("labels don't fit {} frames of {per_frame}", codes.frames()))
                }
            }
        }
        _ => Err("the response doesn't fit the head".into()),
    }
}

fn first_level(
    sequence: &mut Sequence,
    codes: &Codes,
    pointer: &[u32],
    space: &TokenSpace,
) -> Result<(), String> {
    let aligned = !sequence.encoder.stops.is_empty();
    let frames = codes.frames();
    sequence.check_timing(frames, pointer)?;
    let group = space.group;
    let steps = frames.div_ceil(group);
    // The last group is filled up with its last code.
    let member = |step: usize, g: usize| codes.at((step * group + g).min(frames - 1), 0);
    let stop = |step: usize| if aligned { pointer[step * group] as usize } else { 0 };
    let (mut targets, mut advances) = (Vec::new(), Vec::new());
    let mut previous: Option<Vec<u16>> = None;
    for step in 0..steps {
        sequence.extend_codes(space, previous.as_deref(), stop(step));
        let now: Vec<u16> = (0..group).map(|g| member(step, g)).collect();
        targets.extend(now.iter().map(|&c| u32::from(c)));
        advances.push(if aligned && sequence.advances {
            space.advance_class(stop(step), (step + 1 < steps).then(|| stop(step + 1)))
        } else {
            IGNORE
        });
        previous = Some(now);
    }
    if !aligned && sequence.frame_aligned.is_none() {
        sequence.extend_codes(space, previous.as_deref(), 0);
        targets.extend(std::iter::repeat_n(u32::from(space.no_code()), group));
        advances.push(IGNORE);
    }
    sequence.targets = Targets::FirstLevel { codes: targets, advances };
    Ok(())
}

fn further_level(
    sequence: &mut Sequence,
    codes: &Codes,
    pointer: &[u32],
    space: &TokenSpace,
) -> Result<(), String> {
    let level = sequence.level;
    if level == 0 || level >= space.levels || codes.levels() < level {
        return Err(format!(
            "level {} can't be predicted from {} levels",
            level + 1,
            codes.levels()
        ));
    }
    let aligned = !sequence.encoder.stops.is_empty();
    if aligned && pointer.len() != codes.frames() {
        return Err(format!("{} pointers for {} frames", pointer.len(), codes.frames()));
    }
    sequence.check_frame_aligned(codes.frames())?;
    push_codes(sequence, codes, (CodeTable::ResponseNar, level), space)?;
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
        for (p, &stop) in sequence.positions[start..].iter_mut().zip(pointer) {
            point(p, &encoder, stop as usize);
        }
        sequence.encoder = encoder;
    }
    if codes.levels() > level {
        let values = codes.level(level).into_iter().map(u32::from).collect();
        sequence.targets = Targets::Level { level, codes: values };
    }
    sequence.response_codes = Some(codes.clone());
    Ok(())
}
