//! Positions of the given segments.

use syrinx_types::{Coded, Codes, Latents};

use crate::contents::TextContent;
use crate::space::SEPARATOR;
use crate::{
    CodeTable, Content, Contents, NONE, Place, Position, Sequence, Share, Stage, TokenSpace,
};

pub(crate) fn encoder_text(stage: &Stage, contents: &Contents) -> Result<TextContent, String> {
    let Some(segment) = stage.segments.iter().find(|s| s.place == Place::Encoder) else {
        return Ok(TextContent::default());
    };
    match contents.get(&segment.name) {
        Some(Content::Text(text)) if text.ids.is_empty() || text.stops.is_empty() => {
            Err(format!("segment `{}` has no phone to stand on", segment.name))
        }
        Some(Content::Text(text)) => Ok(text.clone()),
        Some(Content::Codes(_) | Content::Coded(_) | Content::Blend(_)) => {
            Err(format!("segment `{}` takes text", segment.name))
        }
        None => Err(format!("nothing was given for segment `{}`", segment.name)),
    }
}

pub(crate) fn frame_aligned_codes(
    stage: &Stage,
    contents: &Contents,
    space: &TokenSpace,
) -> Result<Option<Coded>, String> {
    let Some(segment) = stage.segments.iter().find(|s| s.place == Place::FrameAligned) else {
        return Ok(None);
    };
    if space.group > 1 {
        return Err(format!(
            "segment `{}` is aligned with single frames, and the model predicts groups of {}",
            segment.name, space.group
        ));
    }
    let given = match contents.get(&segment.name) {
        Some(Content::Codes(codes)) => Coded::from(codes.clone()),
        Some(Content::Coded(coded)) => coded.clone(),
        Some(Content::Text(_) | Content::Blend(_)) => {
            return Err(format!("segment `{}` takes codes", segment.name));
        }
        None => return Err(format!("nothing was given for segment `{}`", segment.name)),
    };
    if given.is_empty() {
        return Err(format!("segment `{}` has no frames", segment.name));
    }
    check_codes(&given.codes, space)?;
    let latents = given.latents.as_ref().map_or(given.frames(), Latents::frames);
    if latents != given.frames() {
        let frames = given.frames();
        return Err(format!(
            "segment `{}` has {frames} frames, latents of {latents}",
            segment.name
        ));
    }
    Ok(Some(given))
}

pub(crate) fn check_codes(codes: &Codes, space: &TokenSpace) -> Result<(), String> {
    if codes.levels() > space.levels {
        return Err(format!("codes of {} levels in a model of {}", codes.levels(), space.levels));
    }
    codes.check(space.codebook_size).map_err(|e| e.to_string())
}

pub(crate) fn close(sequence: &mut Sequence, at: usize, space: &TokenSpace) {
    let special_token = space.special_token(SEPARATOR).unwrap_or(NONE);
    sequence.positions.push(Position { special_token, ..Position::empty(space, at) });
}

pub(crate) fn push_text(sequence: &mut Sequence, ids: &[u32], space: &TokenSpace) {
    for (i, &id) in ids.iter().enumerate() {
        sequence.positions.push(Position { text: id, ..Position::empty(space, i) });
    }
    close(sequence, ids.len(), space);
}

/// Frames with their first `shown` levels summed.
pub(crate) fn push_codes(
    sequence: &mut Sequence,
    codes: &Codes,
    shown: (CodeTable, usize),
    space: &TokenSpace,
) -> Result<(), String> {
    sequence.positions.extend(code_positions(codes, shown, space)?);
    Ok(())
}

fn code_positions(
    codes: &Codes,
    (table, shown): (CodeTable, usize),
    space: &TokenSpace,
) -> Result<Vec<Position>, String> {
    check_codes(codes, space)?;
    let position = |frame: usize| {
        let mut p = Position::empty(space, frame);
        for level in 0..shown.min(codes.levels()) {
            p.codes[level] = space.code(table, level, codes.at(frame, level));
        }
        p
    };
    Ok((0..codes.frames()).map(position).collect())
}

/// Recordings laid over one another, all their levels; how many frames that makes.
pub(crate) fn push_blend(
    sequence: &mut Sequence,
    shares: &[(f32, Codes)],
    table: CodeTable,
    space: &TokenSpace,
) -> Result<usize, String> {
    let frames = shares.iter().map(|(_, codes)| codes.frames()).min().unwrap_or(0);
    if shares.iter().any(|(weight, _)| !weight.is_finite()) {
        return Err("a blend's weight is no number".into());
    }
    let start = sequence.len();
    sequence.positions.extend((0..frames).map(|frame| Position::empty(space, frame)));
    for (weight, codes) in shares {
        let alone = code_positions(&codes.slice(0, frames), (table, codes.levels()), space)?;
        for (p, q) in sequence.positions[start..].iter_mut().zip(alone) {
            p.blend.push(Share { weight: *weight, codes: q.codes });
        }
    }
    Ok(frames)
}
