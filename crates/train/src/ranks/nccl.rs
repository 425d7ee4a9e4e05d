//! Ranks with one NVIDIA GPU each, joined by NCCL through `cudarc`.
//!
//! Values pass through the GPU's memory: they are copied there, summed by NCCL over NVLink or the network, and copied
//! back. NCCL has no way of its own to find the other ranks: their number, the rank and a file that all ranks can read
//! are given, and rank 0 writes NCCL's identifier into that file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cudarc::driver::{CudaContext, CudaSlice, CudaStream};
use cudarc::nccl::{Comm, Id, ReduceOp};

use super::{Reduce, ReduceError, TransportFault};

/// Sleep between two reads of the identifier's file.
const SLEEP: Duration = Duration::from_millis(50);
/// Bytes of NCCL's identifier.
const ID_BYTES: usize = 128;

/// Place of a rank in an NCCL job.
#[derive(Debug, Clone)]
pub struct NcclPlace {
    /// Number of the rank, from 0.
    pub rank: usize,
    /// Number of ranks.
    pub ranks: usize,
    /// Number of the GPU on this machine.
    pub gpu: usize,
    /// File that all ranks can read. It must not exist when the job begins.
    pub meeting_file: PathBuf,
    /// Longest wait for rank 0 to write the file.
    pub timeout: Duration,
    /// Name of the machine, for messages.
    pub host: String,
}

/// Own process as a rank of an NCCL job.
pub struct NcclRank {
    /// `None` after an abort.
    comm: Option<Comm>,
    stream: Arc<CudaStream>,
    place: NcclPlace,
}

impl NcclRank {
    /// Opens the GPU and joins the job.
    ///
    /// # Errors
    /// [`ReduceError::Open`] without a GPU, without NCCL, or if rank 0 doesn't write the file in time.
    pub fn open(place: NcclPlace) -> Result<Self, ReduceError> {
        let context = CudaContext::new(place.gpu).map_err(|e| refused(&e))?;
        let stream = context.default_stream();
        let id = match place.rank {
            0 => offered(&place.meeting_file)?,
            _ => found(&place.meeting_file, place.timeout)?,
        };
        let comm = Comm::from_rank(Arc::clone(&stream), place.rank, place.ranks, id)
            .map_err(|e| open_error(library(format!("{e:?}"))))?;
        Ok(Self { comm: Some(comm), stream, place })
    }

    /// Runs an operation on a copy of `values` on the GPU.
    fn on_gpu(
        &self,
        values: &mut [f32],
        operation: &'static str,
        run: impl FnOnce(
            &Comm,
            &CudaSlice<f32>,
            &mut CudaSlice<f32>,
        ) -> Result<(), cudarc::nccl::result::NcclError>,
    ) -> Result<(), ReduceError> {
        let failed = |cause: String| ReduceError::Transport { operation, fault: library(cause) };
        let own = self.stream.clone_htod(values).map_err(|e| failed(e.to_string()))?;
        let mut all = self.stream.alloc_zeros(values.len()).map_err(|e| failed(e.to_string()))?;
        let comm = self.comm.as_ref().ok_or(ReduceError::Closed { operation })?;
        run(comm, &own, &mut all).map_err(|e| failed(format!("{e:?}")))?;
        self.stream.memcpy_dtoh(&all, values).map_err(|e| failed(e.to_string()))?;
        self.stream.synchronize().map_err(|e| failed(e.to_string()))
    }
}

fn open_error(fault: TransportFault) -> ReduceError {
    ReduceError::Open { transport: "nccl", fault }
}

/// Returns the fault of an error of CUDA or NCCL, some of which are not of the trait `Error`.
fn library(cause: String) -> TransportFault {
    TransportFault::Library(cause.into())
}

fn refused(error: &impl std::fmt::Display) -> ReduceError {
    open_error(library(error.to_string()))
}

/// Returns a new identifier, written for the other ranks.
fn offered(path: &Path) -> Result<Id, ReduceError> {
    let id = Id::new().map_err(|e| open_error(library(format!("{e:?}"))))?;
    let bytes: Vec<u8> = id.internal().iter().map(|&b| b.to_ne_bytes()[0]).collect();
    syrinx_atomic::write_bytes(path, &bytes).map_err(|e| refused(&e))?;
    Ok(id)
}

/// Returns the identifier that rank 0 writes.
fn found(path: &Path, timeout: Duration) -> Result<Id, ReduceError> {
    let begun = Instant::now();
    loop {
        if let Ok(bytes) = std::fs::read(path)
            && bytes.len() == ID_BYTES
        {
            let mut internal = [0; ID_BYTES];
            for (to, from) in internal.iter_mut().zip(bytes) {
                *to = std::ffi::c_char::from_ne_bytes([from]);
            }
            return Ok(Id::uninit(internal));
        }
        if begun.elapsed() > timeout {
            return Err(open_error(TransportFault::NoIdentifier { path: path.to_owned() }));
        }
        std::thread::sleep(SLEEP);
    }
}

impl Reduce for NcclRank {
    fn name(&self) -> &'static str {
        "nccl"
    }

    fn rank(&self) -> usize {
        self.place.rank
    }

    fn ranks(&self) -> usize {
        self.place.ranks
    }

    fn host(&self) -> String {
        format!("{}, GPU {}", self.place.host, self.place.gpu)
    }

    fn sum(&mut self, values: &mut [f32], root: Option<usize>) -> Result<(), ReduceError> {
        self.on_gpu(values, "sum", |comm, own, all| match root {
            None => comm.all_reduce(own, all, &ReduceOp::Sum).map(drop),
            Some(root) => {
                let to = (self.place.rank == root).then_some(all);
                comm.reduce(own, to, &ReduceOp::Sum, root as i32).map(drop)
            }
        })
    }

    fn broadcast(&mut self, values: &mut [f32], root: usize) -> Result<(), ReduceError> {
        self.on_gpu(values, "broadcast", |comm, own, all| {
            let from = (self.place.rank == root).then_some(own);
            comm.broadcast(from, all, root as i32).map(drop)
        })
    }

    fn gather(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, ReduceError> {
        let ranks = self.place.ranks;
        // One value for each byte, in a sum of disjoint parts; such messages are short.
        let mut lengths = vec![0.0; ranks];
        lengths[self.place.rank] = bytes.len() as f32;
        self.sum(&mut lengths, None)?;
        let longest = lengths.iter().fold(0.0f32, |most, &n| most.max(n)) as usize;
        let mut all = vec![0.0; longest * ranks];
        let start = longest * self.place.rank;
        for (to, from) in all[start..].iter_mut().zip(bytes) {
            *to = f32::from(*from);
        }
        self.sum(&mut all, None)?;
        let part = |(values, &len): (&[f32], &f32)| {
            values[..len as usize].iter().map(|&v| v as u8).collect()
        };
        Ok(all.chunks(longest.max(1)).zip(&lengths).map(part).collect())
    }

    fn abort(&mut self, _code: i32) {
        // Dropping the communicator aborts it. The other ranks wait until their timeout.
        self.comm = None;
    }
}
