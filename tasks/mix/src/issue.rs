//! Faults of requests.

use std::borrow::Cow;

use syrinx_task::{InputIssue, TaskError};

/// Fault of a request to mix voices.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MixIssue {
    /// Fewer than two voices.
    #[error("a mix takes two voices or more")]
    TooFewVoices,
    /// One voice twice.
    #[error("{voice} is given twice")]
    Twice {
        /// Voice, as messages name it.
        voice: String,
    },
    /// A voice of a model or recording without frames.
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
    /// A weight that is negative or not a number.
    #[error("weight {0} is no share of a voice")]
    Weight(f64),
    /// Weights of 0 only.
    #[error("the weights sum up to 0")]
    NoWeight,
    /// A sweep that is not between two voices.
    #[error("a sweep goes from one voice to another, and {voices} are given")]
    SweepVoices {
        /// Number of voices.
        voices: usize,
    },
    /// A sweep with weights.
    #[error("a sweep has its own weights")]
    SweepWeights,
    /// A sweep of too few or too many steps.
    #[error("a sweep of {steps} steps")]
    SweepSteps {
        /// Number of steps.
        steps: usize,
        /// Most steps by the settings.
        max_steps: usize,
    },
}

impl InputIssue for MixIssue {
    fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::TooFewVoices => "name them, or recordings of them, in `voices`".into(),
            Self::Twice { .. } => "give every voice once, with its whole weight".into(),
            Self::NoSpeech { .. } => "give 2 to 3 seconds of speech".into(),
            Self::Weights { .. } => "give one for each voice, in their order".into(),
            Self::Weight(_) => "give weights of 0 or above".into(),
            Self::NoWeight => "give at least one voice a weight above 0".into(),
            Self::SweepVoices { .. } => "give two voices".into(),
            Self::SweepWeights => "leave `weights` or `sweep` out".into(),
            Self::SweepSteps { max_steps, .. } => format!("give 2 to {max_steps} steps").into(),
        }
    }
}

impl From<MixIssue> for TaskError {
    fn from(issue: MixIssue) -> Self {
        Self::input(issue)
    }
}
