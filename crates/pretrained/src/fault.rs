//! Faults of containers, pickles and configurations.

use std::io;

/// Deviation of a file from its container format.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContainerFault {
    /// Bytes that are no header of the format.
    #[error("it does not begin with a {format} header")]
    NoHeader {
        /// Name of the format.
        format: &'static str,
    },
    /// A header that reaches beyond the end of the file.
    #[error("its header is cut off")]
    HeaderCutOff,
    /// A header that is not the JSON of the format.
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
    /// A member of an archive that is not stored whole.
    #[error("member `{member}` is compressed or cut off")]
    Member {
        /// Name of the member.
        member: String,
    },
    /// An archive without the pickle that describes its tensors.
    #[error("the archive has no data.pkl")]
    NoPickle,
    /// Tensors that safetensors can't hold.
    #[error(transparent)]
    Safetensors(safetensors::SafeTensorError),
    /// A GGUF file that candle can't read.
    #[error(transparent)]
    Gguf(Box<candle_core::Error>),
    /// A tensor that reaches beyond the end of the file.
    #[error("tensor `{tensor}` of shape {shape:?} reaches beyond the {length} bytes of the file")]
    TensorBeyondEnd {
        /// Name of the tensor.
        tensor: String,
        /// Shape that the header states.
        shape: Vec<usize>,
        /// Length of the file, bytes.
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
    /// A tensor with more axes than any has.
    #[error("a tensor has {0} axes")]
    Axes(u32),
    /// An array with more elements than any metadata have.
    #[error("an array has {0} elements")]
    Elements(u64),
    /// A value of a type that the format lacks.
    #[error("a value has the unknown type {0}")]
    ValueType(u32),
    /// A header that can't be read from the disk.
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

/// Reason for refusing a pickle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PickleFault {
    /// A model that is read from other formats.
    #[error("this model is read from {formats} only")]
    Format {
        /// Names of the formats.
        formats: &'static str,
    },
    /// A tensor with values that are not in the archive.
    #[error("tensor `{tensor}`: {fault}")]
    Storage {
        /// Name of the tensor.
        tensor: String,
        /// Fault.
        fault: Box<StorageFault>,
    },
    /// A pickle of something else than a dictionary.
    #[error("it holds no dictionary")]
    NoDictionary,
    /// An entry of the dictionary that is no tensor.
    #[error("`{name}` is not a tensor")]
    NoTensor {
        /// Name of the entry.
        name: String,
    },
    /// A key of the dictionary that is no text.
    #[error("a key is not a name")]
    NoName,
    /// An operation that tensors don't need.
    #[error("operation {0:#04x} builds more than tensors")]
    Operation(u8),
    /// A constructor that tensors don't need.
    #[error("it names `{module}.{name}`, which is no tensor")]
    Constructor {
        /// Module of the constructor.
        module: String,
        /// Name of the constructor.
        name: String,
    },
    /// Operands of another type than their operation takes.
    #[error("{operation} has operands of another type")]
    Operands {
        /// Name of the operation.
        operation: &'static str,
    },
    /// A number of more than 64 bits.
    #[error("a number has more than 64 bits")]
    WideNumber,
    /// A negative number in place of a size.
    #[error("a size is {0}")]
    Size(i64),
    /// Values that are nested deeper than those of tensors.
    #[error("values are nested deeper than those of tensors")]
    Depth,
    /// More operands than were pushed.
    #[error("an operation takes more values than there are")]
    EmptyStack,
    /// A memoised value that was never stored.
    #[error("a memoised value was never stored")]
    NoMemo,
    /// Bytes that end within an operation.
    #[error("it is cut off")]
    CutOff,
}

/// Fault of the values of a tensor in an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StorageFault {
    /// Values that are not in the order of the shape.
    #[error("its values are not in the order of its shape")]
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
        /// Bytes of the storage.
        bytes: u64,
        /// Name of the storage.
        storage: String,
    },
}

/// Fault of a configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigFault {
    /// Text that is not the JSON of the configuration.
    #[error(transparent)]
    Json(serde_json::Error),
    /// Text that is not the YAML of the configuration.
    #[error(transparent)]
    Yaml(serde_yaml_ng::Error),
    /// A file that is longer than any configuration.
    #[error("{bytes} bytes are no configuration")]
    Length {
        /// Length of the file, bytes.
        bytes: u64,
    },
    /// A model of another family.
    #[error("`model_type` is `{found}`, expected {expected}")]
    ModelType {
        /// Family in the configuration.
        found: String,
        /// Families that are read.
        expected: &'static str,
    },
    /// A configuration that names no family.
    #[error("it has neither `model_type` (encodec, dac, mimi) nor `vq_strides` (snac)")]
    NoModelType,
    /// A vocoder in place of a codec.
    #[error("it is a vocoder")]
    IsVocoder,
    /// A vocoder that reads no codes.
    #[error("feature extractor `{class}` takes no codes, expected EncodecFeatures")]
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
    /// Strides that no codec has.
    #[error(
        "`{key}` is {found:?}, expected 1 to {max_count} strides with a product of 1 to {max_product}"
    )]
    Strides {
        /// Key of the strides.
        key: &'static str,
        /// The first strides in the configuration.
        found: Vec<usize>,
        /// Largest number of strides.
        max_count: usize,
        /// Largest product of the strides.
        max_product: usize,
    },
    /// An encoder and a decoder of different strides.
    #[error("the encoder has a stride of {encoder}, the decoder of {decoder}")]
    StrideMismatch {
        /// Product of the encoder's strides.
        encoder: usize,
        /// Product of the decoder's strides.
        decoder: usize,
    },
    /// Strides of levels that don't divide the first.
    #[error("`vq_strides` is {found:?}, expected falling numbers that divide the first")]
    LevelStrides {
        /// Strides in the configuration.
        found: Vec<usize>,
    },
    /// A frame rate that contradicts the sample rate.
    #[error("frames of {hop} samples are not {frame_rate_hz} a second")]
    FrameRate {
        /// Samples a frame.
        hop: usize,
        /// Frames a second in the configuration.
        frame_rate_hz: f64,
    },
    /// A number of embeddings that contradicts the bandwidths.
    #[error("`adanorm_num_embeddings` is not {bandwidths}, the number of bandwidths")]
    Bandwidths {
        /// Number of bandwidths.
        bandwidths: usize,
    },
    /// A width that doesn't split into heads.
    #[error("`d_model` {width} is no multiple of `{key}` {heads}")]
    Heads {
        /// Width of the model.
        width: usize,
        /// Key of the number of heads.
        key: &'static str,
        /// Number of heads.
        heads: usize,
    },
    /// A width that positions can't be computed for.
    #[error("`d_model` is {0}, expected an even number from 4 up")]
    Width(usize),
    /// A variant of the architecture that is not implemented.
    #[error("only {supported} is supported")]
    Unsupported {
        /// Variant that is implemented.
        supported: &'static str,
    },
}
