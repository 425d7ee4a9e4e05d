//! Errors of loading and running published checkpoints.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use syrinx_audio::AudioError;

use crate::fault::{ConfigFault, ContainerFault, PickleFault};
#[cfg(feature = "hub")]
use crate::hub::HubFault;
use crate::vall_e::VallEFault;
use crate::whisper::WhisperFault;

/// Errors of loading and running published checkpoints.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PretrainedError {
    /// A file that can't be read.
    #[error("cannot read `{}`: {cause}", path.display())]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Cause.
        cause: std::io::Error,
    },
    /// A file that is shorter than its header declares.
    #[error("`{}` is truncated: {found} of {expected} bytes", path.display())]
    Truncated {
        /// Path of the file.
        path: PathBuf,
        /// Size of the file, in bytes.
        found: u64,
        /// Size that the header declares, in bytes.
        expected: u64,
    },
    /// A file that is in none of the formats of the model.
    #[error("`{}` is not a checkpoint: {fault}", path.display())]
    Container {
        /// Path of the file.
        path: PathBuf,
        /// Deviation from the format.
        fault: ContainerFault,
    },
    /// A pickle where safetensors is required, or a pickle with more than tensors.
    #[error("`{}` is a pickle: {fault}", path.display())]
    Pickle {
        /// Path of the file.
        path: PathBuf,
        /// Reason why it is refused.
        fault: PickleFault,
    },
    /// A configuration that is missing, invalid, or of another family of models.
    #[error("configuration `{}`: {fault}", path.display())]
    Config {
        /// Path of the configuration.
        path: PathBuf,
        /// Fault.
        fault: ConfigFault,
    },
    /// A tensor that the checkpoint lacks.
    #[error("`{}`: tensor `{tensor}` is missing, expected shape {expected:?}", path.display())]
    Missing {
        /// Path of the checkpoint.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Shape that the configuration requires.
        expected: Vec<usize>,
    },
    /// A tensor with another shape than the configuration requires.
    #[error("`{}`: tensor `{tensor}` has shape {found:?}, expected {expected:?}", path.display())]
    Shape {
        /// Path of the checkpoint.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Shape in the checkpoint.
        found: Vec<usize>,
        /// Shape that the configuration requires.
        expected: Vec<usize>,
    },
    /// A tensor whose type is not a floating-point type.
    #[error("`{}`: tensor `{tensor}` is {found}, expected F32, F16, BF16 or F64", path.display())]
    Dtype {
        /// Path of the checkpoint.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Type in the checkpoint.
        found: String,
    },
    /// A tensor with NaN or infinity.
    #[error("`{}`: tensor `{tensor}` holds {value} at index {index}, expected finite numbers", path.display())]
    NotFinite {
        /// Path of the checkpoint.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Index of the first such value in the flattened tensor.
        index: usize,
        /// First such value.
        value: f32,
    },
    /// A number of levels that the codec doesn't have.
    #[error("codec {codec} has 1 to {available} levels, {requested} were requested")]
    Levels {
        /// Family of the codec.
        codec: &'static str,
        /// Requested number of levels.
        requested: usize,
        /// Number of levels in the checkpoint.
        available: usize,
    },
    /// A vocoder that can't decode the codes of the codec.
    #[error("vocoder `{}` does not fit the codec `{}`: {fault}", vocoder.display(), codec.display())]
    Vocoder {
        /// Checkpoint of the vocoder.
        vocoder: PathBuf,
        /// Checkpoint of the codec.
        codec: PathBuf,
        /// Difference between the two.
        fault: VocoderMismatch,
    },
    /// An error of loading or running Whisper.
    #[error(transparent)]
    Whisper(#[from] WhisperFault),
    /// An error of importing a VALL-E checkpoint.
    #[error(transparent)]
    VallE(#[from] VallEFault),
    /// An error of downloading or listing models.
    #[cfg(feature = "hub")]
    #[error(transparent)]
    Hub(#[from] HubFault),
    /// A recording that can't be resampled to the rate of a model.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// A failed computation.
    #[error("{operation} failed: {cause}")]
    Compute {
        /// Description of the computation.
        operation: &'static str,
        /// Cause.
        cause: candle_core::Error,
    },
}

/// Differences between a vocoder and a codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VocoderMismatch {
    /// The codec belongs to another family.
    #[error("the codec is not EnCodec")]
    Family,
    /// The frames have different lengths.
    #[error("their frames have different lengths")]
    FrameLength,
}

impl PretrainedError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        let hint = match self {
            Self::Whisper(fault) => return fault.hint(),
            Self::VallE(fault) => return fault.hint(),
            #[cfg(feature = "hub")]
            Self::Hub(fault) => return fault.hint(),
            Self::Audio(error) => return error.hint(),
            Self::Config { fault: ConfigFault::IsVocoder, .. } => {
                "add it to an EnCodec checkpoint as vocoder=PATH"
            }
            Self::Read { .. } => {
                "give a folder with config.json and model.safetensors, or one of these files"
            }
            Self::Truncated { .. } | Self::NotFinite { .. } => "copy or download the file again",
            Self::Container { .. } => "give the file model.safetensors of the model's repository",
            Self::Pickle { .. } => {
                "convert it: python -c \"import torch, safetensors.torch as s; \
                 s.save_file(torch.load('pytorch_model.bin', weights_only=True), 'model.safetensors')\""
            }
            Self::Config { .. }
            | Self::Missing { .. }
            | Self::Shape { .. }
            | Self::Dtype { .. } => "keep config.json and the weights of one model in one folder",
            Self::Levels { .. } => "request fewer levels after the path, as in `mimi,levels=8`",
            Self::Vocoder { .. } => {
                "combine vocos-encodec-24khz with encodec_24khz, as in `encodec_24khz,vocoder=vocos-encodec-24khz`"
            }
            Self::Compute { .. } => return None,
        };
        Some(hint.into())
    }

    /// Whether the operation was cancelled.
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::Whisper(fault) => matches!(fault, WhisperFault::Cancelled),
            #[cfg(feature = "hub")]
            Self::Hub(fault) => matches!(fault, HubFault::Cancelled),
            _ => false,
        }
    }

    pub(crate) fn compute(operation: &'static str) -> impl Fn(candle_core::Error) -> Self {
        move |cause| Self::Compute { operation, cause }
    }

    pub(crate) fn read(path: &Path) -> impl Fn(std::io::Error) -> Self + '_ {
        move |cause| Self::Read { path: path.to_owned(), cause }
    }

    pub(crate) fn container(path: &Path, fault: ContainerFault) -> Self {
        Self::Container { path: path.to_owned(), fault }
    }

    pub(crate) fn pickle(path: &Path, fault: PickleFault) -> Self {
        Self::Pickle { path: path.to_owned(), fault }
    }

    pub(crate) fn config(path: &Path, fault: ConfigFault) -> Self {
        Self::Config { path: path.to_owned(), fault }
    }
}
