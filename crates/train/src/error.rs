//! Errors of training.

use std::path::PathBuf;

/// Errors of training.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// An invalid setting.
    #[error("training configuration: {0}")]
    Config(syrinx_types::ConfigIssue),
    /// A task that the program does not have.
    #[error("there is no task `{name}`")]
    UnknownTask {
        /// Name given.
        name: String,
        /// Tasks that exist.
        known: Vec<String>,
    },
    /// A stage that a task does not have.
    #[error("task `{task}` has no stage `{stage}`")]
    UnknownStage {
        /// Task.
        task: String,
        /// Name given.
        stage: String,
        /// Stages of the task.
        known: Vec<String>,
    },
    /// Different numbers of tasks and of weights for them.
    #[error("{weights} weights for {tasks} tasks")]
    TaskWeights {
        /// Number of weights.
        weights: usize,
        /// Number of tasks.
        tasks: usize,
    },
    /// A task that is named twice.
    #[error("the task `{0}` is named twice")]
    RepeatedTask(String),
    /// A model that cannot be fine-tuned with this configuration and corpus.
    #[error(transparent)]
    Base(#[from] BaseIssue),
    /// A batch without sequences.
    #[error("a batch is empty")]
    EmptyBatch,
    /// The thread that builds batches ended before the run.
    #[error("the thread that makes batches ended")]
    NoBatches,
    /// Batches of ranks that are not the same.
    #[error("ranks drew different batches, `{own}` and `{other}`")]
    BatchesDiffer {
        /// Batch of the first rank.
        own: String,
        /// Batch of another rank.
        other: String,
    },
    /// A file that can't be read or written.
    #[error("cannot {operation} `{}`: {cause}", path.display())]
    Io {
        /// Failed operation.
        operation: syrinx_types::IoOperation,
        /// File.
        path: PathBuf,
        /// Cause.
        cause: std::io::Error,
    },
    /// The training thread can't be started.
    #[error("cannot start the training thread: {cause}")]
    Thread {
        /// Reason given by the operating system.
        cause: std::io::Error,
    },
    /// A checkpoint that can't be used.
    #[error("checkpoint `{path}`: {fault}")]
    Checkpoint {
        /// File.
        path: PathBuf,
        /// Fault.
        fault: CheckpointFault,
    },
    /// A loss or gradient that is NaN or infinite.
    #[error("step {step}: the {what} is not a number")]
    Diverged {
        /// Step.
        step: u64,
        /// `loss` or `gradient`.
        what: &'static str,
        /// Checkpoint to resume from.
        last_good: String,
    },
    /// A failed operation among the ranks of the job.
    #[error(transparent)]
    Ranks(#[from] crate::ReduceError),
    /// An error of a task that builds an example.
    #[error(transparent)]
    Task(#[from] syrinx_task::TaskError),
    /// An error of the corpus.
    #[error(transparent)]
    Data(#[from] syrinx_data::DataError),
    /// An error of the model.
    #[error(transparent)]
    Model(#[from] syrinx_model::ModelError),
    /// An error of layers or optimiser.
    #[error(transparent)]
    Nn(#[from] syrinx_nn::NnError),
    /// An error of candle.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

/// Fault of a checkpoint that can't be written, read or resumed from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointFault {
    /// A configuration that can't be written as JSON.
    #[error("its configuration cannot be written: {cause}")]
    WriteConfig {
        /// Cause.
        cause: serde_json::Error,
    },
    /// Bytes that hold no tensors.
    #[error(transparent)]
    Tensors(Box<syrinx_model::ModelError>),
    /// A missing entry of the metadata.
    #[error("it has no `{key}`")]
    NoEntry {
        /// Key of the entry.
        key: &'static str,
    },
    /// A step that is not a number.
    #[error("its step isn't a number")]
    Step,
    /// A configuration that this program can't read.
    #[error("its configuration is of another version: {cause}")]
    ReadConfig {
        /// Cause.
        cause: serde_json::Error,
    },
    /// Another `[model]` table than the run's.
    #[error("it was trained with another model configuration")]
    OtherModel,
    /// A weight that the checkpoint lacks.
    #[error("it has no weight `{name}`")]
    MissingWeight {
        /// Name of the weight.
        name: String,
    },
    /// A weight of another shape than the model's.
    #[error("weight `{name}` is {found:?}, not {expected:?}")]
    WeightShape {
        /// Name of the weight.
        name: String,
        /// Shape of the weight in the checkpoint.
        found: Vec<usize>,
        /// Shape of the weight in the model.
        expected: Vec<usize>,
    },
}

/// Contradiction between a model to fine-tune and the configuration or corpus of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaseIssue {
    /// Another `[model]` table.
    #[error("the model to fine-tune has other sizes than the configuration's `[model]`")]
    Sizes,
    /// Special tokens in another order.
    #[error("special tokens of the model to fine-tune would change their rows")]
    SpecialTokens,
    /// An autoregressive stage for an adapter of the other passes.
    #[error("an adapter of non-autoregressive passes can't learn an autoregressive stage")]
    Scope,
    /// Another codec or vocabulary.
    #[error("the model to fine-tune is of another codec or another vocabulary")]
    Space,
}

impl BaseIssue {
    /// Remedy.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Sizes => "leave `[model]` out of the configuration",
            Self::SpecialTokens => "name a model whose tasks are among those of this program",
            Self::Scope => "leave the stage out of the mix, or set lora.scope = \"all\"",
            Self::Space => "encode the corpus with the codec of the model",
        }
    }
}

impl From<syrinx_types::ConfigIssue> for TrainError {
    fn from(issue: syrinx_types::ConfigIssue) -> Self {
        Self::Config(issue)
    }
}

impl TrainError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(match self {
            Self::Diverged { last_good, .. } => format!("lower the learning rate or look at the data, then go on from `{last_good}` with --resume").into(),
            Self::Io { operation, cause, .. } => return syrinx_types::io_hint(*operation, cause.kind()).map(Into::into),
            Self::Data(error) => return error.hint(),
            Self::Nn(error) => return error.hint().map(Into::into),
            Self::Model(error) => return error.hint().map(Into::into),
            Self::Task(error) => return error.hint().map(Into::into),
            Self::Ranks(error) => error.hint().into(),
            Self::UnknownTask { known, .. } => {
                format!("tasks of this program: {}", known.join(", ")).into()
            }
            Self::UnknownStage { known, .. } => {
                format!("stages of the task: {}", known.join(", ")).into()
            }
            Self::TaskWeights { .. } => "give one weight for each task".into(),
            Self::RepeatedTask(_) => "name each task once".into(),
            Self::Base(issue) => issue.hint().into(),
            Self::EmptyBatch => {
                "encode a corpus with all that the mix reads: phones, durations, renditions".into()
            }
            Self::BatchesDiffer { .. } => {
                "give all ranks the same configuration and the same corpus".into()
            }
            Self::Config(_) => {
                "correct the training configuration; `syrinx config schema train` describes it".into()
            }
            Self::Checkpoint { fault: CheckpointFault::OtherModel, .. } => {
                "use that one or another folder".into()
            }
            Self::Checkpoint { .. } => "delete the checkpoint to begin anew, or name another folder with --run".into(),
            Self::NoBatches | Self::Thread { .. } | Self::Candle(_) => return None,
        })
    }
}
