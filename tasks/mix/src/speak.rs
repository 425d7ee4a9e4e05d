//! From a request to rows, and from their codes to recordings.

use syrinx_speech::{Spoken, pieces, reading};
use syrinx_task::{Generated, Plan, TaskError, TaskKit};

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
        let read = (&pieces[..], request.rolling);
        let of_step = reading(read, Some(&prompt), (&config.speaking, kit))?;
        rows.extend(of_step.into_iter().map(|(row, _)| row));
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
    let places = reading((&pieces, request.rolling), None, (&config.speaking, kit))?;
    for (weights, generated) in steps.into_iter().zip(generated.chunks(pieces.len())) {
        let mut step = Spoken::new("mix");
        for ((piece, generated), (_, place)) in pieces.iter().zip(generated).zip(&places) {
            step.push((piece, *place), generated, (studio, config.speaking.gap_s))?;
        }
        let words = step.words;
        let audio = step.whole.ok_or_else(|| fault("there is nothing to say".into()))?;
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

fn fault(reason: String) -> TaskError {
    TaskError::Answer { task: "mix".into(), reason }
}
