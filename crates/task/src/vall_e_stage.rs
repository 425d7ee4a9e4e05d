//! A stage of a published vall-e model with its contents, as the sequence that the model was trained on.

use syrinx_types::Codes;

use crate::given::check_codes;
use crate::vall_e::{VALL_E_PREFIX, language_index, published_sequence};
use crate::{
    CodeTable, Content, ContentType, Contents, Fill, LayoutIssue, Response, Sequence, Stage,
    TokenSpace, VallELayout, VallEPiece, VallEPrompt, VallEResponse, VallEText,
};

/// Task whose separators have no positions of their own. The reference never speaks with it, so that the positions of its
/// training are the only ones.
const UNCOUNTED_TASK: &str = "tse";

/// Resolves a stage in the layout of a published model. Recordings may be absent where their segment is optional; a
/// text that is absent is its begin and end, as in training without a condition.
pub(crate) fn resolve_published(
    stage: &Stage,
    layout: &VallELayout,
    contents: &Contents,
    response: Option<&Response>,
    level: usize,
    space: &TokenSpace,
) -> Result<Sequence, LayoutIssue> {
    let prompt = prompt(stage, contents, space)?;
    let response = stage.head.published(response, level).ok_or(LayoutIssue::Published)?;
    let mut sequence = published_sequence(space, layout, &prompt, &response)?;
    match response {
        // The last separator predicts the first code.
        VallEResponse::FirstLevel(_) => {
            sequence.opening = sequence.positions.pop();
            sequence.response_start = sequence.len();
        }
        VallEResponse::Length(_) => sequence.response_start = sequence.len(),
        VallEResponse::Phones(_) if layout.masked => sequence.response_start = sequence.len(),
        // Old models count the separator before transcribed phones.
        _ => {}
    }
    Ok(sequence)
}

fn prompt(
    stage: &Stage,
    contents: &Contents,
    space: &TokenSpace,
) -> Result<VallEPrompt, LayoutIssue> {
    let mut prompt = VallEPrompt {
        text: None,
        recording: None,
        language: None,
        prompt: Vec::new(),
        counts_separators: true,
    };
    let mut task = None;
    let before = stage.segments.split_last().map_or(&[][..], |(_, before)| before);
    for segment in before {
        match (&segment.fill, contents.get(&segment.name)) {
            (Fill::SpecialToken(name), _) => {
                let name = name.strip_prefix(VALL_E_PREFIX).unwrap_or(name);
                match name.split_once(':') {
                    Some(("lang", code)) => prompt.language = language_index(code),
                    Some(("task", name)) => {
                        prompt.counts_separators = name != UNCOUNTED_TASK;
                        task = Some(name.to_owned());
                    }
                    _ => return Err(LayoutIssue::SpecialToken(name.to_owned())),
                }
            }
            (Fill::LevelToken, _) => {}
            (Fill::Text, Some(Content::Text(text))) => {
                prompt.text = Some(VallEText::Phones(text.ids.clone()));
            }
            (Fill::Text, None) => {
                let none = vec![space.text_begin, space.text_end];
                prompt.text = Some(VallEText::Phones(none));
            }
            (Fill::Codes { table, .. }, Some(content)) => {
                let takes = || {
                    let segment = segment.name.clone();
                    LayoutIssue::Content { segment, takes: ContentType::Codes }
                };
                let codes = codes(content).ok_or_else(takes)?;
                check_codes(codes, space)?;
                if *table == CodeTable::Prompt {
                    prompt.prompt.extend(task.take().map(VallEPiece::Task));
                    prompt.prompt.push(VallEPiece::Codes(codes.clone()));
                } else {
                    prompt.recording = Some(codes.clone());
                }
            }
            (_, None) if segment.optional => {}
            _ => return Err(LayoutIssue::NoContent(segment.name.clone())),
        }
    }
    Ok(prompt)
}

fn codes(content: &Content) -> Option<&Codes> {
    match content {
        Content::Codes(codes) => Some(codes),
        Content::Coded(coded) => Some(&coded.codes),
        Content::Text(_) | Content::Latents(_) | Content::Blend(_) => None,
    }
}
