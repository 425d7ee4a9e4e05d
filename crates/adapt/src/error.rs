//! Errors.

use std::borrow::Cow;

use syrinx_data::LeftOutReasons;

/// An error of this crate. The message names the object, [`AdaptError::hint`] is the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdaptError {
    /// Fewer aligned recordings than a voice needs.
    #[error(
        "only {aligned} of {found} recordings can be trained on, {needed} are needed: {left_out}"
    )]
    TooFew {
        /// Recordings that were aligned.
        aligned: usize,
        /// Recordings of the folder.
        found: usize,
        /// Smallest number.
        needed: usize,
        /// Reasons for the others.
        left_out: LeftOutReasons,
    },
    /// The adapter was not finished.
    #[error("stopped after {step} of {steps} steps")]
    Stopped {
        /// Steps done.
        step: u64,
        /// Steps in all.
        steps: u64,
    },
    /// No recording that a prompt can be cut from.
    #[error("no recording can be read again for the prompt")]
    NoPrompt,
    /// The model.
    #[error(transparent)]
    Engine(#[from] syrinx_engine::EngineError),
    /// Manifests and shards.
    #[error(transparent)]
    Data(#[from] syrinx_data::DataError),
    /// Training.
    #[error(transparent)]
    Train(#[from] syrinx_train::TrainError),
}

impl AdaptError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::TooFew { .. } => Some(
                "give more recordings with their exact words, or another recognizer with --recognizer"
                    .into(),
            ),
            Self::NoPrompt => Some("leave the recordings in place while the voice is trained".into()),
            Self::Stopped { .. } => Some("the same command goes on from there".into()),
            Self::Engine(error) => error.hint().map(Into::into),
            Self::Data(error) => error.hint(),
            Self::Train(error) => error.hint(),
        }
    }
}
