//! Ranks that are threads of one process, for tests and for comparison with other transports.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{Reduce, ReduceError};

/// State that the ranks share.
#[derive(Default)]
struct Meeting {
    /// Contributions to the current operation, by rank.
    given: Vec<Option<Vec<u8>>>,
    /// All contributions of the operation before, until every rank has taken them.
    taken: Vec<Vec<u8>>,
    /// Ranks that haven't taken them yet.
    takers: usize,
    /// Ranks that left the job.
    gone: Vec<bool>,
}

struct Shared {
    meeting: Mutex<Meeting>,
    changed: Condvar,
}

/// One rank of a job of threads. Dropping it means leaving the job.
pub struct ThreadRank {
    rank: usize,
    ranks: usize,
    shared: Arc<Shared>,
}

/// Returns all ranks of a job of threads.
pub fn thread_ranks(ranks: usize) -> Vec<ThreadRank> {
    let meeting =
        Meeting { given: vec![None; ranks], gone: vec![false; ranks], ..Meeting::default() };
    let shared = Arc::new(Shared { meeting: Mutex::new(meeting), changed: Condvar::new() });
    (0..ranks).map(|rank| ThreadRank { rank, ranks, shared: Arc::clone(&shared) }).collect()
}

impl ThreadRank {
    fn lock(&self) -> MutexGuard<'_, Meeting> {
        self.shared.meeting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, meeting: MutexGuard<'a, Meeting>) -> MutexGuard<'a, Meeting> {
        self.shared.changed.wait(meeting).unwrap_or_else(PoisonError::into_inner)
    }

    /// Exchanges bytes with all ranks.
    fn meet(&self, bytes: Vec<u8>, operation: &'static str) -> Result<Vec<Vec<u8>>, ReduceError> {
        let mut meeting = self.lock();
        // The operation before must be over for every rank.
        while meeting.takers > 0 {
            meeting = self.wait(meeting);
        }
        meeting.given[self.rank] = Some(bytes);
        if meeting.given.iter().all(Option::is_some) {
            meeting.taken = meeting.given.iter_mut().filter_map(Option::take).collect();
            meeting.takers = self.ranks;
        }
        self.shared.changed.notify_all();
        loop {
            // An operation is complete once this rank's contribution has been collected.
            if meeting.given[self.rank].is_none() {
                let all = meeting.taken.clone();
                meeting.takers -= 1;
                self.shared.changed.notify_all();
                return Ok(all);
            }
            let missing = |r: &usize| meeting.gone[*r] && meeting.given[*r].is_none();
            if let Some(rank) = (0..self.ranks).find(missing) {
                let host = format!("thread {rank}");
                return Err(ReduceError::Lost { rank, host, operation });
            }
            meeting = self.wait(meeting);
        }
    }
}

fn bytes_of(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn values_of(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}

impl Reduce for ThreadRank {
    fn name(&self) -> &'static str {
        "threads"
    }

    fn rank(&self) -> usize {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.ranks
    }

    fn host(&self) -> String {
        format!("thread {}", self.rank)
    }

    fn sum(&mut self, values: &mut [f32], _root: Option<usize>) -> Result<(), ReduceError> {
        let all = self.meet(bytes_of(values), "sum")?;
        values.fill(0.0);
        for bytes in all {
            for (sum, value) in values.iter_mut().zip(values_of(&bytes)) {
                *sum += value;
            }
        }
        Ok(())
    }

    fn broadcast(&mut self, values: &mut [f32], root: usize) -> Result<(), ReduceError> {
        let given = if self.rank == root { bytes_of(values) } else { Vec::new() };
        let all = self.meet(given, "broadcast")?;
        for (value, new) in values.iter_mut().zip(values_of(&all[root])) {
            *value = new;
        }
        Ok(())
    }

    fn gather(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, ReduceError> {
        self.meet(bytes.to_vec(), "gather")
    }

    fn abort(&mut self, _code: i32) {
        self.lock().gone[self.rank] = true;
        self.shared.changed.notify_all();
    }
}

impl Drop for ThreadRank {
    fn drop(&mut self) {
        self.abort(0);
    }
}
