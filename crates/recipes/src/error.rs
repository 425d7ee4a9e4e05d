//! Errors.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use syrinx_codec::CodecError;
use syrinx_data::{DataError, LeftOutReasons};
use syrinx_decode::DecodeError;
use syrinx_engine::EngineError;
use syrinx_eval::{EvalError, SubjectError};
use syrinx_task::TaskError;
use syrinx_types::{IoOperation, io_hint};

use crate::pretraining::PretrainingFault;

/// An error of this crate. The message names the object, [`RecipeError::hint`] is the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// Fewer aligned recordings than a voice needs.
    #[error(
        "only {aligned} of {found} recordings can be trained on, {needed} are needed: {left_out}"
    )]
    TooFew {
        /// Recordings that were aligned.
        aligned: usize,
        /// Recordings of the folder.
        found: usize,
        /// Smallest number.
        needed: usize,
        /// Reasons for the others.
        left_out: LeftOutReasons,
    },
    /// The adapter of a voice was not finished.
    #[error("stopped after {step} of {steps} steps")]
    Stopped {
        /// Steps done.
        step: u64,
        /// Steps in all.
        steps: u64,
    },
    /// The training of an ablation's cell was not finished.
    #[error("stopped")]
    CellStopped,
    /// No recording that a prompt can be cut from.
    #[error("no recording can be read again for the prompt")]
    NoPrompt,
    /// Shards of another codec than the one they are used with.
    #[error(
        "{}: the shards are of the codec {shards}, the codec given is {codec}",
        path.display()
    )]
    OtherCodec {
        /// Folder of the shards.
        path: PathBuf,
        /// Fingerprint of their codec.
        shards: String,
        /// Fingerprint of the codec in use.
        codec: String,
    },
    /// Shards of another codec than that of the model.
    #[error("{} was encoded by another codec than the model's", path.display())]
    OtherModelCodec {
        /// Folder of the shards.
        path: PathBuf,
    },
    /// The folder of a new training holds a run.
    #[error("{} holds a run already", path.display())]
    RunExists {
        /// The folder.
        path: PathBuf,
    },
    /// No held-out sentence for in-training evaluation.
    #[error(
        "there is nothing to evaluate with: no sentence to watch is of a speaker that is learnt"
    )]
    NoSentence,
    /// A codec that in-training evaluation cannot decode with.
    #[error("{cause}")]
    NoVocoder {
        /// Error of opening it.
        cause: EngineError,
    },
    /// A URL in a program without object storage.
    #[error("{url}: this program was built without object storage")]
    NoObjectStorage {
        /// The URL.
        url: String,
    },
    /// No registered task for a purpose.
    #[error("no task of this program {purpose}")]
    NoTask {
        /// Purpose as a verb phrase.
        purpose: &'static str,
    },
    /// A line of a file that is no request.
    #[error("{file}:{line}: {fault}")]
    Line {
        /// Name of the file.
        file: String,
        /// Number of the line, from 1.
        line: usize,
        /// Fault.
        fault: RequestLineFault,
        /// Field of the request that plain text fills.
        field: String,
    },
    /// Two lines with the same id.
    #[error("{file}:{line}: the id `{id}` occurs twice")]
    LineTwice {
        /// Name of the file.
        file: String,
        /// Number of the second line, from 1.
        line: usize,
        /// The id.
        id: String,
    },
    /// A file of requests without lines.
    #[error("{file}: holds no line")]
    NoLine {
        /// Name of the file.
        file: String,
    },
    /// A training without shards.
    #[error("there is nothing to learn from")]
    NoShards,
    /// An ablation that trains without shards.
    #[error("ablation `{ablation}` trains models, and there is nothing to learn from")]
    NoAblationShards {
        /// Name of the ablation.
        ablation: String,
    },
    /// A training configuration out of range.
    #[error(transparent)]
    Setting(#[from] syrinx_types::ConfigIssue),
    /// A task that the model was not trained for.
    #[error("the model has no trained task that {purpose}")]
    UntrainedTask {
        /// Purpose as a verb phrase.
        purpose: &'static str,
    },
    /// A cell without a training budget was to be trained.
    #[error("a training without a budget")]
    NoBudget,
    /// `coded_share` above 0 without resynthesized clips.
    #[error("coded_share needs clips with codes")]
    NoCodedClips,
    /// Resynthesized codes of other recordings.
    #[error("{} has none of the manifest's recordings", path.display())]
    OtherRecordings {
        /// Folder of the codes.
        path: PathBuf,
    },
    /// Work without an intermediate result was cancelled.
    #[error("stopped")]
    Cancelled,
    /// An utterance that cannot be rendered.
    #[error("{id}: {fault}")]
    Utterance {
        /// Name of the utterance.
        id: String,
        /// Fault of reading or rendering it.
        fault: UtteranceFault,
    },
    /// A file or folder.
    #[error("cannot {operation} {}: {cause}", path.display())]
    Io {
        /// Failed operation.
        operation: IoOperation,
        /// The file or folder.
        path: PathBuf,
        /// Error of the operating system.
        cause: io::Error,
    },
    /// No model is compiled in.
    #[error(transparent)]
    NoModel(#[from] syrinx_embedded::NoModel),
    /// A codec specification.
    #[error(transparent)]
    CodecSpec(#[from] syrinx_pretrained::SpecError),
    /// Settings.
    #[error(transparent)]
    Config(#[from] syrinx_config::ConfigError),
    /// Recordings.
    #[error(transparent)]
    Audio(#[from] syrinx_audio::AudioError),
    /// Texts.
    #[error(transparent)]
    Text(#[from] syrinx_text::TextError),
    /// Acoustic scenes.
    #[error(transparent)]
    Scene(#[from] syrinx_scene::SceneError),
    /// Codecs.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// Published checkpoints.
    #[error(transparent)]
    Pretrained(#[from] syrinx_pretrained::PretrainedError),
    /// Devices and layers.
    #[error(transparent)]
    Nn(#[from] syrinx_nn::NnError),
    /// Tasks.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// The loaded model.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Manifests and shards.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Training.
    #[error(transparent)]
    Train(#[from] syrinx_train::TrainError),
    /// Evaluation.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// Pretraining by a recipe.
    #[error(transparent)]
    Pretraining(#[from] PretrainingFault),
    /// Ablations.
    #[error(transparent)]
    Ablate(#[from] syrinx_ablate::AblateError),
    /// Results store.
    #[error(transparent)]
    Results(#[from] syrinx_results::ResultsError),
}

/// Fault of a line that should be a request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestLineFault {
    /// A line that isn't JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A value that a setting of the line can't have.
    #[error("`{name}` can't be {value}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Value of the setting.
        value: serde_json::Value,
    },
}

/// Fault of an utterance that can't be rendered, aligned or encoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UtteranceFault {
    /// A recording that can't be read.
    #[error(transparent)]
    Recording(#[from] syrinx_audio::AudioError),
    /// A rendition that can't be rendered.
    #[error(transparent)]
    Rendition(#[from] TaskError),
    /// A rendition with another speaker, of a manifest without one.
    #[error("there is no other speaker")]
    NoOtherSpeaker,
    /// An utterance that the shards lack.
    #[error("it isn't in the shards")]
    NoShard,
    /// An utterance that the task can't learn from.
    #[error("the task can't learn from it")]
    NoExample,
    /// A text that can't be aligned with its recording.
    #[error(transparent)]
    Alignment(#[from] Box<EngineError>),
    /// A text that hardly fits its recording.
    #[error("its text fits the recording with a confidence below {min_confidence}")]
    LowConfidence {
        /// Smallest confidence that is kept, 0 to 1.
        min_confidence: f64,
    },
    /// A recording that can't be encoded. The text is the one in its shard.
    #[error("it can't be encoded: {reason}")]
    Encode {
        /// Reason, as the shard keeps it.
        reason: String,
    },
}

impl RecipeError {
    /// Wraps an error of the operating system.
    pub(crate) fn io(
        operation: IoOperation,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |cause| Self::Io { operation, path, cause }
    }

    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::TooFew { .. } => {
                "give more recordings with their exact words, or another recognizer with --recognizer"
                    .into()
            }
            Self::NoPrompt => "leave the recordings in place while the voice is trained".into(),
            Self::Stopped { .. } => "the same command goes on from there".into(),
            Self::CellStopped => "the cell's checkpoint is kept".into(),
            Self::OtherCodec { .. } => {
                "name the codec of the shards with --codec, or encode the manifest again".into()
            }
            Self::OtherModelCodec { .. } => {
                "encode the manifest with `syrinx data encode` and this model".into()
            }
            Self::RunExists { .. } => "go on with --resume, or name another folder with --run".into(),
            Self::NoSentence => {
                "name the split of the sentences with --watch-split, or leave out --in-training-eval"
                    .into()
            }
            Self::NoVocoder { .. } => {
                "name a codec with its vocoder (`syrinx codec train`) with --codec, or leave out --in-training-eval"
                    .into()
            }
            Self::Line { field, .. } => format!(
                "a line is a text, or JSON such as {{\"{field}\": \"Hello.\", \"seed\": 1, \"id\": \"hello\"}}"
            )
            .into(),
            Self::LineTwice { .. } => "give every line an id of its own".into(),
            Self::NoLine { .. } => "write a text a line".into(),
            Self::NoObjectStorage { .. } => {
                "build one with `cargo build --features object-store`, or name a folder".into()
            }
            Self::NoShards => "name token shards with --data".into(),
            Self::NoAblationShards { .. } => {
                "name token shards with --data; `syrinx data encode` makes them".into()
            }
            Self::NoCodedClips => {
                "name a folder of `syrinx data resynthesize` with --resynthesized".into()
            }
            Self::OtherRecordings { .. } => {
                "make it of the same manifest with `syrinx data resynthesize`".into()
            }
            Self::Cancelled => "nothing was written; run the command again".into(),
            Self::CodecSpec(_) => "for instance `codec = \"mimi,levels=8\"`".into(),
            Self::Setting(_) | Self::NoBudget | Self::NoTask { .. } | Self::UntrainedTask { .. } | Self::Utterance { .. } => return None,
            Self::Scene(error) => error.hint().into(),
            Self::Nn(error) => return error.hint().map(Into::into),
            Self::Io { operation, cause, .. } => io_hint(*operation, cause.kind())?.into(),
            Self::NoModel(error) => error.hint().into(),
            Self::Config(error) => return error.hint(),
            Self::Audio(error) => return error.hint(),
            Self::Text(error) => return error.hint(),
            Self::Codec(error) => return error.hint(),
            Self::Pretrained(error) => return error.hint(),
            Self::Task(error) => error.hint()?.into(),
            Self::Engine(error) => error.hint()?.into(),
            Self::Data(error) => return error.hint(),
            Self::Train(error) => return error.hint(),
            Self::Eval(error) => return error.hint(),
            Self::Pretraining(fault) => return fault.hint(),
            Self::Ablate(error) => return error.hint(),
            Self::Results(error) => return error.hint(),
        })
    }

    /// Whether the work was stopped on request.
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::Stopped { .. } | Self::CellStopped | Self::Cancelled => true,
            Self::Task(TaskError::Cancelled) => true,
            Self::Codec(CodecError::Cancelled { .. }) => true,
            Self::Pretrained(error) => error.is_cancelled(),
            Self::Pretraining(PretrainingFault::Stage { cause, .. }) => cause.is_cancelled(),
            Self::Data(DataError::Cancelled { .. }) => true,
            Self::Eval(
                EvalError::Cancelled { .. } | EvalError::Subject(SubjectError::Cancelled),
            ) => true,
            Self::Engine(error) => matches!(
                error,
                EngineError::Cancelled
                    | EngineError::Task(TaskError::Cancelled)
                    | EngineError::Decode(DecodeError::Cancelled)
            ),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stopped_work_is_told_from_failed_work() {
        let stopped: [RecipeError; 5] = [
            RecipeError::CellStopped,
            RecipeError::Stopped { step: 1, steps: 2 },
            TaskError::Cancelled.into(),
            EngineError::Cancelled.into(),
            EvalError::Subject(SubjectError::Cancelled).into(),
        ];
        assert!(stopped.iter().all(RecipeError::is_cancelled), "{stopped:?}");
        let failed = [RecipeError::NoPrompt, RecipeError::NoShards, RecipeError::NoBudget];
        assert!(!failed.iter().any(RecipeError::is_cancelled), "{failed:?}");
    }
}
