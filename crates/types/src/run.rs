//! Context of a run.

use crate::{CancelToken, EventSink, NullSink};

/// Context of a run: the token that cancels it, the sink of its events, and its seed.
#[derive(Clone, Copy)]
pub struct RunContext<'a> {
    /// Stops the work between steps.
    pub cancel: &'a CancelToken,
    /// Takes the work's events.
    pub events: &'a dyn EventSink,
    /// Seed of everything random in the work.
    pub seed: u64,
}

impl<'a> RunContext<'a> {
    /// Surroundings with a token and a sink, and seed 0.
    pub fn new(cancel: &'a CancelToken, events: &'a dyn EventSink) -> Self {
        Self { cancel, events, seed: 0 }
    }

    /// Surroundings without events, and with seed 0.
    pub fn quiet(cancel: &'a CancelToken) -> Self {
        Self::new(cancel, &NullSink)
    }

    /// Returns the same with another seed.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Surroundings of work inside this work: stopped with it, without events, and with seed 0, so that its result
    /// depends on its input alone.
    #[must_use]
    pub fn nested(&self) -> Self {
        Self::quiet(self.cancel)
    }

    /// Whether the work is to stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

impl std::fmt::Debug for RunContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunContext").field("seed", &self.seed).finish_non_exhaustive()
    }
}
