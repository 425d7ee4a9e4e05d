//! Building of sequences from a layout and its contents.

use syrinx_types::{Coded, Latents};

use crate::given::{
    close, encoder_text, frame_aligned_codes, push_blend, push_codes, push_latents, push_text,
};
use crate::vall_e_stage::resolve_published;
use crate::{
    AttentionMask, Content, ContentType, Contents, Fill, Filling, LayoutIssue, Levels, Place,
    Position, Response, Sequence, Stage, TaskError, Timing, TokenSpace,
};

/// Builds the sequence of a stage. With a response, positions and targets are filled for training; without one, the
/// sequence of an AR stage ends where its response begins (append to it with `extend_*`). A NAR stage over codes needs
/// the codes so far as its response; it predicts `level` (from 0) and does not see deeper levels.
pub fn resolve(
    stage: &Stage,
    contents: &Contents,
    response: Option<&Response>,
    level: usize,
    space: &TokenSpace,
) -> Result<Sequence, TaskError> {
    sequence_of(stage, contents, response, level, space)
        .map_err(|issue| issue.of(stage.name.clone()))
}

fn sequence_of(
    stage: &Stage,
    contents: &Contents,
    response: Option<&Response>,
    level: usize,
    space: &TokenSpace,
) -> Result<Sequence, LayoutIssue> {
    stage.check()?;
    if let Some(layout) = &stage.vall_e {
        return resolve_published(stage, layout, contents, response, level, space);
    }
    let mut sequence = Sequence {
        positions: Vec::new(),
        prefix: 0,
        response_start: 0,
        encoder: encoder_text(stage, contents)?,
        frame_aligned: frame_aligned_codes(stage, contents, space)?,
        has_history: stage.head.has_history(),
        advances: stage.timing == Timing::Found,
        level,
        targets: Vec::new(),
        response_codes: None,
        response_latents: None,
        opening: None,
    };
    let last = stage.response().map(|s| s.name.as_str()).unwrap_or_default();
    for segment in stage.segments.iter().filter(|s| s.place == Place::Trunk) {
        let content = contents.get(&segment.name);
        if segment.name == last {
            sequence.response_start = sequence.len();
            set_latents(&mut sequence, response)?;
            stage.head.fill(&mut sequence, Filling { content, response, space })?;
            sequence.prefix = if segment.attention == AttentionMask::Causal {
                sequence.response_start
            } else {
                sequence.len()
            };
            break;
        }
        match (&segment.fill, content) {
            (Fill::SpecialToken(name), _) => {
                let row = space
                    .special_token(name)
                    .ok_or_else(|| LayoutIssue::SpecialToken(name.clone()))?;
                sequence
                    .positions
                    .push(Position { special_token: row, ..Position::empty(space, 0) });
            }
            (Fill::LevelToken, _) => {
                sequence.positions.push(Position {
                    special_token: space.level_token(level),
                    ..Position::empty(space, 0)
                });
            }
            (_, None) if segment.optional => {}
            (_, None) => {
                return Err(LayoutIssue::NoContent(segment.name.clone()));
            }
            (Fill::Text, Some(Content::Text(text))) => push_text(&mut sequence, &text.ids, space),
            (Fill::Codes { table, levels: Levels::All }, Some(Content::Codes(codes))) => {
                push_codes(&mut sequence, codes, *table, codes.levels(), space)?;
                close(&mut sequence, codes.frames(), space);
            }
            (Fill::GivenLatents, Some(Content::Latents(latents))) => {
                let frames = push_latents(&mut sequence, latents, space);
                close(&mut sequence, frames, space);
            }
            (Fill::Codes { table, levels: Levels::All }, Some(Content::Blend(shares))) => {
                let frames = push_blend(&mut sequence, shares, *table, space)?;
                close(&mut sequence, frames, space);
            }
            _ => {
                let segment = segment.name.clone();
                return Err(LayoutIssue::Content { segment, takes: ContentType::Other });
            }
        }
    }
    Ok(sequence)
}

/// Keeps the latents of a response that has any.
fn set_latents(sequence: &mut Sequence, response: Option<&Response>) -> Result<(), LayoutIssue> {
    let Some(Response::Coded(Coded { codes, latents })) = response else { return Ok(()) };
    let frames = codes.frames();
    if let Some(latents) = latents.as_ref().map(Latents::frames).filter(|&n| n != frames) {
        return Err(LayoutIssue::ResponseLatents { frames, latents });
    }
    sequence.response_latents.clone_from(latents);
    Ok(())
}
