//! Worker threads behind a bounded queue.
//!
//! Each request first takes a [`QueuePermit`]. There is one per worker and per queue entry; without a free one, the
//! request is refused. The permit is released when the answer is sent or the computation has stopped, whichever is
//! later. A worker takes several waiting requests if they can be computed in one batch ([`crate::batch`]).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use syrinx_types::CancelToken;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::batch::{BatchKey, BatchMember, QueuedRequest, run_together};
use crate::config::Limits;
use crate::engine::{AnswerChunk, TaskAnswer, Update};
use crate::error::ApiError;
use crate::updates::{UpdateResult, guarded};

/// Function that polls a cancel token, passes chunks to a callback, and returns the answer.
pub(crate) type JobFunction = Box<
    dyn FnOnce(&CancelToken, &mut dyn FnMut(AnswerChunk) -> bool) -> Result<TaskAnswer, ApiError>
        + Send,
>;

/// Computation of a request.
pub(crate) enum JobWork {
    /// A function.
    Code(JobFunction),
    /// A request to a task, which may be batched.
    Request(Box<QueuedRequest>),
}

struct Job {
    work: JobWork,
    cancel: CancelToken,
    updates: mpsc::UnboundedSender<UpdateResult>,
    place: Arc<OwnedSemaphorePermit>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
    /// Number of idle workers.
    idle: usize,
}

/// Worker threads and their queue, shared by all clones.
#[derive(Clone)]
pub(crate) struct WorkerPool {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Mutex<Queue>,
    ready: Condvar,
    places: Arc<Semaphore>,
    capacity: usize,
    workers: usize,
    /// Maximum number of requests in a batch.
    batch: usize,
    /// Counter of requests that were computed in a batch.
    batched: Counter,
    running: AtomicUsize,
    /// Moving average of a job's duration, in microseconds.
    usual_us: AtomicU64,
}

/// Permit of a request to wait or be computed.
#[derive(Clone)]
pub(crate) struct QueuePermit(Arc<OwnedSemaphorePermit>);

impl WorkerPool {
    /// Starts the workers. `batched` counts requests that are computed in a batch.
    pub fn new(limits: &Limits, batched: Counter) -> std::io::Result<Self> {
        let workers = limits.workers.max(1);
        let capacity = workers + limits.queue;
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            ready: Condvar::new(),
            places: Arc::new(Semaphore::new(capacity)),
            capacity,
            workers,
            batch: limits.batch.max(1),
            batched,
            running: AtomicUsize::new(0),
            usual_us: AtomicU64::new(1_000_000),
        });
        for i in 0..workers {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("serve-{i}")).spawn(move || shared.work())?;
        }
        Ok(Self { shared })
    }

    /// Takes a permit, or returns an error with the time after which one may be free.
    pub fn admit(&self) -> Result<QueuePermit, ApiError> {
        let permit = Arc::clone(&self.shared.places).try_acquire_owned();
        permit.map(|p| QueuePermit(Arc::new(p))).map_err(|_| ApiError::busy(self.shared.wait()))
    }

    /// Waits for a permit; for connections that stay open between requests.
    pub async fn admit_later(&self) -> Result<QueuePermit, ApiError> {
        let permit = Arc::clone(&self.shared.places).acquire_owned().await;
        permit.map(|p| QueuePermit(Arc::new(p))).map_err(|_| ApiError::busy(self.shared.wait()))
    }

    /// Queues a job. It is cancelled at the deadline, or when the returned value is dropped.
    pub fn submit(&self, place: QueuePermit, deadline: Deadline, work: JobWork) -> RunningJob {
        let (updates, received) = mpsc::unbounded_channel();
        let cancel = CancelToken::default();
        let job = Job { work, cancel: cancel.clone(), updates, place: Arc::clone(&place.0) };
        let mut queue = self.shared.lock();
        // A closed queue drops the job, whose closed channel tells the request.
        if !queue.closed {
            queue.jobs.push_back(job);
        }
        drop(queue);
        self.shared.ready.notify_one();
        RunningJob { received, cancel, _place: place, deadline, done: false }
    }

    /// Returns the number of requests with a permit.
    pub fn in_flight(&self) -> usize {
        self.shared.capacity - self.shared.places.available_permits()
    }

    /// Returns the number of requests that wait for a worker.
    pub fn queued(&self) -> usize {
        self.shared.lock().jobs.len()
    }

    /// Returns the number of requests that are being computed.
    pub fn running(&self) -> usize {
        self.shared.running.load(Ordering::Relaxed)
    }

    /// Stops the workers once the queue is empty.
    pub fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.ready.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the next job and those in its batch; `None` once the queue is closed and empty.
    fn next(&self) -> Option<Vec<Job>> {
        let mut queue = self.lock();
        queue.idle += 1;
        loop {
            queue.jobs.retain(|job| !job.cancel.is_cancelled());
            if let Some(job) = queue.jobs.pop_front() {
                let jobs = queue.gather(job, self.batch);
                queue.idle -= 1;
                return Some(jobs);
            }
            if queue.closed {
                return None;
            }
            queue = self.ready.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn work(&self) {
        while let Some(jobs) = self.next() {
            let count = jobs.len();
            self.running.fetch_add(count, Ordering::Relaxed);
            let begun = Instant::now();
            self.run(jobs);
            let took = begun.elapsed().as_micros() as u64;
            let usual = self.usual_us.load(Ordering::Relaxed);
            self.usual_us.store((3 * usual + took) / 4, Ordering::Relaxed);
            self.running.fetch_sub(count, Ordering::Relaxed);
        }
    }

    fn run(&self, mut jobs: Vec<Job>) {
        if jobs.len() == 1 {
            jobs.pop().into_iter().for_each(Job::run);
            return;
        }
        self.batched.inc_by(jobs.len() as u64);
        run_together(jobs.into_iter().filter_map(Job::member).collect());
    }

    /// Estimates the time until a permit is free: the usual duration of all queued jobs.
    fn wait(&self) -> Duration {
        let rounds = self.lock().jobs.len() / self.workers + 1;
        let usual = Duration::from_micros(self.usual_us.load(Ordering::Relaxed));
        (usual * rounds as u32).clamp(Duration::from_secs(1), Duration::from_secs(60))
    }
}

impl Queue {
    /// Removes the jobs from the queue that form a batch with `first`. Other idle workers keep their share of the
    /// queue.
    fn gather(&mut self, first: Job, most: usize) -> Vec<Job> {
        let share = (self.jobs.len() + 1).div_ceil(self.idle.max(1)).min(most);
        let mut jobs = vec![first];
        let Some(key) = jobs[0].key().cloned() else { return jobs };
        for job in std::mem::take(&mut self.jobs) {
            if jobs.len() < share && job.key() == Some(&key) {
                jobs.push(job);
            } else {
                self.jobs.push_back(job);
            }
        }
        jobs
    }
}

impl Job {
    fn key(&self) -> Option<&BatchKey> {
        match &self.work {
            JobWork::Request(queued) => queued.key.as_ref(),
            JobWork::Code(_) => None,
        }
    }

    /// Returns the job as a member of a batch. Its permit is then held by the request alone.
    fn member(self) -> Option<BatchMember> {
        let Self { work, cancel, updates, .. } = self;
        match work {
            JobWork::Request(queued) => Some(BatchMember { queued: *queued, cancel, updates }),
            JobWork::Code(_) => None,
        }
    }

    fn run(self) {
        let Self { work, cancel, updates, place } = self;
        let mut each = |chunk| updates.send(Ok(Update::Chunk(chunk))).is_ok();
        let outcome = guarded(|| match work {
            JobWork::Code(code) => code(&cancel, &mut each),
            JobWork::Request(queued) => queued.run(&cancel, &mut each),
        });
        drop(place);
        // A client that disconnected needs no answer.
        let _ = updates.send(outcome.map(|answer| Update::Whole(Box::new(answer))));
    }
}

/// Time by which a request must be answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: tokio::time::Instant,
    limit: Duration,
}

impl Deadline {
    /// Returns a deadline that expires after `limit`.
    pub fn after(limit: Duration) -> Self {
        Self { at: tokio::time::Instant::now() + limit, limit }
    }

    /// Waits for a future until the deadline.
    pub async fn limit<T>(&self, future: impl Future<Output = T>) -> Result<T, ApiError> {
        let limited = tokio::time::timeout_at(self.at, future).await;
        limited.map_err(|_| ApiError::timeout(self.limit))
    }
}

/// A submitted job, from the side of its request.
pub(crate) struct RunningJob {
    received: mpsc::UnboundedReceiver<UpdateResult>,
    cancel: CancelToken,
    _place: QueuePermit,
    deadline: Deadline,
    done: bool,
}

impl RunningJob {
    /// Returns the next update; `None` after the complete answer or an error.
    pub async fn next(&mut self) -> Option<UpdateResult> {
        if self.done {
            return None;
        }
        let update = match self.deadline.limit(self.received.recv()).await {
            Ok(Some(update)) => update,
            Ok(None) => Err(ApiError::new(
                axum::http::StatusCode::SERVICE_UNAVAILABLE,
                "shutting_down",
                "the server is shutting down",
            )),
            Err(timeout) => {
                self.cancel.cancel();
                Err(timeout)
            }
        };
        self.done = !matches!(update, Ok(Update::Chunk(_)));
        Some(update)
    }

    /// Returns the complete answer and discards the chunks.
    pub async fn answer(mut self) -> Result<TaskAnswer, ApiError> {
        while let Some(update) = self.next().await {
            if let Update::Whole(answer) = update? {
                return Ok(*answer);
            }
        }
        Err(ApiError::internal("the request ended without an answer"))
    }
}

impl Drop for RunningJob {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}
