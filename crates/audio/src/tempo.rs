//! Tempo: time stretching at constant pitch (WSOLA).

use std::num::{NonZeroU16, NonZeroU32};

use wsola::TimeStretch;

/// Time stretching of a stream of samples.
pub struct Tempo {
    /// `None` at tempo 1, which leaves samples unchanged.
    stretch: Option<TimeStretch>,
}

impl Tempo {
    /// Builds a time stretching; a tempo factor above 1 makes the stream shorter.
    pub fn new(factor: f64, rate_hz: u32) -> Self {
        let rate = NonZeroU32::new(rate_hz).filter(|_| factor != 1.0);
        let mut stretch = rate.and_then(|rate| TimeStretch::new(rate, NonZeroU16::MIN).ok());
        if let Some(stretch) = &mut stretch {
            stretch.set_tempo(factor as f32);
        }
        Self { stretch }
    }

    /// Stretches the next samples, and returns the finished ones; with `last`, all remaining ones.
    pub fn push(&mut self, samples: &[f32], last: bool) -> Vec<f32> {
        let Some(stretch) = &mut self.stretch else { return samples.to_vec() };
        stretch.push(samples);
        if last {
            stretch.set_draining();
        }
        let mut block = vec![0.0; 16 * stretch.min_output_buff_size()];
        let mut out = Vec::new();
        while let Ok(n @ 1..) = stretch.pull(&mut block) {
            out.extend_from_slice(&block[..n]);
        }
        out
    }
}

impl std::fmt::Debug for Tempo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tempo").finish_non_exhaustive()
    }
}
