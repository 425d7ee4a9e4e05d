//! Recordings as samples.

/// A mono recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Audio {
    /// Samples, nominally in -1..=1.
    pub samples: Vec<f32>,
    /// Samples a second.
    pub sample_rate_hz: u32,
}

/// Level below which a recording is silent: -60 dB of full scale.
const SILENT_RMS: f32 = 1e-3;

impl Audio {
    /// Returns silence of the given length.
    pub fn silence(seconds: f64, sample_rate_hz: u32) -> Self {
        let n = (seconds.max(0.0) * f64::from(sample_rate_hz)).round() as usize;
        Self { samples: vec![0.0; n], sample_rate_hz }
    }

    /// Returns the length in seconds; 0 for an empty recording.
    pub fn seconds(&self) -> f64 {
        if self.sample_rate_hz == 0 {
            return 0.0;
        }
        self.samples.len() as f64 / f64::from(self.sample_rate_hz)
    }

    /// Returns the samples between two times in seconds, without those beyond the ends.
    pub fn slice(&self, start_s: f64, end_s: f64) -> Self {
        let at = |s: f64| {
            ((s.max(0.0) * f64::from(self.sample_rate_hz)).round() as usize).min(self.samples.len())
        };
        let (a, b) = (at(start_s), at(end_s));
        Self { samples: self.samples[a..b.max(a)].to_vec(), sample_rate_hz: self.sample_rate_hz }
    }

    /// Returns the root mean square of the samples; 0 for an empty recording.
    pub fn rms(&self) -> f32 {
        if self.samples.is_empty() {
            return 0.0;
        }
        let sum: f64 = self.samples.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        (sum / self.samples.len() as f64).sqrt() as f32
    }

    /// Whether the root mean square is below -60 dB of full scale.
    pub fn is_silent(&self) -> bool {
        self.rms() < SILENT_RMS
    }
}
