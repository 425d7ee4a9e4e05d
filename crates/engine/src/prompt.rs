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
    prompt::excerpt(audio, config).map_err(|error| fault(name, error, config))
}

/// Returns a whole recording as a prompt ([`prompt::prepare`]). `name` is for messages.
///
/// # Errors
/// As [`excerpt`].
pub fn prepare(audio: &Audio, name: &str, config: &PromptConfig) -> Result<Audio, EngineError> {
    prompt::prepare(audio, config).map_err(|error| fault(name, error, config))
}

fn fault(name: &str, cause: prompt::PromptError, config: &PromptConfig) -> EngineError {
    EngineError::Prompt { file: name.to_owned(), cause, min_s: config.min_s }
}
