//! Interface between training and a transport.

use std::path::PathBuf;

/// Collective communication among the ranks of one job. Every rank calls the same operations in the same order, from
/// one thread.
pub trait Reduce {
    /// Returns the name of the transport: `mpi`, `nccl`, `threads`.
    fn name(&self) -> &'static str;

    /// Returns the number of this rank, from 0.
    fn rank(&self) -> usize;

    /// Returns the number of ranks.
    fn ranks(&self) -> usize;

    /// Returns the name of the machine, for messages.
    fn host(&self) -> String;

    /// Replaces `values` by their sum over all ranks: at every rank, bit for bit the same, or at `root` alone, with
    /// unspecified values elsewhere. The length is the same at every rank.
    ///
    /// # Errors
    /// [`ReduceError`] if a rank is lost or the transport fails.
    fn sum(&mut self, values: &mut [f32], root: Option<usize>) -> Result<(), ReduceError>;

    /// Replaces `values` by those of rank `root`. The length is the same at every rank.
    ///
    /// # Errors
    /// As for [`Reduce::sum`].
    fn broadcast(&mut self, values: &mut [f32], root: usize) -> Result<(), ReduceError>;

    /// Returns the bytes of every rank, in order of rank, at every rank. Lengths may differ.
    ///
    /// # Errors
    /// As for [`Reduce::sum`].
    fn gather(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, ReduceError>;

    /// Ends the job for all ranks. `code` is the exit code where the transport takes one.
    fn abort(&mut self, code: i32);
}

/// A failed operation among ranks.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReduceError {
    /// The transport can't be opened.
    #[error("cannot open the transport `{transport}`: {fault}")]
    Open {
        /// Name of the transport.
        transport: &'static str,
        /// Fault.
        fault: TransportFault,
    },
    /// A rank left the job.
    #[error("lost rank {rank} ({host}) in operation `{operation}`")]
    Lost {
        /// Number of the rank.
        rank: usize,
        /// Machine of the rank.
        host: String,
        /// Operation that waited for it.
        operation: &'static str,
    },
    /// The other ranks didn't join an operation in time.
    #[error("no answer from the other ranks within {timeout_s} s in operation `{operation}`")]
    Timeout {
        /// Operation.
        operation: &'static str,
        /// Longest wait, seconds.
        timeout_s: f64,
    },
    /// The communication thread has ended.
    #[error("operation `{operation}` failed: the transport is closed")]
    Closed {
        /// Operation.
        operation: &'static str,
    },
    /// The transport refused an operation.
    #[error("operation `{operation}` failed: {fault}")]
    Transport {
        /// Operation.
        operation: &'static str,
        /// Fault.
        fault: TransportFault,
    },
    /// A message between ranks can't be read.
    #[error("unreadable message between ranks: {cause}")]
    Message {
        /// Cause.
        cause: serde_json::Error,
    },
    /// Ranks were started differently.
    #[error("rank {rank} has another {what} than rank 0: `{found}`, not `{expected}`")]
    Disagree {
        /// Compared property.
        what: &'static str,
        /// First rank that differs.
        rank: usize,
        /// Value at that rank.
        found: String,
        /// Value at rank 0.
        expected: String,
    },
}

/// Fault of a transport.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportFault {
    /// MPI was initialised before.
    #[error("MPI is initialised already in this process")]
    Initialized,
    /// The file with NCCL's identifier didn't come in time.
    #[error("rank 0 wrote no {}", path.display())]
    NoIdentifier {
        /// The file.
        path: PathBuf,
    },
    /// A number that is not a rank of the transport.
    #[error("there is no rank {rank}")]
    NoRank {
        /// The number.
        rank: usize,
    },
    /// Error of the transport's library or of the operating system.
    #[error(transparent)]
    Library(Box<dyn std::error::Error + Send + Sync>),
}

impl ReduceError {
    /// Remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Open { .. } => {
                "start the program with mpirun, or train on one rank with --reduce none"
            }
            Self::Disagree { .. } => {
                "give every rank the same program, configuration, shards and run folder"
            }
            Self::Message { .. } => "run the same program on every rank",
            Self::Lost { .. }
            | Self::Timeout { .. }
            | Self::Closed { .. }
            | Self::Transport { .. } => {
                "the last checkpoint is whole: go on with --resume, on any number of ranks"
            }
        }
    }
}
