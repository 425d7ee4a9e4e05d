//! Faults of weights and of saved training states, inside [`crate::CodecError`].

use safetensors::SafeTensorError;
use safetensors::tensor::Dtype;

/// Fault of bytes that aren't weights of a codec, or are cut short.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadFault {
    /// Bytes that are no safetensors file.
    #[error(transparent)]
    Safetensors(#[from] SafeTensorError),
    /// A header without the configuration of a codec.
    #[error("the header has no `{entry}`: these are other weights")]
    NoHeader {
        /// Entry that holds the configuration.
        entry: &'static str,
    },
    /// A tensor of a type that codecs don't use.
    #[error("tensor `{name}` is of type {dtype:?}")]
    TensorType {
        /// Name of the tensor.
        name: String,
        /// Type of the tensor.
        dtype: Dtype,
    },
}

/// Contradiction within the weights of a codec, or between them and their configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsMismatch {
    /// A configuration that can't be written as JSON.
    #[error(transparent)]
    WriteConfig(serde_json::Error),
    /// Tensors that can't be written as a safetensors file.
    #[error(transparent)]
    WriteTensors(SafeTensorError),
    /// A configuration of another version, or one that is no JSON.
    #[error("configuration: {cause}")]
    ReadConfig {
        /// Cause.
        cause: serde_json::Error,
    },
    /// A tensor that the configuration requires and the weights lack.
    #[error("tensor `{name}` is missing")]
    MissingTensor {
        /// Name of the tensor.
        name: String,
    },
    /// A tensor of another shape.
    #[error("tensor `{name}` has shape {found:?}, the configuration requires {expected:?}")]
    TensorShape {
        /// Name of the tensor.
        name: String,
        /// Shape of the tensor.
        found: Vec<usize>,
        /// Shape by the configuration.
        expected: Vec<usize>,
    },
    /// A tensor that the configuration doesn't mention.
    #[error("tensor `{name}` belongs to nothing in the configuration")]
    UnusedTensor {
        /// Name of the tensor.
        name: String,
    },
    /// A matrix in 8 bits whose scales are missing or differ from its rows in number.
    #[error("tensor `{name}` in 8 bits has no scale for each of its rows")]
    RowScales {
        /// Name of the matrix.
        name: String,
    },
    /// A table with another number of values, or with one that isn't finite.
    #[error("{found} values in the {table}, not {expected}")]
    TableValues {
        /// Name of the table.
        table: &'static str,
        /// Number of values in the table.
        found: usize,
        /// Number of values by the configuration.
        expected: usize,
    },
    /// Codebooks with another number of values.
    #[error("{found} codebook values, not {levels} levels of {entries} entries of {latent_dim}")]
    CodebookValues {
        /// Number of values.
        found: usize,
        /// Levels by the configuration.
        levels: usize,
        /// Entries of a codebook by the configuration.
        entries: usize,
        /// Values of an entry by the configuration.
        latent_dim: usize,
    },
    /// A codebook with a value that isn't finite.
    #[error("a codebook holds a value that isn't finite")]
    CodebookNotFinite,
    /// A mean or axes with another number of values.
    #[error(
        "a mean of {mean} and axes of {axes} values, not {patch_dim} and {latent_dim} x {patch_dim}"
    )]
    ProjectionValues {
        /// Number of values of the mean.
        mean: usize,
        /// Number of values of the axes.
        axes: usize,
        /// Values of a patch by the configuration.
        patch_dim: usize,
        /// Number of axes by the configuration.
        latent_dim: usize,
    },
    /// A scale, a mean or axes with a value that isn't finite, or a scale that isn't positive.
    #[error("the scale, mean or axes hold a value that isn't finite")]
    ProjectionNotFinite,
    /// A tensor of a vocoder to start from that has another shape, and can't be adapted.
    #[error("`{name}` of the vocoder to start from has another shape")]
    StartShape {
        /// Name of the tensor.
        name: String,
    },
    /// A quantiser and another part that were made for different spectrograms.
    #[error("quantiser and {part} are made for different spectrograms")]
    Spectrogram {
        /// The other part.
        part: &'static str,
    },
    /// A vocoder with a source and no enhancement layer, or the other way round.
    #[error("a vocoder with a source needs an enhancement layer, another one has none")]
    Enhancement,
    /// A pitch track of another length than its spectrogram.
    #[error("{found} frames of pitch for {frames} of the spectrogram")]
    PitchFrames {
        /// Frames of the pitch track.
        found: usize,
        /// Frames of the spectrogram.
        frames: usize,
    },
}

/// Mismatch between a saved training state and the run that would continue it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StateMismatch {
    /// Another quantiser.
    #[error("it was trained with another quantiser")]
    Quantiser,
    /// Another configuration.
    #[error("it was trained with another configuration")]
    Config,
    /// A missing tensor of an optimiser.
    #[error("a tensor of the optimiser is missing")]
    OptimizerTensor,
}
