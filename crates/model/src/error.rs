//! Errors of models and their weights.

use crate::fault::{AdapterFault, ReadFault, TensorFault, WriteFault};

/// Errors of the model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// An invalid size or switch.
    #[error("model configuration: {0}")]
    Config(syrinx_types::ConfigIssue),
    /// Codebooks of another codec than the model's.
    #[error(
        "codebooks don't fit {levels} levels of {entries} entries: the codec isn't the one that the model was trained with"
    )]
    Codebooks {
        /// Levels of the model.
        levels: usize,
        /// Entries of a level.
        entries: usize,
    },
    /// Weights that can't be read.
    #[error("model weights can't be read: {0}")]
    Unreadable(ReadFault),
    /// Weights that can't be written.
    #[error("model weights can't be written: {0}")]
    Unwritable(WriteFault),
    /// A tensor of a model file that cannot be a weight.
    #[error("the tensor `{name}` of the model is {fault}")]
    Tensor {
        /// Name of the tensor in the file.
        name: String,
        /// Fault.
        fault: TensorFault,
    },
    /// An adapter that can't be read or doesn't belong to the model.
    #[error("adapter: {0}")]
    Adapter(AdapterFault),
    /// Weights that do not fit the network.
    #[error(transparent)]
    Weights(#[from] syrinx_nn::NnError),
    /// An error of candle.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
    /// Training material without latents for a model with latent conditioning.
    #[error(
        "the model has latent conditioning ({0} values a frame), and its material has no latents"
    )]
    NoLatents(usize),
    /// Targets of an output that the model does not have.
    #[error("the model has no output {0:?}")]
    NoOutput(syrinx_task::HeadOutput),
    /// Sequences of several stages in one batch.
    #[error("a batch mixes stages")]
    MixedStages,
}

impl From<syrinx_types::ConfigIssue> for ModelError {
    fn from(issue: syrinx_types::ConfigIssue) -> Self {
        Self::Config(issue)
    }
}

impl From<ReadFault> for ModelError {
    fn from(fault: ReadFault) -> Self {
        Self::Unreadable(fault)
    }
}

impl From<WriteFault> for ModelError {
    fn from(fault: WriteFault) -> Self {
        Self::Unwritable(fault)
    }
}

impl From<AdapterFault> for ModelError {
    fn from(fault: AdapterFault) -> Self {
        Self::Adapter(fault)
    }
}

impl ModelError {
    /// Returns the remedy, where one is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unreadable(_) => {
                Some("the file is truncated or no model: fetch or train it again")
            }
            Self::Tensor { .. } => Some("fetch or train the model again"),
            Self::Codebooks { .. } => Some("use the codec that the model was trained with"),
            Self::Adapter(fault) => Some(fault.hint()),
            Self::Weights(error) => error.hint(),
            Self::NoLatents(_) => Some("encode and simulate the corpus with `--latents`"),
            Self::Config(_)
            | Self::Unwritable(_)
            | Self::Candle(_)
            | Self::NoOutput(_)
            | Self::MixedStages => None,
        }
    }
}
