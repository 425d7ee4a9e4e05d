//! Interface of training to the ranks of a data-parallel job.
//!
//! A transport implements [`Reduce`]. [`Ranks`] runs it on a thread of its own, one operation after another, so that
//! gradients of one block travel while the backward pass computes those of the next. Every rank must request the same
//! operations in the same order.

mod buckets;
mod exchange;
mod launched;
#[cfg(feature = "mpi")]
pub mod mpi;
#[cfg(feature = "nccl")]
pub mod nccl;
mod reduce;
pub mod threads;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use exchange::Exchange;
pub use launched::Launched;
pub use reduce::{Reduce, ReduceError, TransportFault};

/// Result of an operation among ranks.
type ReduceResult<T> = Result<T, ReduceError>;

/// Operation for the communication thread, with the channel for its result.
enum RankOperation {
    Sum(Vec<f32>, Option<usize>, mpsc::Sender<ReduceResult<Vec<f32>>>),
    Broadcast(Vec<f32>, usize, mpsc::Sender<ReduceResult<Vec<f32>>>),
    Gather(Vec<u8>, mpsc::Sender<ReduceResult<Vec<Vec<u8>>>>),
    Abort(i32),
}

/// Identity of a rank and the size of its job.
struct RankIdentity {
    rank: usize,
    ranks: usize,
    host: String,
    transport: &'static str,
}

/// Handle to the communication thread. Clones share it.
#[derive(Clone, Default)]
pub struct Ranks(Option<Arc<Joined>>);

/// A rank that joined a job.
struct Joined {
    place: RankIdentity,
    /// Present until the handle is dropped.
    jobs: Option<mpsc::Sender<RankOperation>>,
    thread: Option<JoinHandle<()>>,
    timeout: Duration,
    /// Whether an operation failed, so that the thread may never end.
    failed: AtomicBool,
    /// Bytes handed to the transport since the start.
    bytes: AtomicU64,
}

/// A sum in progress.
pub(crate) struct Underway(mpsc::Receiver<ReduceResult<Vec<f32>>>);

impl Ranks {
    /// Builds a job of one rank: no transport, no thread.
    pub fn alone() -> Self {
        Self::default()
    }

    /// Opens a transport on a new thread and joins its job. `timeout` bounds the wait for the other ranks in each
    /// operation.
    ///
    /// # Errors
    /// Errors of opening the transport.
    pub fn join<R: Reduce>(
        open: impl FnOnce() -> ReduceResult<R> + Send + 'static,
        timeout: Duration,
    ) -> ReduceResult<Self> {
        let (say, opened) = mpsc::channel();
        let (jobs, work) = mpsc::channel();
        let serve = move || match open() {
            Err(error) => drop(say.send(Err(error))),
            Ok(mut reduce) => {
                let (rank, ranks) = (reduce.rank(), reduce.ranks());
                let place =
                    RankIdentity { rank, ranks, host: reduce.host(), transport: reduce.name() };
                if say.send(Ok(place)).is_ok() {
                    work.iter().for_each(|job| run(&mut reduce, job));
                }
            }
        };
        let spawned = std::thread::Builder::new().name("ranks".into()).spawn(serve);
        let thread = spawned
            .map_err(|e| TransportFault::Library(e.into()))
            .map_err(|fault| ReduceError::Open { transport: "thread", fault })?;
        let place = opened.recv().map_err(|_| ReduceError::Closed { operation: "open" })??;
        if place.ranks == 1 {
            return Ok(Self::alone());
        }
        Ok(Self(Some(Arc::new(Joined {
            place,
            jobs: Some(jobs),
            thread: Some(thread),
            timeout,
            failed: AtomicBool::new(false),
            bytes: AtomicU64::new(0),
        }))))
    }

    /// Returns the number of this rank, from 0.
    pub fn rank(&self) -> usize {
        self.0.as_ref().map_or(0, |j| j.place.rank)
    }

    /// Returns the number of ranks of the job.
    pub fn count(&self) -> usize {
        self.0.as_ref().map_or(1, |j| j.place.ranks)
    }

    /// Whether this is the only rank.
    pub fn is_alone(&self) -> bool {
        self.0.is_none()
    }

    /// Whether this rank writes files and reports: rank 0.
    pub fn leads(&self) -> bool {
        self.rank() == 0
    }

    /// Returns the name for messages: `rank 1 of 2 (node7, mpi)`.
    pub fn name(&self) -> String {
        match &self.0 {
            None => "rank 0 of 1".into(),
            Some(j) => {
                let RankIdentity { rank, ranks, host, transport } = &j.place;
                format!("rank {rank} of {ranks} ({host}, {transport})")
            }
        }
    }

    /// Returns the number of bytes that this rank has handed to the transport. A ring all-reduce sends nearly twice as
    /// many.
    pub fn bytes(&self) -> u64 {
        self.0.as_ref().map_or(0, |j| j.bytes.load(Ordering::Relaxed))
    }

    /// Starts to sum values over all ranks; the result goes to every rank, or to `root` alone.
    pub(crate) fn start_sum(
        &self,
        values: Vec<f32>,
        root: Option<usize>,
    ) -> ReduceResult<Underway> {
        let bytes = size_of_val(values.as_slice());
        Ok(Underway(self.start("sum", bytes, |reply| RankOperation::Sum(values, root, reply))?))
    }

    /// Waits for the end of a sum. On ranks other than its root the values are unspecified.
    pub(crate) fn finish(&self, underway: Underway) -> ReduceResult<Vec<f32>> {
        self.wait("sum", &underway.0)
    }

    /// Returns the sum of values over all ranks, at every rank or at `root` alone.
    pub(crate) fn sum(&self, values: Vec<f32>, root: Option<usize>) -> ReduceResult<Vec<f32>> {
        if self.is_alone() {
            return Ok(values);
        }
        self.finish(self.start_sum(values, root)?)
    }

    /// Returns the values of rank `root` at every rank. `values` has the same length everywhere.
    pub(crate) fn broadcast(&self, values: Vec<f32>, root: usize) -> ReduceResult<Vec<f32>> {
        if self.is_alone() {
            return Ok(values);
        }
        let bytes = size_of_val(values.as_slice());
        let reply =
            self.start("broadcast", bytes, |reply| RankOperation::Broadcast(values, root, reply))?;
        self.wait("broadcast", &reply)
    }

    /// Returns one value of every rank, in order of rank, at every rank.
    ///
    /// # Errors
    /// [`ReduceError`] if a rank is lost or late.
    pub fn gather<T: Serialize + DeserializeOwned>(&self, value: &T) -> ReduceResult<Vec<T>> {
        let broken = |cause| ReduceError::Message { cause };
        let bytes = serde_json::to_vec(value).map_err(broken)?;
        let all = match self.is_alone() {
            true => vec![bytes],
            false => {
                let size = bytes.len();
                let reply =
                    self.start("gather", size, |reply| RankOperation::Gather(bytes, reply))?;
                self.wait("gather", &reply)?
            }
        };
        all.iter().map(|bytes| serde_json::from_slice(bytes).map_err(broken)).collect()
    }

    /// Measures the speed of a sum over all ranks, bytes a second: the median of some repetitions.
    ///
    /// # Errors
    /// [`ReduceError`] if a rank is lost or late.
    pub fn measure(&self, values: usize, repetitions: usize) -> ReduceResult<f64> {
        let mut taken = Vec::new();
        for _ in 0..repetitions.max(1) {
            let begun = Instant::now();
            self.sum(vec![1.0; values], None)?;
            taken.push(begun.elapsed().as_secs_f64());
        }
        taken.sort_by(f64::total_cmp);
        let seconds = taken.get(taken.len() / 2).copied().unwrap_or(f64::INFINITY);
        Ok((values * size_of::<f32>()) as f64 / seconds)
    }

    /// Fails at every rank unless all have the same value.
    pub(crate) fn agree(&self, what: &'static str, value: &str) -> ReduceResult<()> {
        let all = self.gather(&value.to_owned())?;
        match all.iter().position(|other| *other != all[0]) {
            None => Ok(()),
            Some(rank) => {
                let (found, expected) = (all[rank].clone(), all[0].clone());
                Err(ReduceError::Disagree { what, rank, found, expected })
            }
        }
    }

    /// Ends the job for all ranks, as far as the transport can.
    pub fn abort(&self, code: i32) {
        if let Some(joined) = &self.0 {
            joined.failed.store(true, Ordering::Relaxed);
            // A thread that is gone has ended the job already.
            let _ = joined.jobs.as_ref().map(|jobs| jobs.send(RankOperation::Abort(code)));
        }
    }

    fn start<T>(
        &self,
        operation: &'static str,
        bytes: usize,
        job: impl FnOnce(mpsc::Sender<ReduceResult<T>>) -> RankOperation,
    ) -> ReduceResult<mpsc::Receiver<ReduceResult<T>>> {
        let joined = self.0.as_ref().ok_or(ReduceError::Closed { operation })?;
        joined.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        let (reply, result) = mpsc::channel();
        let sent = joined.jobs.as_ref().and_then(|jobs| jobs.send(job(reply)).ok());
        sent.map(|()| result).ok_or(ReduceError::Closed { operation })
    }

    fn wait<T>(
        &self,
        operation: &'static str,
        result: &mpsc::Receiver<ReduceResult<T>>,
    ) -> ReduceResult<T> {
        let joined = self.0.as_ref().ok_or(ReduceError::Closed { operation })?;
        let timeout = joined.timeout;
        let outcome = match result.recv_timeout(timeout) {
            Ok(outcome) => outcome,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                Err(ReduceError::Timeout { operation, timeout_s: timeout.as_secs_f64() })
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(ReduceError::Closed { operation }),
        };
        if outcome.is_err() {
            joined.failed.store(true, Ordering::Relaxed);
        }
        outcome
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        self.jobs = None;
        // A transport has to be closed before the process ends.
        if let Some(thread) = self.thread.take().filter(|_| !self.failed.load(Ordering::Relaxed)) {
            // A panic there has failed an operation, which its caller has reported.
            let _ = thread.join();
        }
    }
}

/// Runs one job. A missing receiver has reported its own failure.
fn run(reduce: &mut impl Reduce, job: RankOperation) {
    match job {
        RankOperation::Sum(mut values, root, reply) => {
            let outcome = reduce.sum(&mut values, root).map(|()| values);
            let _ = reply.send(outcome);
        }
        RankOperation::Broadcast(mut values, root, reply) => {
            let outcome = reduce.broadcast(&mut values, root).map(|()| values);
            let _ = reply.send(outcome);
        }
        RankOperation::Gather(bytes, reply) => {
            let _ = reply.send(reduce.gather(&bytes));
        }
        RankOperation::Abort(code) => reduce.abort(code),
    }
}
