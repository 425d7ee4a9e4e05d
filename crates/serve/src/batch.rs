//! Batches of requests that wait for a worker.
//!
//! No request waits for a batch to fill: a free worker takes the requests that wait. Only short texts are batched,
//! since a short request would otherwise wait for a long one in the same batch; streamed requests are computed alone.
//! The samples of a request don't depend on its batch. If a client disconnects, its permit is free at once, and its
//! rows leave the batch at the next step.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use syrinx_types::CancelToken;
use tokio::sync::mpsc::UnboundedSender;

use crate::engine::{
    AnswerChunk, CancellableRequest, EngineService, TaskAnswer, TaskRequest, Update,
};
use crate::error::ApiError;
use crate::updates::{UpdateResult, guarded};

/// Maximum length of a text that is computed in a batch, in characters: about one chunk of the engine.
const MAX_CHARS: usize = 400;

/// Settings that all requests of a batch share.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BatchKey {
    task: &'static str,
    temperature: Option<f64>,
}

impl BatchKey {
    /// Returns the key of a request; `None` if the request is computed alone.
    pub fn of(service: &EngineService, ask: &TaskRequest) -> Option<Self> {
        let view = service.task(ask.task).filter(|view| view.speaks() && !ask.stream)?;
        let field = view.main_field();
        let text = ask.request.fields.get(field).and_then(serde_json::Value::as_str)?;
        let takes_recording = view.descriptor.takes_recording(field);
        let short = text.chars().count() <= MAX_CHARS;
        (short && !takes_recording).then_some(Self { task: ask.task, temperature: ask.temperature })
    }
}

/// Function that completes a request on the worker's thread by decoding its recordings.
pub(crate) type Prepare =
    Box<dyn FnOnce(&EngineService, &mut TaskRequest) -> Result<(), ApiError> + Send>;

/// A request to a task, which may be computed in a batch with others of the same key.
pub(crate) struct QueuedRequest {
    /// Settings shared by the batch; `None` for a request that is computed alone.
    pub key: Option<BatchKey>,
    /// Loaded model.
    pub service: Arc<EngineService>,
    /// Request to the task.
    pub ask: TaskRequest,
    /// Completes the request before it is computed.
    pub prepare: Prepare,
}

impl QueuedRequest {
    /// Computes the request alone.
    pub fn run(
        self,
        cancel: &CancelToken,
        each: &mut dyn FnMut(AnswerChunk) -> bool,
    ) -> Result<TaskAnswer, ApiError> {
        let Self { service, mut ask, prepare, .. } = self;
        prepare(&service, &mut ask)?;
        service.run(&ask, cancel, each)
    }
}

/// A request in a batch.
pub(crate) struct BatchMember {
    /// The request.
    pub queued: QueuedRequest,
    /// Cancels this request only.
    pub cancel: CancelToken,
    /// Sender of the answer.
    pub updates: UnboundedSender<UpdateResult>,
}

/// Computes requests with the same key in one batch.
pub(crate) fn run_together(members: Vec<BatchMember>) {
    let (mut service, mut asks, mut open) = (None, Vec::new(), Vec::new());
    for BatchMember { queued, cancel, updates } in members {
        let QueuedRequest { service: own, mut ask, prepare, .. } = queued;
        match guarded(|| prepare(&own, &mut ask)) {
            Ok(()) => {
                asks.push(CancellableRequest { request: ask, cancel });
                open.push(updates);
                service = Some(own);
            }
            // A client that disconnected needs no answer.
            Err(error) => drop(updates.send(Err(error))),
        }
    }
    let Some(service) = service else { return };
    let together = catch_unwind(AssertUnwindSafe(|| service.run_together(&asks)));
    // A panic must fail one request only, so each is computed again alone.
    let answers = together.unwrap_or_else(|_| {
        let alone = |ask: &CancellableRequest| {
            guarded(|| service.run(&ask.request, &ask.cancel, &mut |_| true))
        };
        asks.iter().map(alone).collect()
    });
    for (updates, answer) in open.into_iter().zip(answers) {
        deliver(&updates, answer);
    }
}

/// Sends an answer as a single chunk, followed by the complete answer.
fn deliver(updates: &UnboundedSender<UpdateResult>, answer: Result<TaskAnswer, ApiError>) {
    if let Ok(answer) = &answer
        && let Some((_, audio)) = answer.recordings.first()
    {
        let chunk = AnswerChunk { samples: audio.samples.clone(), ..AnswerChunk::default() };
        let _ = updates.send(Ok(Update::Chunk(chunk)));
    }
    let _ = updates.send(answer.map(|answer| Update::Whole(Box::new(answer))));
}
