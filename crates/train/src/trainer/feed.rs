//! Supply of batches to the steps.

use std::sync::mpsc;

use crate::TrainError;
use crate::batch::{Batch, BatchMaker};

/// Number of batches that are built ahead of their steps. Each has some hundred kilobytes.
const AHEAD: usize = 4;

/// Source of batches, in the order of their numbers.
pub(super) enum Feed<'a> {
    /// Built on demand.
    Direct(&'a BatchMaker<'a>),
    /// Built on another thread while steps run, for corpora that are read over a network.
    Ahead(mpsc::Receiver<Result<Batch, TrainError>>),
}

impl Feed<'_> {
    /// Runs `steps` with batches from number `first` on.
    pub(super) fn with<T>(
        maker: &BatchMaker<'_>,
        first: u64,
        ahead: bool,
        steps: impl FnOnce(&mut Feed<'_>) -> T,
    ) -> T {
        if !ahead {
            return steps(&mut Feed::Direct(maker));
        }
        std::thread::scope(|scope| {
            let (send, made) = mpsc::sync_channel(AHEAD);
            scope.spawn(move || {
                let batches = (first..).map(|number| maker.batch(number));
                // Ends when the steps are over.
                for batch in batches {
                    if send.send(batch).is_err() {
                        break;
                    }
                }
            });
            steps(&mut Feed::Ahead(made))
        })
    }

    /// Returns the batch of a number. Numbers follow each other.
    pub(super) fn next(&mut self, number: u64) -> Result<Batch, TrainError> {
        match self {
            Self::Direct(maker) => maker.batch(number),
            Self::Ahead(made) => made.recv().unwrap_or(Err(TrainError::NoBatches)),
        }
    }
}
