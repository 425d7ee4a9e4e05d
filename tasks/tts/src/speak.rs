//! From a request to rows, and from their codes to a recording.

use syrinx_speech::{Spoken, Voice, pieces, reading};
use syrinx_task::{Content, Generated, Plan, TaskError, TaskKit};
use syrinx_types::Audio;

use crate::{TtsAnswer, TtsConfig, TtsRequest};

/// One row a piece, each with the same prompt; in a rolling reading each goes on from the one before.
pub(crate) fn plan(
    config: &TtsConfig,
    kit: &TaskKit,
    request: &TtsRequest,
) -> Result<Plan, TaskError> {
    let pieces = pieces(config, kit, &request.text)?;
    let prompt = voice(request).codes(config, kit)?.map(Content::Codes);
    let rows = reading((&pieces, request.rolling), prompt.as_ref(), (config, kit))?;
    Ok(Plan { rows: rows.into_iter().map(|(row, _)| row).collect() })
}

fn voice(request: &TtsRequest) -> Voice<'_> {
    Voice { name: request.voice.as_deref(), clip: request.prompt.as_ref() }
}

/// Decodes the pieces and puts them one after another.
pub(crate) fn finish(
    config: &TtsConfig,
    kit: &TaskKit,
    request: &TtsRequest,
    generated: &[Generated],
) -> Result<TtsAnswer, TaskError> {
    let fault = |reason: String| TaskError::Answer { task: "tts".into(), reason };
    let pieces = pieces(config, kit, &request.text)?;
    if pieces.len() != generated.len() {
        return Err(fault(format!("{} rows came out of {}", generated.len(), pieces.len())));
    }
    let studio = kit.studio()?;
    let rows = reading((&pieces, request.rolling), None, (config, kit))?;
    let mut whole = Spoken::new("tts");
    for ((piece, generated), (_, place)) in pieces.iter().zip(generated).zip(rows) {
        whole.push((piece, place), generated, (studio, config.gap_s))?;
    }
    let audio = whole.whole.unwrap_or_else(|| Audio::silence(0.0, 24_000));
    let spoken: Vec<String> = pieces.iter().map(|p| p.spoken.spoken_text()).collect();
    Ok(TtsAnswer {
        voice: voice(request).built_in(kit)?,
        complete: generated.iter().all(|g| g.finished),
        words: whole.words,
        seconds: audio.seconds(),
        text_spoken: spoken.join(" "),
        audio: audio.into(),
    })
}
