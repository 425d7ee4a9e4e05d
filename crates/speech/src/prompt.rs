//! The voice to speak in.

use syrinx_audio::silence::{PauseConfig, trim};
use syrinx_task::{Clip, Studio, TaskError, TaskKit};
use syrinx_types::{Audio, Codes};

use crate::SpeakConfig;

/// How much of the silence around a prompt stays, seconds.
const KEEP_S: f64 = 0.1;

/// The voice that a request asks for: a built-in one by name, or a recording.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Voice<'a> {
    /// Name of a built-in voice.
    pub name: Option<&'a str>,
    /// A recording of the voice.
    pub clip: Option<&'a Clip>,
}

impl Voice<'_> {
    /// The built-in voice that is meant: the named one, or the first if there is no recording either.
    ///
    /// # Errors
    /// [`TaskError::Input`] for both at once and for a name that there isn't.
    pub fn built_in(&self, kit: &TaskKit) -> Result<Option<String>, TaskError> {
        let voices = kit.studio.as_ref().map(|studio| studio.voices()).unwrap_or_default();
        match (self.name, self.clip) {
            (Some(_), Some(_)) => Err(TaskError::Input(
                "both a voice and a prompt are given: leave one of them out".into(),
            )),
            (Some(name), None) if voices.iter().any(|v| v == name) => Ok(Some(name.to_owned())),
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

    /// The codes of the voice; none for a model that has no voices and a request that has no recording.
    ///
    /// # Errors
    /// As [`Voice::built_in`], and for a recording that is too short, too quiet or unreadable.
    pub fn codes(&self, config: &SpeakConfig, kit: &TaskKit) -> Result<Option<Codes>, TaskError> {
        let codes = match (self.built_in(kit)?, self.clip) {
            (Some(name), _) => kit.studio()?.voice(&name)?,
            (None, Some(clip)) => {
                let studio = kit.studio()?;
                recorded(studio, &studio.audio(clip)?, &name_of(clip))?
            }
            (None, None) => return Ok(None),
        };
        let codes = codes.slice(0, config.max_prompt_frames);
        Ok((!codes.is_empty()).then_some(codes))
    }
}

fn name_of(clip: &Clip) -> String {
    if clip.path.as_os_str().is_empty() {
        "the prompt".to_owned()
    } else {
        format!("the prompt `{}`", clip.path.display())
    }
}

/// A recording at the codec's rate as a prompt: its speech from the beginning on. `name` is for messages.
///
/// # Errors
/// [`TaskError::Input`] for a recording that is too short or too quiet.
pub fn prompt_of(
    config: &SpeakConfig,
    kit: &TaskKit,
    audio: &Audio,
    name: &str,
) -> Result<Codes, TaskError> {
    Ok(recorded(kit.studio()?, audio, name)?.slice(0, config.max_prompt_frames))
}

fn recorded(studio: &dyn Studio, audio: &Audio, name: &str) -> Result<Codes, TaskError> {
    if audio.seconds() * studio.frame_rate_hz() < 1.0 {
        return Err(TaskError::Input(format!(
            "{name} lasts {:.3} s, less than one frame: give 2 to 3 seconds of speech",
            audio.seconds()
        )));
    }
    if audio.is_silent() {
        return Err(TaskError::Input(format!(
            "{name} is silent: give 2 to 3 seconds of speech, recorded louder"
        )));
    }
    let codes = studio.encode(&trim(audio, &PauseConfig::default(), KEEP_S))?;
    if codes.is_empty() {
        return Err(TaskError::Input(format!(
            "{name} has too little speech in it: give 2 to 3 seconds"
        )));
    }
    Ok(codes)
}
