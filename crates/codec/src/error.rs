//! Errors of codecs.

use std::fmt;
use std::path::PathBuf;

use crate::fault::{ReadFault, StateMismatch, WeightsMismatch};
use syrinx_types::{ConfigIssue, IoOperation, Requirement};

/// Errors of fitting, training, coding and storing codecs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// A setting that can't work.
    #[error("codec setting `{}`: {}", .0.key, .0.reason)]
    Config(ConfigIssue),
    /// Augmentation settings that can't work, or recordings that they can't be applied to.
    #[error("codec setting `augment`: {0}")]
    Augment(syrinx_scene::SceneError),
    /// Too little data to fit or train with.
    #[error("{operation}: {found} {unit} are too few, at least {needed} are needed")]
    TooLittleData {
        /// Purpose of the data.
        operation: &'static str,
        /// Amount that was found.
        found: usize,
        /// Amount that is needed.
        needed: usize,
        /// Unit of the amounts.
        unit: &'static str,
    },
    /// Codes of more levels than the codec has, or of another number of levels than the stream began with.
    #[error(
        "the codes have {found} levels, the codec takes {accepted}: they were made by another codec"
    )]
    Levels {
        /// Levels of the codes.
        found: usize,
        /// Levels that the codec takes.
        accepted: LevelRange,
    },
    /// A code outside the codebook.
    #[error(transparent)]
    Codes(#[from] syrinx_types::CodesError),
    /// Bytes that aren't weights of a codec, or are cut short.
    #[error("codec weights can't be read: {fault}")]
    Unreadable {
        /// Fault.
        fault: ReadFault,
    },
    /// Weights that contradict each other or their configuration.
    #[error("codec weights don't fit their configuration: {fault}")]
    Mismatch {
        /// Contradiction.
        fault: WeightsMismatch,
    },
    /// A part (the vocoder, say) that the weights don't hold.
    #[error("the codec weights hold no {part}")]
    NoPart {
        /// The part.
        part: &'static str,
        /// Remedy.
        remedy: &'static str,
    },
    /// A training state that belongs to another run.
    #[error("{path}: the saved training state can't be continued: {fault}")]
    State {
        /// The state.
        path: PathBuf,
        /// Mismatch.
        fault: StateMismatch,
    },
    /// A loss or gradient that is no longer finite.
    #[error("vocoder training diverged at step {step}: the loss isn't finite")]
    Diverged {
        /// The step.
        step: u64,
    },
    /// The caller cancelled.
    #[error("{operation} was stopped")]
    Cancelled {
        /// Operation that was stopped.
        operation: &'static str,
    },
    /// A file that can't be read or written.
    #[error("cannot {operation} {}: {cause}", path.display())]
    Io {
        /// Operation that failed.
        operation: IoOperation,
        /// The file.
        path: PathBuf,
        /// Cause.
        cause: std::io::Error,
    },
    /// An error of a codec that another crate implements.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
    /// An error of the audio crate.
    #[error(transparent)]
    Audio(#[from] syrinx_audio::AudioError),
    /// An error of a layer, a parameter or the optimiser.
    #[error(transparent)]
    Nn(#[from] syrinx_nn::NnError),
    /// An error of candle.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

/// Numbers of levels from a smallest to a largest one, both included. It is shown as `3`, or as `1 to 8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelRange {
    /// Smallest number.
    pub min: usize,
    /// Largest number.
    pub max: usize,
}

impl LevelRange {
    /// Builds the range of one number.
    pub fn exactly(levels: usize) -> Self {
        Self { min: levels, max: levels }
    }
}

impl fmt::Display for LevelRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.min == self.max {
            true => write!(f, "{}", self.min),
            false => write!(f, "{} to {}", self.min, self.max),
        }
    }
}

impl From<ConfigIssue> for CodecError {
    fn from(issue: ConfigIssue) -> Self {
        Self::Config(issue)
    }
}

impl From<ReadFault> for CodecError {
    fn from(fault: ReadFault) -> Self {
        Self::Unreadable { fault }
    }
}

impl From<WeightsMismatch> for CodecError {
    fn from(fault: WeightsMismatch) -> Self {
        Self::Mismatch { fault }
    }
}

impl CodecError {
    /// Builds the error of a setting.
    pub(crate) fn setting(key: &'static str, reason: impl Into<Requirement>) -> Self {
        Self::Config(ConfigIssue::new(key, reason))
    }

    /// Builds an error of a codec that another crate implements.
    pub fn other(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Other(Box::new(error))
    }

    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(match self {
            Self::TooLittleData { .. } => "give more recordings".into(),
            Self::Unreadable { .. } => "copy or download the file again".into(),
            Self::NoPart { remedy, .. } => remedy.to_string().into(),
            Self::State { .. } => "move it away to start anew".into(),
            Self::Diverged { .. } => "lower the learning rate".into(),
            Self::Io { operation, cause, .. } => {
                return syrinx_types::io_hint(*operation, cause.kind()).map(Into::into);
            }
            Self::Audio(error) => return error.hint(),
            _ => return None,
        })
    }
}
