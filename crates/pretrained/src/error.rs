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
        /// The file.
        path: PathBuf,
        /// Cause.
        cause: std::io::Error,
    },
    /// A file that ends before its tensors do.
    #[error("`{}` is cut off: {found} of {expected} bytes are there", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Size of the file, bytes.
        found: u64,
        /// Size that its header declares, bytes.
        expected: u64,
    },
    /// A file that is neither safetensors nor a container that this model is published in.
    #[error("`{}` is not a checkpoint: {fault}", path.display())]
    Container {
        /// The file.
        path: PathBuf,
        /// Deviation from the container format.
        fault: ContainerFault,
    },
    /// A pickle where safetensors are required, or a pickle that holds more than tensors.
    #[error("`{}` is a pickle: {fault}", path.display())]
    Pickle {
        /// The file.
        path: PathBuf,
        /// Reason for refusing it.
        fault: PickleFault,
    },
    /// A configuration that is missing, broken, or of another family of models.
    #[error("configuration `{}`: {fault}", path.display())]
    Config {
        /// The configuration.
        path: PathBuf,
        /// Fault.
        fault: ConfigFault,
    },
    /// A tensor that the configuration requires and the checkpoint lacks.
    #[error("`{}`: tensor `{tensor}` is missing, expected shape {expected:?}", path.display())]
    Missing {
        /// The checkpoint.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Shape that the configuration requires.
        expected: Vec<usize>,
    },
    /// A tensor of another shape than the configuration requires.
    #[error("`{}`: tensor `{tensor}` has shape {found:?}, expected {expected:?}", path.display())]
    Shape {
        /// The checkpoint.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Shape in the checkpoint.
        found: Vec<usize>,
        /// Shape that the configuration requires.
        expected: Vec<usize>,
    },
    /// A tensor of a type that holds no weights.
    #[error("`{}`: tensor `{tensor}` is {found}, expected F32, F16, BF16 or F64", path.display())]
    Dtype {
        /// The checkpoint.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Type in the checkpoint.
        found: String,
    },
    /// A tensor with a value that is NaN or infinite.
    #[error("`{}`: tensor `{tensor}` holds {value} at index {index}, expected finite numbers", path.display())]
    NotFinite {
        /// The checkpoint.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Index of the first such value, row by row.
        index: usize,
        /// The value.
        value: f32,
    },
    /// A number of levels that the codec lacks.
    #[error("codec {codec} has 1 to {available} levels, {requested} were requested")]
    Levels {
        /// Kind of the codec.
        codec: &'static str,
        /// Levels requested.
        requested: usize,
        /// Levels of the checkpoint.
        available: usize,
    },
    /// A decoder that doesn't take the codes of the codec before it.
    #[error("vocoder `{}` does not fit the codec `{}`: {fault}", vocoder.display(), codec.display())]
    Vocoder {
        /// Checkpoint of the vocoder.
        vocoder: PathBuf,
        /// Checkpoint of the codec.
        codec: PathBuf,
        /// Difference between them.
        fault: VocoderMismatch,
    },
    /// Loading or running a Whisper checkpoint.
    #[error(transparent)]
    Whisper(#[from] WhisperFault),
    /// Importing a vall-e checkpoint.
    #[error(transparent)]
    VallE(#[from] VallEFault),
    /// Fetching models and listing them.
    #[cfg(feature = "hub")]
    #[error(transparent)]
    Hub(#[from] HubFault),
    /// A recording that can't be brought to the rate of a model.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// A computation that failed.
    #[error("{operation} failed: {cause}")]
    Compute {
        /// The computation.
        operation: &'static str,
        /// Cause.
        cause: candle_core::Error,
    },
}

/// Difference between a vocoder and the codec before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VocoderMismatch {
    /// A codec of another family.
    #[error("the codec is not EnCodec")]
    Family,
    /// Frames of another length.
    #[error("frames of the two have different lengths")]
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
                "name it with vocoder=PATH behind an EnCodec checkpoint"
            }
            Self::Read { .. } => {
                "name a folder with config.json and model.safetensors, or one of its files"
            }
            Self::Truncated { .. } | Self::NotFinite { .. } => "copy or download the file again",
            Self::Container { .. } => "name the file model.safetensors of the model's repository",
            Self::Pickle { .. } => {
                "convert it: python -c \"import torch, safetensors.torch as s; \
                 s.save_file(torch.load('pytorch_model.bin', weights_only=True), 'model.safetensors')\""
            }
            Self::Config { .. }
            | Self::Missing { .. }
            | Self::Shape { .. }
            | Self::Dtype { .. } => "keep config.json and the weights of one model in one folder",
            Self::Levels { .. } => "name fewer levels behind the path, as in `mimi,levels=8`",
            Self::Vocoder { .. } => {
                "pair vocos-encodec-24khz with encodec_24khz, as in `encodec_24khz,vocoder=vocos-encodec-24khz`"
            }
            Self::Compute { .. } => return None,
        };
        Some(hint.into())
    }

    /// Whether the work was stopped on request.
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
