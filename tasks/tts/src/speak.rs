//! From a request to rows, and from their codes to a recording.

use syrinx_speech::{Utterance, Voice, append, pieces};
use syrinx_task::{Content, Generated, Plan, TaskError, TaskKit};
use syrinx_types::Audio;

use crate::{TtsAnswer, TtsConfig, TtsRequest};

/// One row a piece, each with the same prompt.
pub(crate) fn plan(
    config: &TtsConfig,
    kit: &TaskKit,
    request: &TtsRequest,
) -> Result<Plan, TaskError> {
    let pieces = pieces(config, kit, &request.text)?;
    let prompt = voice(request).codes(config, kit)?.map(Content::Codes);
    let row = |text| Utterance::new(text, prompt.clone(), config).into_row();
    Ok(Plan { rows: pieces.iter().map(|piece| row(piece.line.content(&kit.vocab))).collect() })
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
    let mut answer = TtsAnswer {
        voice: voice(request).built_in(kit)?,
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
