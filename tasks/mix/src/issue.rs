//! Faults of requests to mix voices.

use std::borrow::Cow;

use syrinx_task::{InputIssue, TaskError};

/// Faults of a request to mix voices.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MixIssue {
    /// Fewer than two voices.
    #[error("a mix needs at least two voices")]
    TooFewVoices,
    /// A voice that is listed twice.
    #[error("{voice} is listed twice")]
    Twice {
        /// Voice, as messages name it.
        voice: String,
    },
    /// A voice whose prompt has no frames.
    #[error("{voice} has no speech")]
    NoSpeech {
        /// Voice, as messages name it.
        voice: String,
    },
    /// Different numbers of weights and voices.
    #[error("{weights} weights are given for {voices} voices")]
    Weights {
        /// Number of weights.
        weights: usize,
        /// Number of voices.
        voices: usize,
    },
    /// A negative or infinite weight, or one that is not a number.
    #[error("weight {0} is negative or not finite")]
    Weight(f64),
    /// Weights that are all 0.
    #[error("all weights are 0")]
    NoWeight,
    /// A sweep with more or fewer than two voices.
    #[error("a sweep needs two voices, {voices} are given")]
    SweepVoices {
        /// Number of voices.
        voices: usize,
    },
    /// A sweep with weights, although it sets them itself.
    #[error("both `weights` and `sweep` are given")]
    SweepWeights,
    /// A sweep with too few or too many steps.
    #[error("a sweep can't have {steps} steps")]
    SweepSteps {
        /// Number of steps.
        steps: usize,
        /// Maximum number of steps in the settings.
        max_steps: usize,
    },
}

impl InputIssue for MixIssue {
    fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::TooFewVoices => "list names of voices, or recordings, in `voices`".into(),
            Self::Twice { .. } => "list each voice once, with the sum of its weights".into(),
            Self::NoSpeech { .. } => "give 2 to 3 seconds of speech".into(),
            Self::Weights { .. } => "give one weight per voice, in the same order".into(),
            Self::Weight(_) => "give weights of 0 or above".into(),
            Self::NoWeight => "give at least one voice a weight above 0".into(),
            Self::SweepVoices { .. } => "give two voices".into(),
            Self::SweepWeights => "omit one of them, since a sweep sets the weights itself".into(),
            Self::SweepSteps { max_steps, .. } => format!("give 2 to {max_steps} steps").into(),
        }
    }
}

impl From<MixIssue> for TaskError {
    fn from(issue: MixIssue) -> Self {
        Self::input(issue)
    }
}
