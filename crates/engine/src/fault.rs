//! Faults of model files, of files of codes, of voices and of markup, inside [`EngineError`](crate::EngineError).

use std::borrow::Cow;
use std::path::PathBuf;

use safetensors::SafeTensorError;
use safetensors::tensor::Dtype;
use syrinx_codec::CodecError;
use syrinx_model::ModelError;
use syrinx_pretrained::PretrainedError;
use syrinx_text::IpaTokenizerError;
use syrinx_types::CodesError;

use crate::RecordingLength;

const FETCH_AGAIN: &str = "copy or download it again";
const PACKAGE_AGAIN: &str = "package it again from its parts (`syrinx package`)";
const ENCODED_FILE: &str = "name a file made by `syrinx encode`";

/// Fault of the bytes of a model file or of a file of codes, or of the parts that would become one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// No bytes.
    #[error("it is empty")]
    Empty,
    /// Fewer bytes than the length of a header takes.
    #[error("it isn't a safetensors file (too short)")]
    TooShort,
    /// A file that ends within its header.
    #[error("it is cut off: {found} bytes, and the header alone has {header}")]
    CutHeader {
        /// Bytes of the file.
        found: usize,
        /// Bytes of the header.
        header: u64,
    },
    /// A file that ends within its tensors.
    #[error("it is cut off: {found} of {expected} bytes are there")]
    Cut {
        /// Bytes of the file.
        found: usize,
        /// Bytes by the header.
        expected: usize,
    },
    /// Bytes behind the last tensor.
    #[error("it has {bytes} bytes after its end")]
    TrailingBytes {
        /// Number of bytes behind the end.
        bytes: usize,
    },
    /// Bytes that are no safetensors file.
    #[error("it isn't a safetensors file ({cause})")]
    NoSafetensors {
        /// Cause.
        cause: SafeTensorError,
    },
    /// Tensors of something else than a model file.
    #[error("it has tensors, but isn't a whole model (no `{entry}` in its metadata)")]
    NoModel {
        /// Metadata entry of model files.
        entry: &'static str,
    },
    /// Tensors of something else than codes.
    #[error("it holds no codes made by Syrinx (no `{entry}` in its metadata)")]
    NoCodes {
        /// Metadata entry of files of codes.
        entry: &'static str,
    },
    /// Metadata that isn't what this program writes.
    #[error("its metadata is broken ({cause})")]
    Metadata {
        /// Cause.
        cause: serde_json::Error,
    },
    /// A model file of another format.
    #[error("it has format {found}, this program reads {expected}")]
    Format {
        /// Number of the file's format.
        found: u64,
        /// Number of the format that this program reads.
        expected: u32,
    },
    /// A tensor of no part.
    #[error("its tensor `{name}` belongs to no part")]
    StrayTensor {
        /// Name of the tensor.
        name: String,
    },
    /// A voice whose tensor is no table of codes.
    #[error("voice `{name}`: {fault}")]
    Voice {
        /// Name of the voice.
        name: String,
        /// Fault of its codes.
        fault: Box<CodesFault>,
    },
    /// Codes that can't be used.
    #[error(transparent)]
    Codes(#[from] CodesFault),
    /// Tensors that safetensors can't find or write.
    #[error(transparent)]
    Tensors(#[from] SafeTensorError),
    /// Metadata that can't be written.
    #[error(transparent)]
    WriteMetadata(#[from] serde_json::Error),
}

impl FileFault {
    /// Returns the remedy for a model file with this fault.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TooShort | Self::NoSafetensors { .. } => {
                "name a model made by `syrinx package`, or leave --model out to use the embedded model"
            }
            Self::NoModel { .. } => {
                "package a language model and a codec to one file with `syrinx package`"
            }
            Self::Format { .. } => "use the program that it was made for, or package it again",
            Self::Tensors(_) | Self::WriteMetadata(_) => PACKAGE_AGAIN,
            Self::Empty
            | Self::CutHeader { .. }
            | Self::Cut { .. }
            | Self::TrailingBytes { .. }
            | Self::NoCodes { .. }
            | Self::Metadata { .. }
            | Self::StrayTensor { .. }
            | Self::Voice { .. }
            | Self::Codes(_) => FETCH_AGAIN,
        }
    }
}

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

/// Fault of a file of codes that can't be written, read or decoded by this model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodesFileFault {
    /// Codes that safetensors can't hold.
    #[error("its codes can't be stored: {0}")]
    Write(FileFault),
    /// Bytes that hold no codes.
    #[error(transparent)]
    Read(FileFault),
    /// Codes of another codec.
    #[error("its codes are of the codec {found}, this model's is {expected}")]
    OtherCodec {
        /// Fingerprint of the codec that made them.
        found: String,
        /// Fingerprint of the model's codec.
        expected: String,
    },
    /// Codes that the model's codec does not have.
    #[error(transparent)]
    Codes(CodesFault),
    /// A recording that is longer than its codes, or has a sample rate out of range.
    #[error(
        "its {frames} frames can't be {} samples at {} Hz",
        length.samples,
        length.sample_rate_hz
    )]
    Length {
        /// Number of frames.
        frames: usize,
        /// Length of the recording by the file.
        length: RecordingLength,
    },
}

impl CodesFileFault {
    /// Returns the remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Write(_) => "encode the recording again",
            Self::Codes(_) => "encode the recording again with this model",
            Self::OtherCodec { .. } => {
                "encode the recording again with this model, or name the other one with --model"
            }
            Self::Read(_) | Self::Length { .. } => ENCODED_FILE,
        }
    }
}

/// Markup in the text of a request that its task can't follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MarkupFault {
    /// A voice for a task without voices.
    #[error("it takes no voice, and its text names `{voice}`")]
    NoVoice {
        /// Name of the voice.
        voice: String,
    },
    /// A task that does not answer with speech.
    #[error("it takes no markup in its text")]
    NoSpeech,
}

impl MarkupFault {
    /// Returns the remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoVoice { .. } => "leave the voice out of the text",
            Self::NoSpeech => "give plain text",
        }
    }
}

/// Fault of a tensor that should hold codes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodesFault {
    /// A tensor of another type or shape.
    #[error("codes are {dtype:?} {shape:?}, not U16 (frames, levels)")]
    Tensor {
        /// Type of the tensor.
        dtype: Dtype,
        /// Shape of the tensor.
        shape: Vec<usize>,
    },
    /// Codes that don't fill their levels, or are outside their codebook.
    #[error(transparent)]
    Codes(#[from] CodesError),
    /// Codes of another shape than the codec's.
    #[error("codes are {found}, this model's codec has {expected}")]
    OtherShape {
        /// Levels, codebook size and rate of the codes.
        found: String,
        /// Levels, codebook size and rate of the codec.
        expected: String,
    },
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

/// Fault of a voice that can't be kept, removed, packaged or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VoiceFault {
    /// A name that can't be that of a file and a tensor.
    #[error("that name can't be used")]
    InvalidName,
    /// A name that the model's own voice has.
    #[error("the model has a voice of that name")]
    NameInModel,
    /// A name that an earlier voice of the package has.
    #[error("it is given twice")]
    Repeated,
    /// No folder to keep voices in.
    #[error("there is no folder for voices")]
    NoFolder,
    /// A prompt that can't be written.
    #[error(transparent)]
    Write(Box<FileFault>),
    /// A voice of the model that was to be removed.
    #[error("it is part of the model and can't be removed")]
    PartOfModel,
    /// A file that holds no voice.
    #[error("{}: {fault}", path.display())]
    File {
        /// File of the voice.
        path: PathBuf,
        /// Fault of the file.
        fault: Box<FileFault>,
    },
    /// A file with codes of another codec.
    #[error(
        "{}: it was made with another codec ({found}, this model has {expected})",
        path.display()
    )]
    OtherCodec {
        /// File of the voice.
        path: PathBuf,
        /// Fingerprint of the codec that made it.
        found: String,
        /// Fingerprint of the model's codec.
        expected: String,
    },
    /// A file with a prompt of no length.
    #[error("{}: it has no frames", path.display())]
    NoFrames {
        /// File of the voice.
        path: PathBuf,
    },
    /// A prompt for a package that is empty or has another number of levels than the codec.
    #[error("it has {frames} frames of {levels} levels, the codec has {codec_levels}")]
    Shape {
        /// Frames of the prompt.
        frames: usize,
        /// Levels of the prompt.
        levels: usize,
        /// Levels of the codec.
        codec_levels: usize,
    },
    /// A prompt for a package with codes that the codec doesn't have.
    #[error(transparent)]
    Codes(CodesError),
}

impl VoiceFault {
    /// Returns the remedy for the voice of this name.
    pub(crate) fn hint(&self, name: &str) -> String {
        match self {
            Self::InvalidName => "use letters, digits, `-` and `_` only".into(),
            Self::NameInModel | Self::Repeated => "choose another name".into(),
            Self::NoFolder => "name one with --voices-dir or `voices_dir` in syrinx.toml".into(),
            Self::Write(_) => "record another prompt".into(),
            Self::PartOfModel => "remove only voices that you added".into(),
            Self::File { .. } | Self::OtherCodec { .. } | Self::NoFrames { .. } => {
                format!("add it again from its recording: syrinx voices add {name} FILE")
            }
            Self::Shape { .. } | Self::Codes(_) => {
                "make it from a recording with this codec".into()
            }
        }
    }
}
