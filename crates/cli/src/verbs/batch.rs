//! Requests of one command line, of which one that is broken does not end the others.

use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;

/// Outcome of the requests so far.
pub(super) struct Batch {
    several: bool,
    failed: Option<Failure>,
}

impl Batch {
    /// Begins a batch of some requests.
    pub(super) fn of(requests: usize) -> Self {
        Self { several: requests > 1, failed: None }
    }

    /// Whether there are several requests.
    pub(super) fn is_several(&self) -> bool {
        self.several
    }

    /// Takes the outcome of a request. Reports a failure of its input where there are other requests.
    pub(super) fn take(&mut self, session: &Session, outcome: Outcome) -> Outcome {
        match outcome {
            Err(failure) if failure.exit == Exit::BadInput && self.several => {
                session.report(&failure);
                self.failed.get_or_insert(Failure {
                    hint: Some("see above for each of them".into()),
                    message: "not every file could be used".into(),
                    ..failure
                });
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// Returns the failure of the whole, if a request failed.
    pub(super) fn finish(self) -> Outcome {
        self.failed.map_or(Ok(()), Err)
    }
}
