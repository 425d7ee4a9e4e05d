//! Speaking rate: time stretching at constant pitch (WSOLA).

use std::num::{NonZeroU16, NonZeroU32};

use syrinx_types::WordTime;
use wsola::TimeStretch;

use crate::error::ApiError;

/// Slowest and fastest speed of a request.
pub(crate) const SPEEDS: std::ops::RangeInclusive<f64> = 0.25..=4.0;

/// Changes the tempo of a stream of samples.
pub(crate) struct Tempo {
    speed: f64,
    /// Absent at speed 1, which leaves samples as they are.
    stretch: Option<TimeStretch>,
}

impl Tempo {
    /// Builds a change of tempo. A speed outside [`SPEEDS`] is refused.
    pub fn new(speed: f64, rate_hz: u32) -> Result<Self, ApiError> {
        if !SPEEDS.contains(&speed) {
            let message = format!("speed {speed} is outside 0.25 to 4.0");
            return Err(ApiError::field("speed", "invalid_speed", message));
        }
        let rate = NonZeroU32::new(rate_hz).filter(|_| speed != 1.0);
        let stretch = rate.and_then(|rate| TimeStretch::new(rate, NonZeroU16::MIN).ok());
        let stretch = stretch.map(|mut stretch| {
            stretch.set_tempo(speed as f32);
            stretch
        });
        Ok(Self { speed, stretch })
    }

    /// Returns the samples that are known once these are; all remaining ones with `last`.
    pub fn push(&mut self, samples: Vec<f32>, last: bool) -> Vec<f32> {
        let Some(stretch) = &mut self.stretch else { return samples };
        stretch.push(&samples);
        if last {
            stretch.set_draining();
        }
        let mut block = vec![0.0; 16 * stretch.min_output_buff_size()];
        let mut out = Vec::new();
        while let Ok(n) = stretch.pull(&mut block) {
            if n == 0 {
                break;
            }
            out.extend_from_slice(&block[..n]);
        }
        out
    }

    /// Times of words in the stretched recording.
    pub fn words(&self, words: &mut [WordTime]) {
        for word in words {
            word.start_s /= self.speed;
            word.end_s /= self.speed;
        }
    }
}
