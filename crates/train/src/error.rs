//! What can go wrong while training.

use std::path::PathBuf;

/// Errors of training.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A setting that can't be.
    #[error("training configuration: {0}")]
    Config(String),
    /// A file that can't be read or written.
    #[error("`{path}`: {source}")]
    Io {
        /// File.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
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
    #[error(
        "step {step}: the {what} is not a number; the last good checkpoint is `{last_good}`: lower the learning rate or look at the data, then go on with --resume"
    )]
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
