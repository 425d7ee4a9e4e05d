//! Errors of acoustic scenes.

/// Errors of scenes.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum SceneError {
    /// Recordings that can't be mixed.
    #[error("{found} samples a second beside {wanted}: bring them to one rate first")]
    Rate {
        /// The rate of the one.
        found: u32,
        /// The rate of the other.
        wanted: u32,
    },
    /// A part that is silent has no level that another could be set beside.
    #[error("the {0} is silent: give a recording with something in it")]
    Silent(&'static str),
    /// A scene with voices was asked for, and none were given.
    #[error("there are no other voices to draw from: give a corpus of two speakers or more")]
    NoVoices,
    /// A range that can't be drawn from.
    #[error("{name} from {low} to {high}: give two numbers in this order")]
    Range {
        /// Name of the quantity.
        name: &'static str,
        /// Its lower end.
        low: f64,
        /// Its upper end.
        high: f64,
    },
}
