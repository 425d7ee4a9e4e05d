//! Voice prompts from recordings, with errors that name the file.

use syrinx_audio::prompt;
pub use syrinx_audio::prompt::PromptConfig;
use syrinx_types::Audio;

use crate::EngineError;

/// Returns the best stretch of a recording as a prompt ([`prompt::excerpt`]). `name` is for messages.
///
/// # Errors
/// [`EngineError::Prompt`] for a recording that is silent or has too little speech.
pub fn excerpt(audio: &Audio, name: &str, config: &PromptConfig) -> Result<Audio, EngineError> {
    prompt::excerpt(audio, config)
        .map_err(|cause| EngineError::Prompt { file: name.to_owned(), cause })
}
