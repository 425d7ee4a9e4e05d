//! Faults of containers, pickles and configurations.

use std::io;

/// Deviations of a file from its format.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContainerFault {
    /// A file without a header of the format.
    #[error("it does not begin with a {format} header")]
    NoHeader {
        /// Name of the format.
        format: &'static str,
    },
    /// A header that extends beyond the end of the file.
    #[error("its header is truncated")]
    HeaderCutOff,
    /// A header whose JSON is invalid.
    #[error(transparent)]
    Json(serde_json::Error),
    /// Bytes after the last tensor.
    #[error("{bytes} bytes follow the last tensor")]
    Surplus {
        /// Number of bytes.
        bytes: u64,
    },
    /// An archive that can't be read.
    #[error(transparent)]
    Zip(zip::result::ZipError),
    /// A member of an archive that is compressed or truncated.
    #[error("member `{member}` is compressed or truncated")]
    Member {
        /// Name of the member.
        member: String,
    },
    /// An archive without the pickle that describes its tensors.
    #[error("the archive has no data.pkl")]
    NoPickle,
    /// Tensors that safetensors refuses.
    #[error(transparent)]
    Safetensors(safetensors::SafeTensorError),
    /// A GGUF file that candle can't read.
    #[error(transparent)]
    Gguf(Box<candle_core::Error>),
    /// A tensor that extends beyond the end of the file.
    #[error("tensor `{tensor}` of shape {shape:?} extends beyond the {length} bytes of the file")]
    TensorBeyondEnd {
        /// Name of the tensor.
        tensor: String,
        /// Shape in the header.
        shape: Vec<usize>,
        /// Length of the file, in bytes.
        length: u64,
    },
    /// A tensor that candle can't read.
    #[error("tensor `{tensor}`: {cause}")]
    Tensor {
        /// Name of the tensor.
        tensor: String,
        /// Cause.
        cause: Box<candle_core::Error>,
    },
    /// A tensor with too many axes.
    #[error("a tensor has {0} axes")]
    Axes(u32),
    /// An array with too many elements.
    #[error("an array has {0} elements")]
    Elements(u64),
    /// A value of an unknown type.
    #[error("a value has the unknown type {0}")]
    ValueType(u32),
    /// A header that can't be read from disk.
    #[error("its header can't be read: {0}")]
    Read(io::Error),
}

impl From<io::Error> for ContainerFault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::HeaderCutOff,
            _ => Self::Read(error),
        }
    }
}

/// Reasons for refusing a pickle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PickleFault {
    /// A pickle of a model that is only read from other formats.
    #[error("this model is read from {formats} only")]
    Format {
        /// Names of the formats.
        formats: &'static str,
    },
    /// A tensor whose values are not in the archive.
    #[error("tensor `{tensor}`: {fault}")]
    Storage {
        /// Name of the tensor.
        tensor: String,
        /// Fault.
        fault: Box<StorageFault>,
    },
    /// A pickle of something other than a dictionary.
    #[error("it does not contain a dictionary")]
    NoDictionary,
    /// An entry of the dictionary that is not a tensor.
    #[error("`{name}` is not a tensor")]
    NoTensor {
        /// Name of the entry.
        name: String,
    },
    /// A key of the dictionary that is not a string.
    #[error("a key is not a string")]
    NoName,
    /// An operation that dictionaries of tensors don't need.
    #[error("operation {0:#04x} is not needed for tensors")]
    Operation(u8),
    /// A constructor that dictionaries of tensors don't need.
    #[error("it calls `{module}.{name}`, which does not build tensors")]
    Constructor {
        /// Module of the constructor.
        module: String,
        /// Name of the constructor.
        name: String,
    },
    /// Operands of another type than their operation requires.
    #[error("{operation} has operands of another type")]
    Operands {
        /// Name of the operation.
        operation: &'static str,
    },
    /// A number with more than 64 bits.
    #[error("a number has more than 64 bits")]
    WideNumber,
    /// A negative size.
    #[error("a size is {0}")]
    Size(i64),
    /// Values that are nested too deeply.
    #[error("values are nested too deeply")]
    Depth,
    /// An operation with fewer operands than it needs.
    #[error("an operation has too few operands")]
    EmptyStack,
    /// A reference to a memoized value that was never stored.
    #[error("a memoized value was never stored")]
    NoMemo,
    /// A pickle that ends within an operation.
    #[error("it is truncated")]
    CutOff,
}

/// Faults of a tensor's values in an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StorageFault {
    /// Values that are not contiguous in the order of the shape.
    #[error("its values are not contiguous")]
    Order,
    /// A storage that is not in the archive.
    #[error("`{storage}` is not in the archive")]
    Missing {
        /// Name of the storage.
        storage: String,
    },
    /// A shape that needs more bytes than the storage has.
    #[error("shape {shape:?} is larger than the {bytes} bytes of `{storage}`")]
    Length {
        /// Shape of the tensor.
        shape: Vec<usize>,
        /// Size of the storage, in bytes.
        bytes: u64,
        /// Name of the storage.
        storage: String,
    },
}

/// Faults of a configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigFault {
    /// Text that doesn't parse as the JSON of the configuration.
    #[error(transparent)]
    Json(serde_json::Error),
    /// Text that doesn't parse as the YAML of the configuration.
    #[error(transparent)]
    Yaml(serde_yaml_ng::Error),
    /// A file that is too long to be a configuration.
    #[error("{bytes} bytes are too many for a configuration")]
    Length {
        /// Length of the file, in bytes.
        bytes: u64,
    },
    /// A model of another family.
    #[error("`model_type` is `{found}`, expected {expected}")]
    ModelType {
        /// Family in the configuration.
        found: String,
        /// Supported families.
        expected: &'static str,
    },
    /// A configuration without the name of a family.
    #[error("it has neither `model_type` (encodec, dac, mimi) nor `vq_strides` (snac)")]
    NoModelType,
    /// A vocoder where a codec is required.
    #[error("it is a vocoder, not a codec")]
    IsVocoder,
    /// A vocoder that reads features other than codes.
    #[error("feature extractor `{class}` does not read codes, expected EncodecFeatures")]
    FeatureExtractor {
        /// Class in the configuration.
        class: String,
    },
    /// A size out of range.
    #[error("`{key}` is {found}, expected 1 to {max}")]
    Size {
        /// Key of the size.
        key: &'static str,
        /// Size in the configuration.
        found: usize,
        /// Largest size.
        max: usize,
    },
    /// Too many strides, or strides with too large a product.
    #[error(
        "`{key}` is {found:?}, expected 1 to {max_count} strides with a product of 1 to {max_product}"
    )]
    Strides {
        /// Key of the strides.
        key: &'static str,
        /// First strides in the configuration.
        found: Vec<usize>,
        /// Maximum number of strides.
        max_count: usize,
        /// Maximum product of the strides.
        max_product: usize,
    },
    /// Different total strides of encoder and decoder.
    #[error("the encoder has a stride of {encoder}, the decoder of {decoder}")]
    StrideMismatch {
        /// Product of the encoder's strides.
        encoder: usize,
        /// Product of the decoder's strides.
        decoder: usize,
    },
    /// Strides of levels that don't divide the first, or that increase.
    #[error("`vq_strides` is {found:?}, expected decreasing divisors of the first")]
    LevelStrides {
        /// Strides in the configuration.
        found: Vec<usize>,
    },
    /// A frame rate that is inconsistent with the sample rate.
    #[error("frames of {hop} samples don't give {frame_rate_hz} frames per second")]
    FrameRate {
        /// Number of samples per frame.
        hop: usize,
        /// Frame rate in the configuration, in Hz.
        frame_rate_hz: f64,
    },
    /// A number of embeddings that differs from the number of bandwidths.
    #[error("`adanorm_num_embeddings` differs from the number of bandwidths, {bandwidths}")]
    Bandwidths {
        /// Number of bandwidths.
        bandwidths: usize,
    },
    /// A width that is not divisible by the number of heads.
    #[error("`d_model` {width} is not a multiple of `{key}` {heads}")]
    Heads {
        /// Width of the model.
        width: usize,
        /// Key of the number of heads.
        key: &'static str,
        /// Number of heads.
        heads: usize,
    },
    /// A width for which positional encodings can't be computed.
    #[error("`d_model` is {0}, expected an even number of at least 4")]
    Width(usize),
    /// A variant of the architecture that is not supported.
    #[error("only {supported} is supported")]
    Unsupported {
        /// Supported variant.
        supported: &'static str,
    },
}
