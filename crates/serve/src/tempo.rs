//! Speaking rate.

use syrinx_audio::Tempo;
use syrinx_types::WordTime;

use crate::error::ApiError;

/// Range of speaking rates in requests.
pub(crate) const SPEEDS: std::ops::RangeInclusive<f64> = 0.25..=4.0;

/// Change of the speaking rate of a request.
pub(crate) struct Speed {
    speed: f64,
    tempo: Tempo,
}

impl Speed {
    /// Builds a change of speed; an error for one outside [`SPEEDS`].
    pub fn new(speed: f64, rate_hz: u32) -> Result<Self, ApiError> {
        if !SPEEDS.contains(&speed) {
            let message = format!("speed {speed} is outside 0.25 to 4.0");
            return Err(ApiError::field("speed", "invalid_speed", message));
        }
        Ok(Self { speed, tempo: Tempo::new(speed, rate_hz) })
    }

    /// Returns the samples that are complete after the given ones; with `last`, all that remain.
    pub fn push(&mut self, samples: &[f32], last: bool) -> Vec<f32> {
        self.tempo.push(samples, last)
    }

    /// Converts times of words to those in the stretched recording.
    pub fn words(&self, words: &mut [WordTime]) {
        for word in words {
            word.start_s /= self.speed;
            word.end_s /= self.speed;
        }
    }
}
