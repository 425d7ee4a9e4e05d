//! Voice prompts from recordings, with errors that name the file.

pub use syrinx_audio::prompt::PromptConfig;
use syrinx_audio::{AudioWarning, prompt};
use syrinx_types::Audio;

use crate::EngineError;

/// Returns the best stretch of a recording as a prompt ([`prompt::excerpt`]), with a warning if it is clipped or has no
/// speech. `name` is for messages.
///
/// # Errors
/// [`EngineError::Prompt`] for a recording that is silent or has too little speech.
pub fn excerpt(
    audio: &Audio,
    name: &str,
    config: &PromptConfig,
    warn: &mut dyn FnMut(AudioWarning),
) -> Result<Audio, EngineError> {
    let excerpt = prompt::excerpt(audio, config)
        .map_err(|cause| EngineError::Prompt { file: name.to_owned(), cause })?;
    excerpt.warnings(name).for_each(warn);
    Ok(excerpt.audio)
}
