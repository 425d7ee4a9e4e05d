//! Context of a run.

use crate::{CancelToken, EventSink, FirstSound, NullSink};

/// Context of a run: the token that cancels it, the sink of its events, its seed, and the requests that it waits for.
#[derive(Clone, Copy)]
pub struct RunContext<'a> {
    /// Stops the work between steps.
    pub cancel: &'a CancelToken,
    /// Takes the work's events.
    pub events: &'a dyn EventSink,
    /// Seed of everything random in the work.
    pub seed: u64,
    /// Streamed requests that the work waits for between steps; `None` for work that does not wait.
    pub gives_way_to: Option<&'a FirstSound>,
}

impl<'a> RunContext<'a> {
    /// Builds a context with a token and a sink, and seed 0.
    pub fn new(cancel: &'a CancelToken, events: &'a dyn EventSink) -> Self {
        Self { cancel, events, seed: 0, gives_way_to: None }
    }

    /// Builds a context without events, and with seed 0.
    pub fn quiet(cancel: &'a CancelToken) -> Self {
        Self::new(cancel, &NullSink)
    }

    /// Returns the context with another seed.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Returns the context for work that waits, between its steps, for streamed requests without samples.
    #[must_use]
    pub fn giving_way(self, to: &'a FirstSound) -> Self {
        Self { gives_way_to: Some(to), ..self }
    }

    /// Waits while a streamed request has no samples yet.
    pub fn give_way(&self) {
        if let Some(first) = self.gives_way_to {
            first.give_way(self.cancel);
        }
    }

    /// Returns the context of nested work: cancelled with this work, waiting for the same requests, without events, and
    /// with seed 0, so that its result depends on its input alone.
    #[must_use]
    pub fn nested(&self) -> Self {
        Self { gives_way_to: self.gives_way_to, ..Self::quiet(self.cancel) }
    }

    /// Whether the run is cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

impl std::fmt::Debug for RunContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunContext").field("seed", &self.seed).finish_non_exhaustive()
    }
}
