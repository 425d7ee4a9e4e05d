//! Errors of figures.

use syrinx_audio::AudioError;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// Two recordings to compare have different sample rates.
    #[error("comparing recordings at {first_hz} and {second_hz} Hz")]
    DifferentRates {
        /// Rate of the first.
        first_hz: u32,
        /// Rate of the second.
        second_hz: u32,
    },
    /// A recording without a single sample has no spectrum.
    #[error("comparing recordings: the {which} one is empty")]
    Empty {
        /// `first` or `second`.
        which: &'static str,
    },
    /// Two log-mels to compare don't have whole frames of the same size.
    #[error("comparing log-mels: {values} values are no whole frames of {bins} bands")]
    Ragged {
        /// Values given.
        values: usize,
        /// Bands of a frame.
        bins: usize,
    },
    /// Preparing a spectrum failed.
    #[error("analysing a recording: {0}")]
    Audio(AudioError),
}

impl From<AudioError> for MetricsError {
    fn from(error: AudioError) -> Self {
        Self::Audio(error)
    }
}

impl MetricsError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<std::borrow::Cow<'static, str>> {
        Some(match self {
            Self::Empty { .. } => "count it as a failure instead".into(),
            Self::DifferentRates { .. } => {
                "resample one of them first (`syrinx_audio::resample`)".into()
            }
            _ => return None,
        })
    }
}
