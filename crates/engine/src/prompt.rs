//! From a recording to a prompt: the best stretch of speech, without silence around it, at a common level.

pub use syrinx_audio::prompt::PromptConfig;
use syrinx_audio::prompt::{PromptError, best_stretch, trim_to_level};
use syrinx_types::Audio;

use crate::EngineError;

/// The stretch of a recording that makes the best prompt: the most speech within `config.max_s`, unclipped where that
/// can be, cut at pauses. Trimmed and brought to the common level. `name` is for messages.
///
/// # Errors
/// [`EngineError::Prompt`] for a recording that is silent or has too little speech.
pub fn excerpt(audio: &Audio, name: &str, config: &PromptConfig) -> Result<Audio, EngineError> {
    check(audio, name, config)?;
    prepare(&best_stretch(audio, config), name, config)
}

/// A recording as a prompt: silence at its ends trimmed, cut to `config.max_s`, brought to the common level.
///
/// # Errors
/// As [`excerpt`].
pub fn prepare(audio: &Audio, name: &str, config: &PromptConfig) -> Result<Audio, EngineError> {
    check(audio, name, config)?;
    trim_to_level(audio, config).map_err(|error| {
        let reason = match error {
            PromptError::TooLittleSpeech { speech_s, .. } => {
                format!("it has only {speech_s:.2} s of speech, too little for a prompt")
            }
            other => other.to_string(),
        };
        EngineError::Prompt { file: name.to_owned(), reason, min_s: config.min_s }
    })
}

fn check(audio: &Audio, name: &str, config: &PromptConfig) -> Result<(), EngineError> {
    let reason = if audio.seconds() < config.min_s {
        format!("it lasts {:.3} s, too short for a prompt", audio.seconds())
    } else if audio.is_silent() {
        "it is silent".to_owned()
    } else {
        return Ok(());
    };
    Err(EngineError::Prompt { file: name.to_owned(), reason, min_s: config.min_s })
}
