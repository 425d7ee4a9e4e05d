//! Errors of acoustic scenes.

/// Errors of scenes.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum SceneError {
    /// Recordings that can't be mixed.
    #[error("recordings of {found} and of {wanted} samples a second cannot be mixed")]
    Rate {
        /// The rate of the one.
        found: u32,
        /// The rate of the other.
        wanted: u32,
    },
    /// A silent recording, which has no level to set the others by.
    #[error("the {0} is silent")]
    Silent(&'static str),
    /// A scene with voices was requested without any.
    #[error("there are no other voices to draw from")]
    NoVoices,
    /// A range that can't be drawn from.
    #[error("the range of {name} is empty: from {low} to {high}")]
    Range {
        /// Name of the quantity.
        name: &'static str,
        /// Lower end of the range.
        low: f64,
        /// Upper end of the range.
        high: f64,
    },
}

impl SceneError {
    /// Remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Rate { .. } => "bring the recordings to one rate first",
            Self::Silent(_) => "give a recording that is not silent",
            Self::NoVoices => "give a corpus of two speakers or more",
            Self::Range { .. } => "give two numbers in ascending order",
        }
    }
}
