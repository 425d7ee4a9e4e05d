//! Priority of streamed requests until their first samples.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::CancelToken;

/// Default of the longest time for which a request delays others.
const LONGEST: Duration = Duration::from_millis(500);
/// Interval between polls of a waiting request's token.
const TICK: Duration = Duration::from_millis(10);

/// Streamed requests that have no samples yet. Other work with the same model waits for them between its steps.
#[derive(Debug)]
pub struct FirstSound {
    /// Beginnings of the requests without samples.
    silent: Mutex<Vec<Instant>>,
    /// Signalled when a request has samples.
    sounded: Condvar,
    /// Longest time from the beginning of a request for which it delays others.
    longest: Duration,
}

impl Default for FirstSound {
    fn default() -> Self {
        Self { silent: Mutex::default(), sounded: Condvar::new(), longest: LONGEST }
    }
}

impl FirstSound {
    /// Registers a request without samples, until the returned value is dropped.
    pub fn begin(&self) -> SilentRequest<'_> {
        let begun = Instant::now();
        self.lock().push(begun);
        SilentRequest { all: self, begun }
    }

    /// Waits while a registered request has no samples, at most half a second from its beginning. Cancelling the token
    /// ends the wait.
    pub fn give_way(&self, cancel: &CancelToken) {
        let mut silent = self.lock();
        while !cancel.is_cancelled() && silent.iter().any(|begun| begun.elapsed() < self.longest) {
            let waited = self.sounded.wait_timeout(silent, TICK);
            silent = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Instant>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request without samples.
#[derive(Debug)]
pub struct SilentRequest<'a> {
    all: &'a FirstSound,
    begun: Instant,
}

impl Drop for SilentRequest<'_> {
    fn drop(&mut self) {
        let mut silent = self.all.lock();
        if let Some(at) = silent.iter().position(|begun| *begun == self.begun) {
            silent.swap_remove(at);
        }
        drop(silent);
        self.all.sounded.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(longest: Duration) -> FirstSound {
        FirstSound { longest, ..FirstSound::default() }
    }

    #[test]
    fn work_waits_until_every_request_has_samples() {
        let (first, cancel) = (of(Duration::MAX), CancelToken::default());
        first.give_way(&cancel);
        let requests = [first.begin(), first.begin()];
        let sounded = Mutex::new(0);
        std::thread::scope(|scope| {
            for request in requests {
                scope.spawn(|| {
                    *sounded.lock().unwrap() += 1;
                    drop(request);
                });
            }
            first.give_way(&cancel);
            assert_eq!(*sounded.lock().unwrap(), 2);
        });
    }

    #[test]
    fn waits_end_by_the_token_and_after_the_longest_time() {
        let (first, cancel) = (of(Duration::MAX), CancelToken::default());
        let request = first.begin();
        cancel.cancel();
        first.give_way(&cancel);
        drop(request);
        let first = of(Duration::ZERO);
        let _request = first.begin();
        first.give_way(&CancelToken::default());
    }
}
