//! Errors of recipes.

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

/// An error of this crate. The message states the fault, [`RecipeError::hint`] the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// Fewer aligned recordings than a voice needs.
    #[error(
        "a voice needs {needed} aligned recordings, and {aligned} of {found} are aligned: {left_out}"
    )]
    TooFew {
        /// Number of aligned recordings.
        aligned: usize,
        /// Number of recordings in the manifest.
        found: usize,
        /// Minimum number of aligned recordings.
        needed: usize,
        /// Reasons for the recordings that were left out.
        left_out: LeftOutReasons,
    },
    /// The training of a voice's adapter was cancelled.
    #[error("stopped after {step} of {steps} steps")]
    Stopped {
        /// Number of completed steps.
        step: u64,
        /// Total number of steps.
        steps: u64,
    },
    /// The training of an ablation's cell was cancelled.
    #[error("stopped")]
    CellStopped,
    /// No recording from which a prompt can be extracted.
    #[error("none of the recordings can be read again for the prompt")]
    NoPrompt,
    /// Shards that were encoded with another codec than the one in use.
    #[error(
        "{}: the shards were encoded with the codec {shards}, and the codec in use is {codec}",
        path.display()
    )]
    OtherCodec {
        /// Folder of the shards.
        path: PathBuf,
        /// Fingerprint of the codec of the shards.
        shards: String,
        /// Fingerprint of the codec in use.
        codec: String,
    },
    /// Shards that were encoded with another codec than that of the model.
    #[error("{} was not encoded with the codec of the model", path.display())]
    OtherModelCodec {
        /// Folder of the shards.
        path: PathBuf,
    },
    /// The folder of a new training already holds a run.
    #[error("{} already holds a training run", path.display())]
    RunExists {
        /// The folder.
        path: PathBuf,
    },
    /// No validation sentence for in-training evaluation.
    #[error(
        "in-training evaluation has no sentence: the validation set has no text of a training speaker"
    )]
    NoSentence,
    /// The codec of in-training evaluation cannot be opened as a codec with a vocoder.
    #[error("{cause}")]
    NoVocoder {
        /// Error of opening the codec.
        cause: EngineError,
    },
    /// A URL in a program without object storage.
    #[error("{url}: this program was built without object storage")]
    NoObjectStorage {
        /// The URL.
        url: String,
    },
    /// No registered task serves the purpose.
    #[error("no task of this program {purpose}")]
    NoTask {
        /// Purpose as a verb phrase.
        purpose: &'static str,
    },
    /// A line that is not a valid request.
    #[error("{file}:{line}: {fault}")]
    Line {
        /// Name of the file.
        file: String,
        /// Line number, from 1.
        line: usize,
        /// Fault.
        fault: RequestLineFault,
        /// Field of the request that a line of plain text fills.
        field: String,
    },
    /// Two lines with the same id.
    #[error("{file}:{line}: the id `{id}` occurs twice")]
    LineTwice {
        /// Name of the file.
        file: String,
        /// Line number of the second occurrence, from 1.
        line: usize,
        /// The repeated id.
        id: String,
    },
    /// A file of requests that has only empty lines.
    #[error("{file} has no requests")]
    NoLine {
        /// Name of the file.
        file: String,
    },
    /// Training without token shards.
    #[error("training needs token shards")]
    NoShards,
    /// An ablation with training, but without token shards.
    #[error("ablation `{ablation}` trains models and needs token shards")]
    NoAblationShards {
        /// Name of the ablation.
        ablation: String,
    },
    /// A value of the training configuration that is out of range or not supported here.
    #[error(transparent)]
    Setting(#[from] syrinx_types::ConfigIssue),
    /// No task for the purpose that the model was trained on.
    #[error("the model has no trained task that {purpose}")]
    UntrainedTask {
        /// Purpose as a verb phrase.
        purpose: &'static str,
    },
    /// A cell to train that has no training budget.
    #[error("the cell has no training budget")]
    NoBudget,
    /// `coded_share` above 0 without resynthesized recordings.
    #[error("`coded_share` above 0 needs resynthesized recordings")]
    NoCodedClips,
    /// Resynthesized codes of other recordings than those of the manifest.
    #[error("{} has codes of none of the manifest's recordings", path.display())]
    OtherRecordings {
        /// Folder of the codes.
        path: PathBuf,
    },
    /// Cancelled work without an intermediate result.
    #[error("stopped")]
    Cancelled,
    /// An utterance that cannot be read or rendered.
    #[error("{id}: {fault}")]
    Utterance {
        /// Identifier of the utterance.
        id: String,
        /// Fault of reading or rendering.
        fault: UtteranceFault,
    },
    /// A file operation failed.
    #[error("cannot {operation} {}: {cause}", path.display())]
    Io {
        /// Failed operation.
        operation: IoOperation,
        /// The file or folder.
        path: PathBuf,
        /// Error of the operating system.
        cause: io::Error,
    },
    /// The program was built without a model.
    #[error(transparent)]
    NoModel(#[from] syrinx_embedded::NoModel),
    /// An invalid codec specification.
    #[error(transparent)]
    CodecSpec(#[from] syrinx_pretrained::SpecError),
    /// Error of the settings or of a configuration.
    #[error(transparent)]
    Config(#[from] syrinx_config::ConfigError),
    /// Error of a recording.
    #[error(transparent)]
    Audio(#[from] syrinx_audio::AudioError),
    /// Error of a text.
    #[error(transparent)]
    Text(#[from] syrinx_text::TextError),
    /// Error of an acoustic scene.
    #[error(transparent)]
    Scene(#[from] syrinx_scene::SceneError),
    /// Error of a codec.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// Error of a published checkpoint.
    #[error(transparent)]
    Pretrained(#[from] syrinx_pretrained::PretrainedError),
    /// Error of a device or a neural network.
    #[error(transparent)]
    Nn(#[from] syrinx_nn::NnError),
    /// Error of a task.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// Error of the loaded model.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Error of a manifest or of shards.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Error of training.
    #[error(transparent)]
    Train(#[from] syrinx_train::TrainError),
    /// Error of an evaluation.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// Error of pretraining by a recipe.
    #[error(transparent)]
    Pretraining(#[from] PretrainingFault),
    /// Error of an ablation.
    #[error(transparent)]
    Ablate(#[from] syrinx_ablate::AblateError),
    /// Error of the results store.
    #[error(transparent)]
    Results(#[from] syrinx_results::ResultsError),
}

/// Fault of a line of a request file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestLineFault {
    /// Invalid JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// Invalid value of a line's `id`, `seed` or `temperature`.
    #[error("`{name}` can't be {value}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Value of the setting.
        value: serde_json::Value,
    },
}

/// Reason why an utterance cannot be rendered, aligned or encoded. The messages complete "left out because ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UtteranceFault {
    /// The recording cannot be read.
    #[error(transparent)]
    Recording(#[from] syrinx_audio::AudioError),
    /// The rendition cannot be rendered.
    #[error(transparent)]
    Rendition(#[from] TaskError),
    /// The rendition needs another speaker, and the manifest has only one.
    #[error("the manifest has no other speaker")]
    NoOtherSpeaker,
    /// The shards lack the utterance.
    #[error("its codes are not in the shards")]
    NoShard,
    /// The task cannot be trained on the utterance.
    #[error("the task can't be trained on it")]
    NoExample,
    /// The text cannot be aligned with the recording.
    #[error(transparent)]
    Alignment(#[from] Box<EngineError>),
    /// The confidence of the alignment is too low.
    #[error("the confidence of its alignment is below {min_confidence}")]
    LowConfidence {
        /// Minimum confidence, from 0 to 1.
        min_confidence: f64,
    },
    /// The recording cannot be encoded.
    #[error("its recording can't be encoded: {reason}")]
    Encode {
        /// Reason, as the shard stores it.
        reason: String,
    },
}

impl RecipeError {
    /// Returns a function that wraps an error of the operating system.
    pub(crate) fn io(
        operation: IoOperation,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |cause| Self::Io { operation, path, cause }
    }

    /// Remedy; `None` if none is known.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::TooFew { .. } => {
                "add recordings with exact transcripts, or select another recognizer with --recognizer"
                    .into()
            }
            Self::NoPrompt => "keep the recordings in their folder while the voice is trained".into(),
            Self::Stopped { .. } => "run the same command again to resume".into(),
            Self::CellStopped => "run the ablation again to resume from the cell's checkpoint".into(),
            Self::OtherCodec { .. } => {
                "select the codec of the shards with --codec, or encode the manifest again".into()
            }
            Self::OtherModelCodec { .. } => {
                "encode the manifest with `syrinx data encode` and this model".into()
            }
            Self::RunExists { .. } => "resume the run with --resume, or select another folder with --run".into(),
            Self::NoSentence => {
                "select a validation split with the same speakers with --watch-split, or omit --in-training-eval"
                    .into()
            }
            Self::NoVocoder { .. } => {
                "select a codec with a vocoder (`syrinx codec train`) with --codec, or omit --in-training-eval"
                    .into()
            }
            Self::Line { field, .. } => format!(
                "a line is plain text, or JSON such as {{\"{field}\": \"Hello.\", \"seed\": 1, \"id\": \"hello\"}}"
            )
            .into(),
            Self::LineTwice { .. } => "give every line a unique id".into(),
            Self::NoLine { .. } => "write one request per line".into(),
            Self::NoObjectStorage { .. } => {
                "build the program with `cargo build --features object-store`, or use a folder".into()
            }
            Self::NoShards => "select token shards with --data".into(),
            Self::NoAblationShards { .. } => {
                "select token shards with --data; `syrinx data encode` writes them".into()
            }
            Self::NoCodedClips => {
                "select a folder written by `syrinx data resynthesize` with --resynthesized".into()
            }
            Self::OtherRecordings { .. } => {
                "resynthesize the same manifest with `syrinx data resynthesize`".into()
            }
            Self::Cancelled => "nothing was written; run the command again".into(),
            Self::CodecSpec(_) => "an example is `codec = \"mimi,levels=8\"`".into(),
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

    /// Whether the error is a cancellation.
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
