//! The requested voice and its prompt.

use syrinx_audio::silence::{PauseConfig, speech_level_db, trim};
use syrinx_task::{Clip, Context, TaskError};
use syrinx_types::{Audio, Codes};

use crate::{SpeakConfig, VoiceIssue};

/// Silence kept at both ends of a prompt, in seconds.
const KEEP_S: f64 = 0.1;

/// Voice of a request: the name of a built-in voice, or a recording.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RequestedVoice<'a> {
    /// Name of a built-in voice.
    pub name: Option<&'a str>,
    /// Recording of the voice.
    pub clip: Option<&'a Clip>,
}

impl RequestedVoice<'_> {
    /// Returns the name of the built-in voice: the requested one, or the model's first if the request has neither name
    /// nor recording. `None` for a recording.
    ///
    /// # Errors
    /// [`TaskError::Input`] for an unknown name, or for both a name and a recording.
    pub fn built_in(&self, context: &Context<'_>) -> Result<Option<String>, TaskError> {
        let voices = context.voice_names();
        match (self.name, self.clip) {
            (Some(_), Some(_)) => Err(VoiceIssue::VoiceAndPrompt.into()),
            (Some(name), None) if voices.iter().any(|v| v == name) => Ok(Some(name.to_owned())),
            (Some(name), None) if voices.is_empty() => {
                Err(VoiceIssue::NoVoices { name: name.to_owned() }.into())
            }
            (Some(name), None) => {
                Err(VoiceIssue::Unknown { name: name.to_owned(), known: voices }.into())
            }
            (None, Some(_)) => Ok(None),
            (None, None) => Ok(voices.into_iter().next()),
        }
    }

    /// Returns the codes of the voice. `None` if prompts are disabled for recordings, if the codes are empty, or if
    /// neither the request nor the model has a voice.
    ///
    /// # Errors
    /// The errors of [`RequestedVoice::built_in`], and [`TaskError::Input`] for a recording that is too short, too
    /// quiet or unreadable.
    pub fn codes(
        &self,
        config: &SpeakConfig,
        context: &Context<'_>,
    ) -> Result<Option<Codes>, TaskError> {
        let codes = match (self.built_in(context)?, self.clip) {
            (Some(name), _) => context.voice(&name)?,
            (None, Some(_)) if config.max_prompt_frames == 0 => return Ok(None),
            (None, Some(clip)) => {
                let (audio, codec) = (context.audio(clip)?, context.codec()?);
                let longest_s = config.max_prompt_frames as f64 / codec.frame_rate_hz();
                let name = clip.named("prompt");
                let excerpt = context.voices()?.excerpt(&audio, &name, longest_s, context.run)?;
                codec.encode(&excerpt, context.run)?
            }
            (None, None) => return Ok(None),
        };
        let codes = codes.slice(0, config.max_prompt_frames);
        Ok((!codes.is_empty()).then_some(codes))
    }
}

/// Returns the first speech of a recording as a prompt for speech in the same recording. The recording has the codec's
/// sample rate; its level stays unchanged, and its length is not checked beyond one frame. Error messages use `name`.
///
/// # Errors
/// [`TaskError::Input`] for a recording that is too short or too quiet, and errors of the codec.
pub fn prompt_of(
    config: &SpeakConfig,
    audio: &Audio,
    name: &str,
    context: &Context<'_>,
) -> Result<Codes, TaskError> {
    let codec = context.codec()?;
    if audio.seconds() * codec.frame_rate_hz() < 1.0 {
        let (name, seconds) = (name.to_owned(), audio.seconds());
        return Err(VoiceIssue::TooShort { name, seconds }.into());
    }
    let (level_dbfs, needed_dbfs) = speech_level_db(audio);
    if level_dbfs < needed_dbfs {
        return Err(VoiceIssue::Silent { name: name.to_owned(), level_dbfs, needed_dbfs }.into());
    }
    let codes = codec.encode(&trim(audio, &PauseConfig::default(), KEEP_S), context.run)?;
    if codes.is_empty() {
        return Err(VoiceIssue::TooLittleSpeech { name: name.to_owned() }.into());
    }
    Ok(codes.slice(0, config.max_prompt_frames))
}
