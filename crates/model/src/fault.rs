//! Faults of model files, of tensors and of adapters, inside [`ModelError`](crate::ModelError).

use candle_core::DType;
use safetensors::SafeTensorError;

/// Fault of the bytes of a file of weights.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadFault {
    /// Bytes that are not a safetensors file, or a truncated one.
    #[error(transparent)]
    Tensors(#[from] SafeTensorError),
    /// A tensor that candle can't build.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
    /// A missing entry of the metadata.
    #[error("no `{key}` in its metadata")]
    NoEntry {
        /// Key of the entry.
        key: &'static str,
    },
    /// An entry of the metadata that isn't what this program writes.
    #[error("the entry `{key}` of its metadata can't be read: {cause}")]
    Entry {
        /// Key of the entry.
        key: &'static str,
        /// Cause.
        cause: serde_json::Error,
    },
    /// A missing codebook.
    #[error("no codebook of level {level}")]
    NoCodebook {
        /// Level, from 1.
        level: usize,
    },
}

/// Fault of weights that can't be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteFault {
    /// Tensors that safetensors can't hold.
    #[error(transparent)]
    Tensors(#[from] SafeTensorError),
    /// Metadata that can't be written as JSON, or a header that can't be sorted.
    #[error(transparent)]
    Metadata(#[from] serde_json::Error),
    /// A header that is longer after its entries are sorted.
    #[error("its header has {length} bytes, sorted {sorted}")]
    HeaderGrew {
        /// Length of the header in bytes.
        length: usize,
        /// Length of the sorted header in bytes.
        sorted: usize,
    },
}

/// Fault of a tensor that cannot be a weight.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TensorFault {
    /// A tensor of integers.
    #[error("of type {}, not floating point", .0.as_str())]
    DType(DType),
    /// Values that are infinite or NaN.
    #[error("not finite in {count} of {values} values")]
    NotFinite {
        /// Number of values that are not finite.
        count: usize,
        /// Number of all values.
        values: usize,
    },
    /// A codebook of another shape than (codebook_size, latent_dim).
    #[error(
        "of shape {shape:?}, not [{codebook_size}, {}]",
        latent_dim.map_or_else(|| "latent_dim".to_owned(), |dim| dim.to_string())
    )]
    Codebook {
        /// Shape of the tensor.
        shape: Vec<usize>,
        /// Entries of a codebook.
        codebook_size: usize,
        /// Values of an entry in the codebooks before; `None` for the first codebook.
        latent_dim: Option<usize>,
    },
}

/// Fault of an adapter that can't be read or doesn't belong to the model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdapterFault {
    /// Bytes that can't be read.
    #[error(transparent)]
    Read(#[from] ReadFault),
    /// Tensors that are not an adapter.
    #[error("it isn't an adapter (no `{entry}` in its metadata)")]
    NoAdapter {
        /// Metadata entry of adapters.
        entry: &'static str,
    },
    /// A header that isn't what this program writes.
    #[error("its header can't be read: {0}")]
    Header(serde_json::Error),
    /// An adapter of another language model.
    #[error("it was trained on the language model {expected}, this one is {found}")]
    OtherModel {
        /// Fingerprint of the language model that it belongs to.
        expected: String,
        /// Fingerprint of the language model to be adapted.
        found: String,
    },
    /// One of the two matrices of a low-rank pair without the other.
    #[error("half of the pair of `{layer}` is missing")]
    MissingHalf {
        /// Name of the layer.
        layer: String,
    },
    /// A weight that the language model does not have.
    #[error("the language model has no `{name}`")]
    NoWeight {
        /// Name of the weight.
        name: String,
    },
    /// Different numbers of special tokens and of rows for them.
    #[error("the adapted model has {tokens} special tokens and {rows} rows for them")]
    SpecialTokens {
        /// Special tokens of the adapted model.
        tokens: usize,
        /// Rows of its table of special tokens.
        rows: usize,
    },
    /// Tensors whose shapes don't fit those of the model.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

impl AdapterFault {
    /// Returns the remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::OtherModel { .. } => "name the model that it was trained on",
            Self::Read(_)
            | Self::NoAdapter { .. }
            | Self::Header(_)
            | Self::MissingHalf { .. }
            | Self::NoWeight { .. }
            | Self::SpecialTokens { .. }
            | Self::Candle(_) => "name a file that `syrinx train --lora` wrote for this model",
        }
    }
}
