//! Requests of one command line. A failure of one request does not end the others.

use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;

/// Collector of the failures of a command line's requests.
pub(super) struct Batch {
    several: bool,
    failed: Option<Failure>,
}

impl Batch {
    /// Starts a batch of `requests` requests.
    pub(super) fn of(requests: usize) -> Self {
        Self { several: requests > 1, failed: None }
    }

    /// Whether there are several requests.
    pub(super) fn is_several(&self) -> bool {
        self.several
    }

    /// Adds the outcome of a request. In a batch of several requests, a failure caused by bad input is printed, not
    /// returned.
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

    /// Returns a failure if any request failed.
    pub(super) fn finish(self) -> Outcome {
        self.failed.map_or(Ok(()), Err)
    }
}
