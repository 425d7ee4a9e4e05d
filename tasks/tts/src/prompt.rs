//! The voice to speak in.

use syrinx_audio::silence::{PauseConfig, trim};
use syrinx_task::{Clip, Studio, TaskError, TaskKit};
use syrinx_types::Codes;

use crate::{TtsConfig, TtsRequest};

/// Quieter than this is no voice: -60 dB of full scale.
const SILENT_RMS: f32 = 1e-3;

/// How much of the silence around a prompt stays, seconds.
const KEEP_S: f64 = 0.1;

/// The built-in voice that a request means: the named one, or the first if it has no prompt either.
pub(crate) fn voice_name(kit: &TaskKit, request: &TtsRequest) -> Result<Option<String>, TaskError> {
    let voices = kit.studio.as_ref().map(|studio| studio.voices()).unwrap_or_default();
    match (&request.voice, &request.prompt) {
        (Some(_), Some(_)) => Err(TaskError::Input(
            "both a voice and a prompt are given: leave one of them out".into(),
        )),
        (Some(name), None) if voices.contains(name) => Ok(Some(name.clone())),
        (Some(name), None) if voices.is_empty() => Err(TaskError::Input(format!(
            "there is no voice `{name}`: this model has none built in, give a prompt instead"
        ))),
        (Some(name), None) => Err(TaskError::Input(format!(
            "there is no voice `{name}`; the voices are: {}",
            voices.join(", ")
        ))),
        (None, Some(_)) => Ok(None),
        (None, None) => Ok(voices.into_iter().next()),
    }
}

/// The codes of the voice; none for a model that has no voices and a request that has no prompt.
pub(crate) fn prompt(
    config: &TtsConfig,
    kit: &TaskKit,
    request: &TtsRequest,
) -> Result<Option<Codes>, TaskError> {
    let codes = match (voice_name(kit, request)?, &request.prompt) {
        (Some(name), _) => kit.studio()?.voice(&name)?,
        (None, Some(clip)) => recorded(kit.studio()?, clip)?,
        (None, None) => return Ok(None),
    };
    Ok((!codes.is_empty()).then(|| codes.slice(0, config.max_prompt_frames)))
}

fn recorded(studio: &dyn Studio, clip: &Clip) -> Result<Codes, TaskError> {
    let audio = studio.audio(clip)?;
    let name = if clip.path.as_os_str().is_empty() {
        "the prompt".to_owned()
    } else {
        format!("the prompt `{}`", clip.path.display())
    };
    if audio.seconds() * studio.frame_rate_hz() < 1.0 {
        return Err(TaskError::Input(format!(
            "{name} lasts {:.3} s, less than one frame: give 2 to 3 seconds of speech",
            audio.seconds()
        )));
    }
    if audio.rms() < SILENT_RMS {
        return Err(TaskError::Input(format!(
            "{name} is silent: give 2 to 3 seconds of speech, recorded louder"
        )));
    }
    let codes = studio.encode(&trim(&audio, &PauseConfig::default(), KEEP_S))?;
    if codes.is_empty() {
        return Err(TaskError::Input(format!(
            "{name} has too little speech in it: give 2 to 3 seconds"
        )));
    }
    Ok(codes)
}
