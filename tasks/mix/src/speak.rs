//! From a request to rows, and from their codes to recordings.

use syrinx_speech::{Piece, Utterance, append, pieces};
use syrinx_task::{Generated, Plan, Studio, TaskError, TaskKit};
use syrinx_types::{Audio, WordTime};

use crate::voices::{mixed, prompts, weights};
use crate::{MixAnswer, MixConfig, MixRequest};

/// For every step one row a piece.
pub(crate) fn plan(
    config: &MixConfig,
    kit: &TaskKit,
    request: &MixRequest,
) -> Result<Plan, TaskError> {
    let prompts = prompts(&config.speaking, kit, request)?;
    let steps = weights(config, request)?;
    let pieces = pieces(&config.speaking, kit, &request.text)?;
    let mode = request.mode.unwrap_or_default();
    let mut rows = Vec::with_capacity(steps.len() * pieces.len());
    for weights in &steps {
        let prompt = mixed(config, mode, &prompts, weights);
        rows.extend(pieces.iter().map(|piece| {
            let text = piece.script.content();
            Utterance::new(text, Some(prompt.clone()), &config.speaking).into_row(kit)
        }));
    }
    Ok(Plan { rows })
}

/// Decodes the pieces of every step and puts them one after another.
pub(crate) fn finish(
    config: &MixConfig,
    kit: &TaskKit,
    request: &MixRequest,
    generated: &[Generated],
) -> Result<MixAnswer, TaskError> {
    let pieces = pieces(&config.speaking, kit, &request.text)?;
    let steps = weights(config, request)?;
    let rows = steps.len() * pieces.len();
    if rows != generated.len() {
        return Err(fault(format!("{} rows came out of {rows}", generated.len())));
    }
    let spoken: Vec<String> = pieces.iter().map(|p| p.spoken.spoken_text()).collect();
    let mut answer = MixAnswer {
        text_spoken: spoken.join(" "),
        complete: generated.iter().all(|g| g.finished),
        ..MixAnswer::default()
    };
    let studio = kit.studio()?;
    for (weights, generated) in steps.into_iter().zip(generated.chunks(pieces.len())) {
        let (audio, words) = one(config, studio, &pieces, generated)?;
        if answer.steps.is_empty() {
            answer.words = words;
            answer.seconds = audio.seconds();
            answer.audio = audio.clone().into();
        }
        answer.weights.push(weights);
        answer.steps.push(audio.into());
    }
    Ok(answer)
}

fn one(
    config: &MixConfig,
    studio: &dyn Studio,
    pieces: &[Piece],
    generated: &[Generated],
) -> Result<(Audio, Vec<WordTime>), TaskError> {
    let (mut whole, mut words) = (None, Vec::new());
    for (piece, generated) in pieces.iter().zip(generated) {
        let codes = generated.codes.as_ref().filter(|c| !c.is_empty());
        let codes = codes.ok_or_else(|| {
            fault(format!("nothing came out for \"{}\"", piece.spoken.spoken_text()))
        })?;
        let start_s = append(&mut whole, &studio.decode(codes)?, config.speaking.gap_s);
        if !generated.pointer.is_empty() {
            words.extend(piece.word_times(&generated.pointer, start_s, studio.frame_rate_hz()));
        }
    }
    whole.map(|audio| (audio, words)).ok_or_else(|| fault("there is nothing to say".into()))
}

fn fault(reason: String) -> TaskError {
    TaskError::Answer { task: "mix".into(), reason }
}
