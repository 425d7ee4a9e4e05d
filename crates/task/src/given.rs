//! Positions of the given segments.

use syrinx_types::{Coded, Codes, Latents};

use crate::contents::TextContent;
use crate::space::SEPARATOR;
use crate::{
    BlendShare, CodeTable, Content, ContentType, Contents, LayoutIssue, NONE, Place, Position,
    Sequence, Stage, TokenSpace, WeightedCodes,
};

pub(crate) fn encoder_text(stage: &Stage, contents: &Contents) -> Result<TextContent, LayoutIssue> {
    let Some(segment) = stage.segments.iter().find(|s| s.place == Place::Encoder) else {
        return Ok(TextContent::default());
    };
    match contents.get(&segment.name) {
        Some(Content::Text(text)) if text.ids.is_empty() || text.aligned.is_empty() => {
            Err(LayoutIssue::NoPhones(segment.name.clone()))
        }
        Some(Content::Text(text)) => Ok(text.clone()),
        Some(Content::Codes(_) | Content::Coded(_) | Content::Latents(_) | Content::Blend(_)) => {
            let segment = segment.name.clone();
            Err(LayoutIssue::Content { segment, takes: ContentType::Text })
        }
        None => Err(LayoutIssue::NoContent(segment.name.clone())),
    }
}

pub(crate) fn frame_aligned_codes(
    stage: &Stage,
    contents: &Contents,
    space: &TokenSpace,
) -> Result<Option<Coded>, LayoutIssue> {
    let Some(segment) = stage.segments.iter().find(|s| s.place == Place::FrameAligned) else {
        return Ok(None);
    };
    if space.group > 1 {
        let segment = segment.name.clone();
        return Err(LayoutIssue::Groups { segment, group: space.group });
    }
    let given = match contents.get(&segment.name) {
        Some(Content::Codes(codes)) => Coded::from(codes.clone()),
        Some(Content::Coded(coded)) => coded.clone(),
        Some(Content::Text(_) | Content::Latents(_) | Content::Blend(_)) => {
            let segment = segment.name.clone();
            return Err(LayoutIssue::Content { segment, takes: ContentType::Codes });
        }
        None => return Err(LayoutIssue::NoContent(segment.name.clone())),
    };
    if given.is_empty() {
        return Err(LayoutIssue::NoFrames(segment.name.clone()));
    }
    check_codes(&given.codes, space)?;
    let latents = given.latents.as_ref().map_or(given.frames(), Latents::frames);
    if latents != given.frames() {
        let (segment, frames) = (segment.name.clone(), given.frames());
        return Err(LayoutIssue::Latents { segment, frames, latents });
    }
    Ok(Some(given))
}

pub(crate) fn check_codes(codes: &Codes, space: &TokenSpace) -> Result<(), LayoutIssue> {
    if codes.levels() > space.levels {
        return Err(LayoutIssue::Levels { found: codes.levels(), levels: space.levels });
    }
    Ok(codes.check(space.codebook_size)?)
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

/// Appends frames with the embeddings of their first `shown` levels summed.
pub(crate) fn push_codes(
    sequence: &mut Sequence,
    codes: &Codes,
    table: CodeTable,
    shown: usize,
    space: &TokenSpace,
) -> Result<(), LayoutIssue> {
    sequence.positions.extend(code_positions(codes, table, shown, space)?);
    Ok(())
}

fn code_positions(
    codes: &Codes,
    table: CodeTable,
    shown: usize,
    space: &TokenSpace,
) -> Result<Vec<Position>, LayoutIssue> {
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

/// Appends the frames of a recording that is given as latents; returns their number.
pub(crate) fn push_latents(
    sequence: &mut Sequence,
    latents: &Latents,
    space: &TokenSpace,
) -> usize {
    sequence.positions.extend((0..latents.frames()).map(|frame| Position {
        given_latent: Some(latents.frame(frame).to_vec()),
        ..Position::empty(space, frame)
    }));
    latents.frames()
}

/// Appends a weighted blend of recordings with all their levels; returns the number of frames.
pub(crate) fn push_blend(
    sequence: &mut Sequence,
    recordings: &[WeightedCodes],
    table: CodeTable,
    space: &TokenSpace,
) -> Result<usize, LayoutIssue> {
    let frames = recordings.iter().map(|r| r.codes.frames()).min().unwrap_or(0);
    if recordings.iter().any(|recording| !recording.weight.is_finite()) {
        return Err(LayoutIssue::Weight);
    }
    let start = sequence.len();
    sequence.positions.extend((0..frames).map(|frame| Position::empty(space, frame)));
    for WeightedCodes { weight, codes } in recordings {
        let alone = code_positions(&codes.slice(0, frames), table, codes.levels(), space)?;
        for (p, q) in sequence.positions[start..].iter_mut().zip(alone) {
            p.blend.push(BlendShare { weight: *weight, codes: q.codes });
        }
    }
    Ok(frames)
}
