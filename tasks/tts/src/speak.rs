//! From a request to rows, and from their codes to a recording.

use syrinx_task::{Content, Contents, Generated, Plan, RowPlan, StageRun, TaskError, TaskKit};
use syrinx_types::{Audio, Codes};

use crate::layout::{AR, NAR, PROMPT, TEXT};
use crate::piece::{Piece, pieces};
use crate::prompt::{prompt, voice_name};
use crate::{TtsAnswer, TtsConfig, TtsRequest};

/// One row a piece, each with the same prompt.
pub(crate) fn plan(
    config: &TtsConfig,
    kit: &TaskKit,
    request: &TtsRequest,
) -> Result<Plan, TaskError> {
    let pieces = pieces(config, kit, &request.text)?;
    let prompt = prompt(config, kit, request)?;
    let rows = pieces.iter().map(|piece| row(config, kit, piece, prompt.as_ref())).collect();
    Ok(Plan { rows })
}

fn row(config: &TtsConfig, kit: &TaskKit, piece: &Piece, prompt: Option<&Codes>) -> RowPlan {
    let text = piece.line.content(&kit.vocab);
    let limit = (text.stops.len() as f64 * config.max_frames_per_phone).ceil() as usize;
    let mut contents = Contents::new();
    contents.insert(TEXT.into(), Content::Text(text));
    if let Some(prompt) = prompt {
        contents.insert(PROMPT.into(), Content::Codes(prompt.clone()));
    }
    let run = |stage: &str| StageRun { stage: stage.into(), contents: contents.clone(), limit };
    RowPlan { stages: vec![run(AR), run(NAR)] }
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
    let mut answer = TtsAnswer {
        voice: voice_name(kit, request)?,
        complete: generated.iter().all(|g| g.finished),
        ..TtsAnswer::default()
    };
    let mut whole: Option<Audio> = None;
    for (piece, generated) in pieces.iter().zip(generated) {
        let codes = generated.codes.as_ref().filter(|c| !c.is_empty());
        let codes = codes.ok_or_else(|| {
            fault(format!("nothing came out for \"{}\"", piece.spoken.spoken_text()))
        })?;
        let audio = studio.decode(codes)?;
        let start_s = append(&mut whole, &audio, config.gap_s);
        if !generated.pointer.is_empty() {
            let times = piece.word_times(&generated.pointer, start_s, studio.frame_rate_hz());
            answer.words.extend(times);
        }
    }
    let audio = whole.unwrap_or_else(|| Audio::silence(0.0, 24_000));
    answer.seconds = audio.seconds();
    let spoken: Vec<String> = pieces.iter().map(|p| p.spoken.spoken_text()).collect();
    answer.text_spoken = spoken.join(" ");
    answer.audio = audio.into();
    Ok(answer)
}

/// Appends a piece after a gap; where it starts, seconds.
fn append(whole: &mut Option<Audio>, piece: &Audio, gap_s: f64) -> f64 {
    let Some(whole) = whole else {
        *whole = Some(piece.clone());
        return 0.0;
    };
    whole.samples.extend(Audio::silence(gap_s, whole.sample_rate_hz).samples);
    let start_s = whole.seconds();
    whole.samples.extend_from_slice(&piece.samples);
    start_s
}
