//! Faults of Whisper.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::fault::ConfigFault;

/// Faults of loading a checkpoint and of recognition.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WhisperFault {
    /// A file of the folder that can't be read.
    #[error("cannot read `{}`: {cause}", path.display())]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Reason.
        cause: std::io::Error,
    },
    /// A file that does not belong to a Whisper checkpoint.
    #[error("`{}` is not part of a Whisper checkpoint: {fault}", path.display())]
    Broken {
        /// Path of the file.
        path: PathBuf,
        /// Fault.
        fault: WhisperFileFault,
    },
    /// Weights in the format of whisper.cpp.
    #[error("`{}` is in the GGML format of whisper.cpp, which is not supported", path.display())]
    Ggml {
        /// Path of the file.
        path: PathBuf,
    },
    /// A failed computation of the network.
    #[error("Whisper failed to {operation}: {cause}")]
    Compute {
        /// Operation that failed, as an infinitive.
        operation: &'static str,
        /// Reason.
        cause: candle_core::Error,
    },
    /// A language without a token in the checkpoint.
    #[error("this Whisper checkpoint does not support the language `{language}`")]
    Language {
        /// Code of the language.
        language: String,
        /// Codes of the supported languages.
        known: Vec<String>,
    },
    /// An error of the tokenizer.
    #[error("Whisper's tokenizer failed: {0}")]
    Tokenizer(tokenizers::Error),
    /// A text with more tokens than a window allows.
    #[error("the text has {tokens} tokens, at most {most} are aligned at a time")]
    TooLong {
        /// Number of tokens in the text.
        tokens: usize,
        /// Maximum number of tokens.
        most: usize,
    },
    /// A recording of something other than the text to align.
    #[error(
        "no word of the text was recognized from {start_s:.1} s to {end_s:.1} s of the recording"
    )]
    OtherText {
        /// Start of the section, in seconds.
        start_s: f64,
        /// End of the section, in seconds.
        end_s: f64,
    },
    /// Cancelled recognition.
    #[error("recognition was cancelled")]
    Cancelled,
}

/// Faults of a file of a Whisper checkpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WhisperFileFault {
    /// An unsupported configuration.
    #[error(transparent)]
    Config(ConfigFault),
    /// A tokenizer that the `tokenizers` library can't parse.
    #[error(transparent)]
    Tokenizer(tokenizers::Error),
    /// A tokenizer without a required special token.
    #[error("token `{token}` is missing")]
    NoToken {
        /// The token.
        token: &'static str,
    },
    /// A special token that is outside the model's embedding table.
    #[error("token `{token}` is {id}, the model has {tokens} tokens")]
    TokenBeyondModel {
        /// The token.
        token: &'static str,
        /// Id of the token.
        id: u32,
        /// Number of tokens of the model.
        tokens: usize,
    },
    /// An alignment head that the model doesn't have.
    #[error(
        "alignment head {head} of layer {layer}, the model has {layers} layers of {heads} heads"
    )]
    AlignmentHead {
        /// Layer of the head.
        layer: usize,
        /// Index of the head in its layer.
        head: usize,
        /// Number of layers of the model.
        layers: usize,
        /// Number of heads per layer.
        heads: usize,
    },
}

impl WhisperFault {
    /// Remedy, where one is known.
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
            Self::Language { known, .. } => Some(format!("supported languages: {}", known.join(", ")).into()),
            Self::TooLong { .. } => Some("align shorter sections of the recording".into()),
            Self::OtherText { .. } => {
                Some("give all words of the recording in order".into())
            }
            _ => None,
        }
    }
}
