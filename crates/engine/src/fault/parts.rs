//! Faults of the parts of a model file, and contradictions between them.

use std::borrow::Cow;

use syrinx_codec::CodecError;
use syrinx_model::ModelError;
use syrinx_pretrained::PretrainedError;
use syrinx_text::IpaTokenizerError;
use syrinx_types::CodesError;

/// Remedy for a damaged model file.
pub(super) const PACKAGE_AGAIN: &str = "package it again from its parts (`syrinx package`)";

/// Part of a model file that can't be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartFault {
    /// Language model.
    #[error("its language model doesn't load: {0}")]
    LanguageModel(Box<ModelError>),
    /// Codec of the project's own.
    #[error("its codec doesn't load: {0}")]
    Codec(Box<CodecError>),
    /// Published codec that the file carries.
    #[error("its codec doesn't load: {0}")]
    PublishedCodec(Box<PretrainedError>),
    /// Reference to a codec outside the file.
    #[error("its reference to a codec can't be read: {0}")]
    CodecReference(serde_json::Error),
}

impl PartFault {
    /// Returns the remedy.
    pub fn hint(&self) -> Cow<'static, str> {
        let hint = match self {
            Self::LanguageModel(error) => error.hint().map(Cow::Borrowed),
            Self::Codec(error) => error.hint(),
            Self::PublishedCodec(error) => error.hint(),
            Self::CodecReference(_) => None,
        };
        hint.unwrap_or(Cow::Borrowed(PACKAGE_AGAIN))
    }
}

/// Contradiction between the parts of a model, or between them and this program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartsMismatch {
    /// Codes of another shape.
    #[error(
        "the language model writes {levels} levels of {codes} codes, the codec has {codec_levels} of {codec_codes}"
    )]
    Codes {
        /// Levels of the language model.
        levels: usize,
        /// Codes of a level of the language model.
        codes: usize,
        /// Levels of the codec.
        codec_levels: usize,
        /// Codes of a level of the codec.
        codec_codes: usize,
    },
    /// Another frame rate.
    #[error("the language model writes {model_hz} frames a second, the codec has {codec_hz}")]
    FrameRate {
        /// Frames a second of the language model.
        model_hz: f64,
        /// Frames a second of the codec.
        codec_hz: f64,
    },
    /// Another vocabulary of text.
    #[error(
        "the language model knows {text_tokens} text tokens and {phones} phones, this program has {own_text_tokens} and {own_phones}"
    )]
    Vocabulary {
        /// Text tokens of the language model.
        text_tokens: usize,
        /// Phones of the language model.
        phones: usize,
        /// Text tokens of this program.
        own_text_tokens: usize,
        /// Phones of this program.
        own_phones: usize,
    },
    /// Other codebooks.
    #[error("the language model was trained on another codec (codebook {level} differs)")]
    Codebook {
        /// First level whose codebook differs, from 1.
        level: usize,
    },
    /// A published model without its tokenizer.
    #[error("the tokenizer of a published model is missing")]
    NoTokenizer,
    /// A published model with the tokenizer of another.
    #[error("its tokenizer is that of another model: {cause}")]
    Tokenizer {
        /// Cause.
        cause: IpaTokenizerError,
    },
    /// A voice with codes that the codec doesn't have.
    #[error("voice `{name}`: {cause}")]
    Voice {
        /// Name of the voice.
        name: String,
        /// Cause.
        cause: CodesError,
    },
}
