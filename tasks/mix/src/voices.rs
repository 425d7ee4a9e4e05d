//! Voices with weights, and what becomes of their prompts.

use syrinx_speech::{RequestedVoice, SpeakConfig};
use syrinx_task::{Clip, Content, Context, TaskError};
use syrinx_types::Codes;

use crate::{MixConfig, MixMode, MixRequest};

/// Returns the prompts of a request, in its order.
pub(crate) fn prompts(
    config: &SpeakConfig,
    request: &MixRequest,
    context: &Context<'_>,
) -> Result<Vec<Codes>, TaskError> {
    let voices = &request.voices;
    if voices.len() < 2 {
        return Err(TaskError::input(
            "a mix takes two voices or more",
            "name them, or recordings of them, in `voices`",
        ));
    }
    if let Some((_, twice)) = voices.iter().enumerate().find(|(i, v)| voices[..*i].contains(v)) {
        return Err(TaskError::input(
            format!("{} is given twice", twice.named("voice")),
            "give every voice once, with its whole weight",
        ));
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
            codes.ok_or_else(|| {
                let hint = "give 2 to 3 seconds of speech";
                TaskError::input(format!("{} has no speech", clip.named("voice")), hint)
            })
        })
        .collect()
}

/// Whether a voice is a recording, not a name. A misspelt name is no file that is missing.
pub(crate) fn is_recording(voice: &Clip, named: &[String]) -> bool {
    let name = voice.path.to_string_lossy();
    let is_path = voice.path.extension().is_some() || name.contains([':', '/']) || name == "-";
    voice.audio.is_some() || (is_path && !named.iter().any(|known| *known == name))
}

/// Returns the weights of every step: of the request, or of a sweep. Each set sums up to 1.
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
        return Err(TaskError::input(
            format!("{} weights are given for {voices} voices", given.len()),
            "give one for each voice, in their order",
        ));
    }
    if let Some(weight) = given.iter().find(|w| !(**w >= 0.0 && w.is_finite())) {
        return Err(TaskError::input(
            format!("weight {weight} is no share of a voice"),
            "give weights of 0 or above",
        ));
    }
    let sum: f64 = given.iter().sum();
    if sum <= 0.0 {
        return Err(TaskError::input(
            "the weights sum up to 0",
            "give at least one voice a weight above 0",
        ));
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
        return Err(TaskError::input(
            format!("a sweep goes from one voice to another, and {voices} are given"),
            "give two voices",
        ));
    }
    if !given.is_empty() {
        return Err(TaskError::input(
            "a sweep has its own weights",
            "leave `weights` or `sweep` out",
        ));
    }
    if steps < 2 || steps > config.max_steps {
        return Err(TaskError::input(
            format!("a sweep of {steps} steps"),
            format!("give 2 to {} steps", config.max_steps),
        ));
    }
    let share = |step: usize| step as f64 / (steps - 1) as f64;
    Ok((0..steps).map(|step| vec![1.0 - share(step), share(step)]).collect())
}

/// One prompt of several, by their weights (which sum up to 1). Voices that don't count are left out.
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
    // Returns the number of frames of each voice in a section of `frames` frames: rounded, at least one.
    let share = |weight: f64, frames: usize| ((weight * frames as f64).round() as usize).max(1);
    match mode {
        MixMode::Blend => {
            Content::Blend(parts.iter().map(|(w, codes)| (*w as f32, (*codes).clone())).collect())
        }
        MixMode::Concatenate => {
            let frames = config.speaking.max_prompt_frames;
            let sentence = |(w, codes): &(f64, &Codes)| codes.slice(0, share(*w, frames));
            Content::Codes(strung(parts.iter().map(sentence)))
        }
        MixMode::Interleave => {
            let turn = |(w, _): &(f64, &Codes)| share(*w, config.turn_frames);
            let turns = parts.iter().map(|part| part.1.frames() / turn(part)).min().unwrap_or(0);
            let stretches = (0..turns.max(1)).flat_map(|n| {
                parts.iter().map(move |part| part.1.slice(n * turn(part), (n + 1) * turn(part)))
            });
            let mut codes = strung(stretches);
            codes = codes.slice(0, config.speaking.max_prompt_frames);
            Content::Codes(codes)
        }
    }
}

/// Codes one after another.
fn strung(parts: impl Iterator<Item = Codes>) -> Codes {
    let mut whole: Option<Codes> = None;
    for part in parts {
        let whole = whole.get_or_insert_with(|| Codes::empty(part.levels()));
        (0..part.frames()).for_each(|frame| whole.push(part.frame(frame)));
    }
    whole.unwrap_or_default()
}
