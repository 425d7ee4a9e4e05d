//! Ranks of an MPI job (OpenMPI, MPICH), through the `mpi` crate.
//!
//! MPI is initialised and used on the communication thread alone. Collectives are the non-blocking ones, and the wait
//! for them sleeps between tests that find nothing to do: a blocking collective spins, and takes the core that the rank
//! computes on. A test also moves data, a fragment at a time. After one that did so, the next follows at once.

use std::time::{Duration, Instant};

use mpi::Threading;
use mpi::collective::{CommunicatorCollectives, Root, SystemOperation};
use mpi::environment::Universe;
use mpi::request::Request;
use mpi::topology::{Communicator, SimpleCommunicator};

use super::{Reduce, ReduceError, TransportFault};

/// Number of tests before the first sleep.
const BUSY_TESTS: u32 = 50;
/// Number of tests without sleep after one that moved data.
const TESTS_AFTER_DATA: u32 = 4;
/// Duration above which a test has moved data; a test that finds nothing takes less than a microsecond.
const MOVED: Duration = Duration::from_micros(3);
/// Sleep between two tests that find nothing.
const SLEEP: Duration = Duration::from_micros(50);

/// Own process as a rank of an MPI job.
pub struct MpiRank {
    // Dropped before the universe, which finalises MPI.
    world: SimpleCommunicator,
    _universe: Universe,
}

impl MpiRank {
    /// Initialises MPI. Call it on the thread that uses the rank, once a process.
    ///
    /// # Errors
    /// [`ReduceError::Open`] if MPI is initialised already.
    pub fn open() -> Result<Self, ReduceError> {
        let opened = mpi::initialize_with_threading(Threading::Funneled);
        let (universe, _) = opened
            .ok_or(ReduceError::Open { transport: "mpi", fault: TransportFault::Initialized })?;
        Ok(Self { world: universe.world(), _universe: universe })
    }

    fn size(&self) -> usize {
        usize::try_from(self.world.size()).unwrap_or(1)
    }
}

/// Waits for an operation. A lost rank ends the process: MPI's errors are fatal.
fn wait<'a, D: ?Sized, S: mpi::request::Scope<'a>>(mut request: Request<'a, D, S>) {
    let mut busy = BUSY_TESTS;
    loop {
        let begun = Instant::now();
        match request.test() {
            Ok(_) => return,
            Err(unfinished) => request = unfinished,
        }
        if begun.elapsed() > MOVED {
            busy = busy.max(TESTS_AFTER_DATA);
        }
        if busy > 0 {
            busy -= 1;
            std::thread::yield_now();
        } else {
            std::thread::sleep(SLEEP);
        }
    }
}

/// Returns the number of a rank as MPI counts.
fn number(rank: usize, operation: &'static str) -> Result<i32, ReduceError> {
    let fault = TransportFault::NoRank { rank };
    i32::try_from(rank).map_err(|_| ReduceError::Transport { operation, fault })
}

impl Reduce for MpiRank {
    fn name(&self) -> &'static str {
        "mpi"
    }

    fn rank(&self) -> usize {
        usize::try_from(self.world.rank()).unwrap_or(0)
    }

    fn ranks(&self) -> usize {
        self.size()
    }

    fn host(&self) -> String {
        mpi::environment::processor_name().unwrap_or_else(|_| "unknown host".into())
    }

    fn sum(&mut self, values: &mut [f32], root: Option<usize>) -> Result<(), ReduceError> {
        let own = values.to_vec();
        let sum = SystemOperation::sum();
        let Some(root) = root else {
            mpi::request::scope(|scope| {
                wait(self.world.immediate_all_reduce_into(scope, &own[..], values, sum));
            });
            return Ok(());
        };
        let process = self.world.process_at_rank(number(root, "sum")?);
        mpi::request::scope(|scope| match self.rank() == root {
            true => wait(process.immediate_reduce_into_root(scope, &own[..], values, sum)),
            false => wait(process.immediate_reduce_into(scope, &own[..], sum)),
        });
        Ok(())
    }

    fn broadcast(&mut self, values: &mut [f32], root: usize) -> Result<(), ReduceError> {
        let process = self.world.process_at_rank(number(root, "broadcast")?);
        mpi::request::scope(|scope| wait(process.immediate_broadcast_into(scope, values)));
        Ok(())
    }

    fn gather(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, ReduceError> {
        let mut lengths = vec![0u64; self.size()];
        let own = [bytes.len() as u64];
        mpi::request::scope(|scope| {
            wait(self.world.immediate_all_gather_into(scope, &own[..], &mut lengths[..]));
        });
        // All contributions are sent at the length of the longest.
        let longest = lengths.iter().copied().max().unwrap_or(0) as usize;
        let mut padded = bytes.to_vec();
        padded.resize(longest, 0);
        let mut all = vec![0u8; longest * self.size()];
        if longest > 0 {
            mpi::request::scope(|scope| {
                wait(self.world.immediate_all_gather_into(scope, &padded[..], &mut all[..]));
            });
        }
        let parts = all.chunks_exact(longest.max(1)).zip(&lengths);
        let mut gathered: Vec<Vec<u8>> = parts.map(|(b, &n)| b[..n as usize].to_vec()).collect();
        gathered.resize(self.size(), Vec::new());
        Ok(gathered)
    }

    fn abort(&mut self, code: i32) {
        self.world.abort(code)
    }
}
