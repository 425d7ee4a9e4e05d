//! Errors of training.

use std::path::PathBuf;

/// Errors of training.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A setting that can't be.
    #[error("training configuration: {0}")]
    Config(String),
    /// A file that can't be read or written.
    #[error("cannot {operation} `{}`: {cause}", path.display())]
    Io {
        /// Failed operation.
        operation: syrinx_types::IoOperation,
        /// File.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The training thread can't be started.
    #[error("cannot start the training thread: {cause}")]
    Thread {
        /// Reason given by the operating system.
        cause: std::io::Error,
    },
    /// A checkpoint that can't be used.
    #[error("checkpoint `{path}`: {reason}")]
    Checkpoint {
        /// File.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// The loss or the gradient isn't a number any more.
    #[error("step {step}: the {what} is not a number")]
    Diverged {
        /// Step.
        step: u64,
        /// `loss` or `gradient`.
        what: &'static str,
        /// The checkpoint to go on from.
        last_good: String,
    },
    /// The other ranks of the job.
    #[error(transparent)]
    Ranks(#[from] crate::ReduceError),
    /// A task failed to make an example.
    #[error(transparent)]
    Task(#[from] syrinx_task::TaskError),
    /// The data can't be batched.
    #[error(transparent)]
    Data(#[from] syrinx_data::DataError),
    /// The model.
    #[error(transparent)]
    Model(#[from] syrinx_model::ModelError),
    /// Layers and optimiser.
    #[error(transparent)]
    Nn(#[from] syrinx_nn::NnError),
    /// Tensors.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

impl TrainError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(match self {
            Self::Diverged { last_good, .. } => format!("lower the learning rate or look at the data, then go on from `{last_good}` with --resume").into(),
            Self::Io { operation, cause, .. } => return syrinx_types::io_hint(*operation, cause.kind()).map(Into::into),
            Self::Data(error) => return error.hint(),
            Self::Config(_) => {
                "correct the training configuration; `syrinx config schema train` describes it".into()
            }
            Self::Checkpoint { .. } => "delete the checkpoint to begin anew, or name another folder with --run".into(),
            _ => return None,
        })
    }
}
