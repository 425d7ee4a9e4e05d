//! Errors of models and requests.

use std::io;
use std::path::PathBuf;

use syrinx_decode::DecodeError;
use syrinx_model::{AdapterFault, ModelError};
use syrinx_pretrained::CodecSpec;
use syrinx_task::TaskError;
use syrinx_types::{IoOperation, io_hint};

use crate::fault::{CodesFileFault, FileFault, MarkupFault, PartFault, PartsMismatch, VoiceFault};

/// Errors of the engine. [`EngineError::hint`] has the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A refusal of the operating system.
    #[error("cannot {operation} `{}`: {cause}", path.display())]
    Io {
        /// Operation.
        operation: IoOperation,
        /// File or folder.
        path: PathBuf,
        /// Reason.
        cause: io::Error,
    },
    /// A model file that cannot be opened.
    #[error("model file {file}: can't be opened: {cause}")]
    OpenModel {
        /// File.
        file: String,
        /// Reason.
        cause: io::Error,
    },
    /// A file that is no model, or an incomplete one.
    #[error("model file {file}: {fault}")]
    ModelFile {
        /// File.
        file: String,
        /// Fault.
        fault: FileFault,
    },
    /// A part of a model file that cannot be built.
    #[error("model file {file}: {fault}")]
    Part {
        /// File.
        file: String,
        /// Part, and its error.
        fault: PartFault,
    },
    /// Parts of one file that were not made for each other, or for this program.
    #[error("model file {file}: its parts don't go together: {fault}")]
    Mismatch {
        /// File.
        file: String,
        /// Contradiction.
        fault: PartsMismatch,
    },
    /// A model file that refers to a codec which is not there.
    #[error("model file {file}: it needs the codec {fingerprint}, which is not at {place}")]
    NoCodec {
        /// File.
        file: String,
        /// Fingerprint of the codec.
        fingerprint: String,
        /// Place of the codec when the file was made.
        place: String,
    },
    /// A codec other than the one that a model was trained on.
    #[error(
        "model file {file}: it was trained on the codec {expected}, the codec named is {found}"
    )]
    OtherCodec {
        /// File.
        file: String,
        /// Fingerprint of the model's codec.
        expected: String,
        /// Fingerprint of the codec named.
        found: String,
    },
    /// A published codec that cannot be used.
    #[error(transparent)]
    Pretrained(Box<syrinx_pretrained::PretrainedError>),
    /// An adapter that cannot be used with this model.
    #[error("adapter {file}: {fault}")]
    Adapter {
        /// File.
        file: String,
        /// Fault.
        fault: Box<AdapterFault>,
    },
    /// A task that does not exist.
    #[error("there is no task `{id}`")]
    UnknownTask {
        /// Name given.
        id: String,
        /// Tasks that exist.
        known: Vec<&'static str>,
    },
    /// Two tasks of one identifier.
    #[error("two tasks have the identifier `{id}`")]
    RepeatedTask {
        /// Identifier.
        id: &'static str,
    },
    /// A task that the model was not trained on.
    #[error(
        "the model {file} was trained without the task `{task}` (special tokens {})",
        tokens.join(", ")
    )]
    NotTrained {
        /// Model.
        file: String,
        /// Task.
        task: String,
        /// Special tokens that the task needs and the model lacks.
        tokens: Vec<String>,
    },
    /// Task settings that name no task.
    #[error("settings for the task `{id}`, which doesn't exist")]
    UnknownTaskSettings {
        /// Name given.
        id: String,
        /// Tasks that exist.
        known: Vec<&'static str>,
    },
    /// A voice that does not exist.
    #[error("there is no voice `{name}`")]
    UnknownVoice {
        /// Name given.
        name: String,
        /// The voice of the most similar name.
        nearest: Option<String>,
    },
    /// A voice that cannot be kept or used.
    #[error("voice `{name}`: {fault}")]
    Voice {
        /// Name.
        name: String,
        /// Fault.
        fault: VoiceFault,
    },
    /// A recording that cannot serve as a prompt.
    #[error("{file}: {cause}")]
    Prompt {
        /// Recording.
        file: String,
        /// Fault.
        cause: syrinx_audio::prompt::PromptError,
    },
    /// Options of published codecs for a codec of the project's own.
    #[error("{codec}: the options levels and vocoder are for published codecs")]
    CodecOptions {
        /// Codec as it was named.
        codec: CodecSpec,
    },
    /// A reference to a codec that cannot be written into a model file.
    #[error("a reference to the codec {codec} can't be written: {fault}")]
    CodecReference {
        /// Codec.
        codec: CodecSpec,
        /// Fault.
        fault: FileFault,
    },
    /// A file of codes that cannot be used.
    #[error("{}: {fault}", path.display())]
    CodesFile {
        /// File.
        path: PathBuf,
        /// Fault.
        fault: CodesFileFault,
    },
    /// Text for a task that does not speak it.
    #[error("task `{task}` speaks no text")]
    SpeaksNoText {
        /// Task.
        task: String,
    },
    /// Markup in the text of a request that its task cannot follow.
    #[error("task `{task}`: {fault}")]
    TaskMarkup {
        /// Task.
        task: String,
        /// Fault.
        fault: MarkupFault,
    },
    /// A recording that cannot be read or written.
    #[error(transparent)]
    Audio(#[from] syrinx_audio::AudioError),
    /// An error of the codec.
    #[error(transparent)]
    Codec(#[from] syrinx_codec::CodecError),
    /// Markup of a text that cannot be used.
    #[error(transparent)]
    Markup(#[from] syrinx_text::markup::MarkupError),
    /// Text that cannot be used.
    #[error(transparent)]
    Text(#[from] syrinx_text::TextError),
    /// An error of the task.
    #[error(transparent)]
    Task(TaskError),
    /// An error of generation.
    #[error(transparent)]
    Decode(DecodeError),
    /// A run that was stopped.
    #[error("stopped")]
    Cancelled,
}

impl From<TaskError> for EngineError {
    fn from(error: TaskError) -> Self {
        match error {
            TaskError::Cancelled => Self::Cancelled,
            error => Self::Task(error),
        }
    }
}

impl From<DecodeError> for EngineError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Cancelled => Self::Cancelled,
            DecodeError::Task(error) => error.into(),
            error => Self::Decode(error),
        }
    }
}

impl EngineError {
    /// Builds the error of a model file that can't be read or written.
    pub(crate) fn model_file(file: &str, fault: FileFault) -> Self {
        Self::ModelFile { file: file.to_owned(), fault }
    }

    /// Builds the error of a model file whose language model doesn't load.
    pub(crate) fn language_model(file: &str) -> impl FnOnce(ModelError) -> Self {
        move |error| {
            let fault = PartFault::LanguageModel(Box::new(error));
            Self::Part { file: file.to_owned(), fault }
        }
    }

    pub(crate) fn io(
        operation: IoOperation,
        path: &std::path::Path,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |cause| Self::Io { operation, path, cause }
    }

    /// Returns the remedy, where one is known.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Io { operation, cause, .. } => {
                return io_hint(*operation, cause.kind()).map(str::to_owned);
            }
            Self::OpenModel { .. } => {
                "check the path, or leave --model out to use the embedded model".into()
            }
            Self::ModelFile { fault, .. } => fault.hint().into(),
            Self::Part { fault, .. } => fault.hint().into_owned(),
            Self::Mismatch { .. } => {
                "package a language model with the codec it was trained on".into()
            }
            Self::NoCodec { .. } => {
                "name its checkpoint by the setting `codec`, as in `--set codec=PATH`".into()
            }
            Self::OtherCodec { .. } => "name the codec that it was trained on".into(),
            Self::Pretrained(error) => return error.hint().map(std::borrow::Cow::into_owned),
            Self::Adapter { fault, .. } => fault.hint().into(),
            Self::UnknownTask { known, .. } | Self::UnknownTaskSettings { known, .. } => {
                format!("the tasks are: {}", known.join(", "))
            }
            Self::RepeatedTask { .. } => "give each task an identifier of its own".into(),
            Self::NotTrained { .. } => "use a model that knows the task, or train one".into(),
            Self::UnknownVoice { name, nearest } => {
                let nearest = nearest.as_ref().map(|n| format!("did you mean `{n}`? "));
                format!(
                    "{}`syrinx voices` lists them, `syrinx voices add {name} FILE` makes one",
                    nearest.unwrap_or_default()
                )
            }
            Self::Voice { name, fault } => fault.hint(name),
            Self::CodecOptions { .. } => "name the codec's file alone".into(),
            Self::CodecReference { .. } => "carry the codec instead".into(),
            Self::CodesFile { fault, .. } => fault.hint().into(),
            Self::SpeaksNoText { .. } => "name a task that speaks".into(),
            Self::TaskMarkup { fault, .. } => fault.hint().into(),
            Self::Prompt { cause, .. } => cause.hint().into(),
            Self::Markup(error) => error.hint().into(),
            Self::Codec(error) => return error.hint().map(std::borrow::Cow::into_owned),
            Self::Task(error) => return error.hint(),
            Self::Decode(error) => return error.hint(),
            Self::Audio(error) => return error.hint().map(std::borrow::Cow::into_owned),
            Self::Text(error) => return error.hint().map(std::borrow::Cow::into_owned),
            Self::Cancelled => return None,
        })
    }
}

impl From<syrinx_pretrained::PretrainedError> for EngineError {
    fn from(error: syrinx_pretrained::PretrainedError) -> Self {
        Self::Pretrained(Box::new(error))
    }
}

/// Errors of voices are faults of the request that names them.
impl syrinx_task::InputIssue for EngineError {
    fn hint(&self) -> std::borrow::Cow<'static, str> {
        Self::hint(self).unwrap_or_default().into()
    }
}
