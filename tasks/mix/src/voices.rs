//! Voices and their weights, and the combined prompt.

use syrinx_speech::{RequestedVoice, SpeakConfig};
use syrinx_task::{Clip, Content, Context, TaskError, WeightedCodes};
use syrinx_types::Codes;

use crate::{MixConfig, MixIssue, MixMode, MixRequest};

/// Returns the prompts of the voices, in the order of the request.
pub(crate) fn prompts(
    config: &SpeakConfig,
    request: &MixRequest,
    context: &Context<'_>,
) -> Result<Vec<Codes>, TaskError> {
    let voices = &request.voices;
    if voices.len() < 2 {
        return Err(MixIssue::TooFewVoices.into());
    }
    if let Some((_, twice)) = voices.iter().enumerate().find(|(i, v)| voices[..*i].contains(v)) {
        return Err(MixIssue::Twice { voice: twice.named("voice") }.into());
    }
    let named = context.voice_names();
    voices
        .iter()
        .map(|clip| {
            let name = clip.path.to_string_lossy();
            let voice = if is_recording(clip, &named) {
                RequestedVoice { name: None, clip: Some(clip) }
            } else {
                RequestedVoice { name: Some(&name), clip: None }
            };
            let codes = voice.codes(config, context)?;
            let no_speech = || MixIssue::NoSpeech { voice: clip.named("voice") };
            codes.ok_or_else(|| no_speech().into())
        })
        .collect()
}

/// Whether a voice is a recording rather than a name. A text without extension, `:` or `/` is a name, so that a
/// misspelt name is not reported as a missing file.
pub(crate) fn is_recording(voice: &Clip, named: &[String]) -> bool {
    let name = voice.path.to_string_lossy();
    let is_path = voice.path.extension().is_some() || name.contains([':', '/']) || name == "-";
    voice.audio.is_some() || (is_path && !named.iter().any(|known| *known == name))
}

/// Returns the weights of each step, which sum to 1: those of the request, or those of a sweep.
pub(crate) fn weights(
    config: &MixConfig,
    request: &MixRequest,
) -> Result<Vec<Vec<f64>>, TaskError> {
    let voices = request.voices.len();
    let given = &request.weights;
    if let Some(steps) = request.sweep {
        return sweep(config, steps, voices, given);
    }
    if given.is_empty() {
        return Ok(vec![vec![1.0 / voices as f64; voices]]);
    }
    if given.len() != voices {
        return Err(MixIssue::Weights { weights: given.len(), voices }.into());
    }
    if let Some(weight) = given.iter().find(|w| !(**w >= 0.0 && w.is_finite())) {
        return Err(MixIssue::Weight(*weight).into());
    }
    let sum: f64 = given.iter().sum();
    if sum <= 0.0 {
        return Err(MixIssue::NoWeight.into());
    }
    Ok(vec![given.iter().map(|w| w / sum).collect()])
}

fn sweep(
    config: &MixConfig,
    steps: usize,
    voices: usize,
    given: &[f64],
) -> Result<Vec<Vec<f64>>, TaskError> {
    if voices != 2 {
        return Err(MixIssue::SweepVoices { voices }.into());
    }
    if !given.is_empty() {
        return Err(MixIssue::SweepWeights.into());
    }
    if steps < 2 || steps > config.max_steps {
        return Err(MixIssue::SweepSteps { steps, max_steps: config.max_steps }.into());
    }
    let share = |step: usize| step as f64 / (steps - 1) as f64;
    Ok((0..steps).map(|step| vec![1.0 - share(step), share(step)]).collect())
}

/// Combines prompts by their weights, which sum to 1. Voices of weight 0 are omitted.
pub(crate) fn mixed(
    config: &MixConfig,
    mode: MixMode,
    prompts: &[Codes],
    weights: &[f64],
) -> Content {
    let parts: Vec<(f64, &Codes)> =
        weights.iter().copied().zip(prompts).filter(|(w, _)| *w > 0.0).collect();
    if let [(_, only)] = parts[..] {
        return Content::Codes(only.clone());
    }
    // Returns the number of frames of a voice among `frames` frames: rounded, at least one.
    let share = |weight: f64, frames: usize| ((weight * frames as f64).round() as usize).max(1);
    match mode {
        MixMode::Blend => {
            let share = |&(w, codes): &(f64, &Codes)| WeightedCodes {
                weight: w as f32,
                codes: codes.clone(),
            };
            Content::Blend(parts.iter().map(share).collect())
        }
        MixMode::Concatenate => {
            let frames = config.speaking.max_prompt_frames;
            let sentence = |(w, codes): &(f64, &Codes)| codes.slice(0, share(*w, frames));
            Content::Codes(concatenated(parts.iter().map(sentence)))
        }
        MixMode::Interleave => {
            let turn = |(w, _): &(f64, &Codes)| share(*w, config.turn_frames);
            let turns = parts.iter().map(|part| part.1.frames() / turn(part)).min().unwrap_or(0);
            let sections = (0..turns.max(1)).flat_map(|n| {
                parts.iter().map(move |part| part.1.slice(n * turn(part), (n + 1) * turn(part)))
            });
            let mut codes = concatenated(sections);
            codes = codes.slice(0, config.speaking.max_prompt_frames);
            Content::Codes(codes)
        }
    }
}

/// Concatenates codes along the frames.
fn concatenated(parts: impl Iterator<Item = Codes>) -> Codes {
    let mut whole: Option<Codes> = None;
    for part in parts {
        let whole = whole.get_or_insert_with(|| Codes::empty(part.levels()));
        whole.append(&part);
    }
    whole.unwrap_or_default()
}
