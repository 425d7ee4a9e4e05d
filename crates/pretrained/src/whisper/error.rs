//! Errors of Whisper.

use std::path::PathBuf;

/// Errors of loading a checkpoint and of recognition.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WhisperError {
    /// File of the folder that is not there or not readable.
    #[error("cannot read `{}`: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Reason.
        cause: std::io::Error,
    },
    /// File of another kind.
    #[error("`{}` is not of a Whisper checkpoint: {reason}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Reason.
        reason: String,
    },
    /// Weights in the format of whisper.cpp.
    #[error("`{}` is in the GGML format of whisper.cpp, which is not read", path.display())]
    Ggml {
        /// The file.
        path: PathBuf,
    },
    /// Failure of the network.
    #[error("Whisper failed to {operation}: {cause}")]
    Compute {
        /// Operation that failed, an infinitive.
        operation: &'static str,
        /// Reason.
        cause: candle_core::Error,
    },
    /// Weights that are cut, or a tensor that cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] crate::PretrainedError),
    /// Language that the checkpoint has no token for.
    #[error("this Whisper checkpoint does not know the language `{language}`")]
    Language {
        /// Code of the language.
        language: String,
        /// Codes that it knows.
        known: Vec<String>,
    },
    /// Recording that cannot be brought to 16 kHz.
    #[error(transparent)]
    Audio(#[from] syrinx_audio::AudioError),
    /// Failure of the tokenizer.
    #[error("Whisper's tokenizer failed: {0}")]
    Tokenizer(tokenizers::Error),
    /// Text that is longer than a window allows.
    #[error("the text has {tokens} tokens, at most {most} are aligned at a time")]
    TooLong {
        /// Tokens of the text.
        tokens: usize,
        /// Most tokens.
        most: usize,
    },
    /// Recording of something else than the text that is to be aligned with it.
    #[error(
        "no word of the text was recognized from {start_s:.1} s to {end_s:.1} s of the recording"
    )]
    OtherText {
        /// Start of the stretch, seconds.
        start_s: f64,
        /// End of the stretch, seconds.
        end_s: f64,
    },
    /// Work that was stopped.
    #[error("recognition was cancelled")]
    Cancelled,
}

impl From<tokenizers::Error> for WhisperError {
    fn from(error: tokenizers::Error) -> Self {
        Self::Tokenizer(error)
    }
}

impl WhisperError {
    /// Remedy, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } => Some(
                "the folder needs config.json, tokenizer.json and model.safetensors (or one .gguf file), as in the \
                 repository openai/whisper-tiny.en on huggingface.co"
                    .into(),
            ),
            Self::Broken { .. } => Some(
                "keep config.json, tokenizer.json and the weights of one Whisper model in one folder, as in the repository \
                 openai/whisper-tiny.en on huggingface.co"
                    .into(),
            ),
            Self::Ggml { .. } => Some(
                "give the folder of the same model from huggingface.co (config.json, tokenizer.json, model.safetensors), or in \
                 place of model.safetensors a .gguf file with the same tensor names, as candle's `tensor-tools quantize` writes \
                 it"
                .into(),
            ),
            Self::Checkpoint(error) => error.hint().map(str::to_owned),
            Self::Language { known, .. } if known.is_empty() => {
                Some("an English-only checkpoint transcribes `en`".into())
            }
            Self::Language { known, .. } => Some(format!("known: {}", known.join(", "))),
            Self::TooLong { .. } => Some("align shorter pieces of the recording".into()),
            Self::OtherText { .. } => {
                Some("give the words of the whole recording, in their order".into())
            }
            _ => None,
        }
    }
}
