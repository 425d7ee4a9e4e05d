//! Rows from a request, and recordings from generated codes.

use syrinx_speech::{Sentence, SentenceOffset, Setup, Spoken, reading, sentences};
use syrinx_task::{AnswerIssue, Context, Generated, Plan, Speech, TaskError};

use crate::voices::{mixed, prompts, weights};
use crate::{MixAnswer, MixConfig, MixRequest};

/// Weights of each step, and the sentences with their offsets in the rows of a step.
pub struct Prepared {
    steps: Vec<Vec<f64>>,
    sentences: Vec<(Sentence, SentenceOffset)>,
}

/// Plans one row per sentence, for each step.
pub(crate) fn plan(
    setup: Setup<'_, MixConfig>,
    request: &MixRequest,
    context: &Context<'_>,
) -> Result<(Plan, Prepared), TaskError> {
    let (config, speaking) = (setup.config, setup.speaking());
    let prompts = prompts(&config.speaking, request, context)?;
    let steps = weights(config, request)?;
    let sentences = sentences(speaking, &request.text)?;
    let mode = request.mode.unwrap_or_default();
    let mut rows = Vec::with_capacity(steps.len() * sentences.len());
    let mut places = Vec::new();
    for weights in &steps {
        let prompt = mixed(config, mode, &prompts, weights);
        let of_step = reading(&sentences[..], request.rolling, Some(&prompt), speaking)?;
        let (of_step, its_places): (Vec<_>, Vec<_>) = of_step.into_iter().unzip();
        rows.extend(of_step);
        places = its_places;
    }
    let sentences = sentences.into_iter().zip(places).collect();
    Ok((Plan { rows }, Prepared { steps, sentences }))
}

/// Decodes the sentences of each step and joins them.
pub(crate) fn finish(
    setup: Setup<'_, MixConfig>,
    prepared: Prepared,
    generated: &[Generated],
    context: &Context<'_>,
) -> Result<MixAnswer, TaskError> {
    let Prepared { steps, sentences } = prepared;
    let pause_s = setup.config.speaking.pause_s;
    let mut answer = MixAnswer::default();
    for (weights, generated) in steps.into_iter().zip(generated.chunks(sentences.len())) {
        let mut step = Spoken::new("mix");
        for ((sentence, place), generated) in sentences.iter().zip(generated) {
            step.push(sentence, *place, generated, context, pause_s)?;
        }
        let words = step.words;
        let audio = step.whole.ok_or_else(|| AnswerIssue::NoWords.of("mix"))?;
        if answer.steps.is_empty() {
            answer.speech = Speech { words, ..Speech::from(audio.clone()) };
        }
        answer.weights.push(weights);
        answer.steps.push(audio.into());
    }
    let spoken: Vec<String> = sentences.iter().map(|(p, _)| p.spoken.spoken_text()).collect();
    answer.speech.text_spoken = spoken.join(" ");
    answer.speech.complete = generated.iter().all(|g| g.finished);
    Ok(answer)
}
