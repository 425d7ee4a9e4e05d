//! Schedule of the learning rate.

use crate::TrainConfig;

/// Linear warm-up, then a cosine decay to a share of the peak.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    peak: f64,
    warmup: u64,
    steps: u64,
    floor: f64,
}

impl Schedule {
    /// Returns the schedule of a run.
    pub fn new(config: &TrainConfig) -> Self {
        Self {
            peak: config.learning_rate,
            warmup: config.warmup_steps,
            steps: config.steps,
            floor: config.final_rate,
        }
    }

    /// Returns the rate of a step, from 1.
    pub fn rate(&self, step: u64) -> f64 {
        if step <= self.warmup {
            return self.peak * step as f64 / self.warmup.max(1) as f64;
        }
        let span = self.steps.saturating_sub(self.warmup).max(1) as f64;
        let done = ((step - self.warmup) as f64 / span).min(1.0);
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
        self.peak * (self.floor + (1.0 - self.floor) * cosine)
    }
}
