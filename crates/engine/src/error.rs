//! What can go wrong between a model file and an answer.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use syrinx_decode::DecodeError;
use syrinx_task::TaskError;

/// Errors of the engine. Each message names the object; what follows its last semicolon is the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The operating system refused.
    #[error("{operation} {}: {source}", path.display())]
    Io {
        /// What was tried: `reading`, `writing`, ...
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A model file that isn't there or can't be opened.
    #[error(
        "model file {file}: can't be opened: {source}; check the path, or leave --model out to use the embedded model"
    )]
    OpenModel {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// A file that isn't a model, or not a whole one.
    #[error("model file {file}: {reason}; {remedy}")]
    ModelFile {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A part of a model file that can't be built.
    #[error(
        "model file {file}: its {part} doesn't load: {source}; package it again from its parts (`syrinx package`)"
    )]
    Part {
        /// The file.
        file: String,
        /// `codec` or `language model`.
        part: &'static str,
        /// What the part says.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Parts of one file that weren't made for each other, or for this program.
    #[error(
        "model file {file}: its parts don't go together: {reason}; package a language model with the codec it was trained on"
    )]
    Mismatch {
        /// The file.
        file: String,
        /// What contradicts what.
        reason: String,
    },
    /// An adapter that can't be used with this model.
    #[error(
        "adapter {file}: {reason}; name a file that `syrinx train --lora` wrote for this model"
    )]
    Adapter {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// A task that doesn't exist.
    #[error("there is no task `{id}`; there are: {known}")]
    UnknownTask {
        /// The name given.
        id: String,
        /// Those that exist.
        known: String,
    },
    /// A task that the model has never learnt.
    #[error(
        "the model {file} was trained without the task `{task}` (it has no {marks}); use a model that knows it, or train one"
    )]
    NotTrained {
        /// The model.
        file: String,
        /// The task.
        task: String,
        /// Learned vectors that the task needs and the model lacks.
        marks: String,
    },
    /// Task settings that name no task.
    #[error("settings for the task `{id}`, which doesn't exist; there are: {known}")]
    UnknownTaskSettings {
        /// The name given.
        id: String,
        /// Those that exist.
        known: String,
    },
    /// A voice that doesn't exist.
    #[error(
        "there is no voice `{name}`{nearest}; `syrinx voices` lists them, `syrinx voices add {name} FILE` makes one"
    )]
    UnknownVoice {
        /// The name given.
        name: String,
        /// `, did you mean ...?` or nothing.
        nearest: String,
    },
    /// A voice that can't be kept or used.
    #[error("voice `{name}`: {reason}; {remedy}")]
    Voice {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// A recording that can't serve as a prompt.
    #[error(
        "{file}: {reason}; give a recording of one speaker with at least {min_s:.1} s of speech"
    )]
    Prompt {
        /// The recording.
        file: String,
        /// What is wrong with it.
        reason: String,
        /// The shortest that serves, seconds.
        min_s: f64,
    },
    /// What the request asks can't be done with this model or task.
    #[error("{what}; {remedy}")]
    Unsupported {
        /// What was asked.
        what: String,
        /// What to do instead.
        remedy: &'static str,
    },
    /// A recording that can't be read or written.
    #[error(transparent)]
    Audio(#[from] syrinx_audio::AudioError),
    /// The codec failed.
    #[error(transparent)]
    Codec(#[from] syrinx_codec::CodecError),
    /// Text that can't be used.
    #[error(transparent)]
    Text(#[from] syrinx_text::TextError),
    /// The task refused.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// Generation failed.
    #[error(transparent)]
    Decode(DecodeError),
    /// The cancel token was set.
    #[error("stopped; nothing that was finished is lost")]
    Cancelled,
}

impl From<DecodeError> for EngineError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Cancelled => Self::Cancelled,
            error => Self::Decode(error),
        }
    }
}

impl EngineError {
    pub(crate) fn io(
        operation: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { operation, path, source }
    }

    /// As the error of a studio, which tasks pass on.
    pub(crate) fn into_sound(self) -> TaskError {
        match self {
            Self::Task(error) => error,
            error => TaskError::Sound(error.to_string()),
        }
    }
}
