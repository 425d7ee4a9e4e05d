//! Faults of Whisper.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::fault::ConfigFault;

/// Faults of loading a checkpoint and of recognition.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WhisperFault {
    /// File of the folder that is not there or not readable.
    #[error("cannot read `{}`: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Reason.
        cause: std::io::Error,
    },
    /// File of another kind.
    #[error("`{}` is not of a Whisper checkpoint: {fault}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Fault.
        fault: WhisperFileFault,
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
    /// Language that the checkpoint has no token for.
    #[error("this Whisper checkpoint does not know the language `{language}`")]
    Language {
        /// Code of the language.
        language: String,
        /// Codes that it knows.
        known: Vec<String>,
    },
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

/// Fault of a file of a Whisper checkpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WhisperFileFault {
    /// Configuration that cannot be used.
    #[error(transparent)]
    Config(ConfigFault),
    /// Tokenizer that the `tokenizers` library can't read.
    #[error(transparent)]
    Tokenizer(tokenizers::Error),
    /// Tokenizer without a special token.
    #[error("token `{token}` is missing")]
    NoToken {
        /// The token.
        token: &'static str,
    },
    /// Special token without a row in the model's table.
    #[error("token `{token}` is {id}, the model has {tokens} tokens")]
    TokenBeyondModel {
        /// The token.
        token: &'static str,
        /// Number of the token.
        id: u32,
        /// Tokens of the model.
        tokens: usize,
    },
    /// Alignment head that the model lacks.
    #[error(
        "alignment head {head} of layer {layer}, the model has {layers} layers of {heads} heads"
    )]
    AlignmentHead {
        /// Layer of the head.
        layer: usize,
        /// Number of the head in its layer.
        head: usize,
        /// Layers of the model.
        layers: usize,
        /// Heads of a layer.
        heads: usize,
    },
}

impl WhisperFault {
    /// Remedy, if there is one.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
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
            Self::Language { known, .. } if known.is_empty() => {
                Some("an English-only checkpoint transcribes `en`".into())
            }
            Self::Language { known, .. } => Some(format!("known: {}", known.join(", ")).into()),
            Self::TooLong { .. } => Some("align shorter pieces of the recording".into()),
            Self::OtherText { .. } => {
                Some("give the words of the whole recording, in their order".into())
            }
            _ => None,
        }
    }
}
