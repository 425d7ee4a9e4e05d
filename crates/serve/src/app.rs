//! State that all routes share.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Semaphore;

use crate::batch::{BatchKey, QueuedRequest};
use crate::config::ServeConfig;
use crate::engine::{EngineService, TaskRequest};
use crate::error::ApiError;
use crate::jobs::{Deadline, JobFunction, JobWork, QueuePermit, RunningJob, WorkerPool};
use crate::metrics::Metrics;
use crate::registered::Registered;

/// Model names that requests may contain: the program's own name, and the default names of OpenAI's clients.
pub(crate) const MODELS: [&str; 8] = [
    "syrinx",
    "tts-1",
    "tts-1-hd",
    "gpt-4o-mini-tts",
    "whisper-1",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-transcribe-diarize",
];

/// State that all routes share.
pub(crate) struct ServerState {
    pub config: ServeConfig,
    pub service: Arc<EngineService>,
    pub pool: WorkerPool,
    pub voices: Registered,
    pub metrics: Metrics,
    pub openapi: Value,
    /// Permits for open websockets.
    pub sockets: Arc<Semaphore>,
}

impl ServerState {
    /// Returns the deadline of a request that starts now.
    pub fn deadline(&self) -> Deadline {
        Deadline::after(self.config.limits.timeout)
    }

    /// Queues a function that computes with the model.
    pub fn submit(
        &self,
        place: QueuePermit,
        deadline: Deadline,
        work: impl FnOnce(Arc<EngineService>) -> JobFunction,
    ) -> RunningJob {
        self.pool.submit(place, deadline, JobWork::Code(work(Arc::clone(&self.service))))
    }

    /// Queues a request to a task, which may be computed in a batch with others. `prepare` completes the request first,
    /// on the worker's thread.
    pub fn submit_request(
        &self,
        place: QueuePermit,
        deadline: Deadline,
        ask: TaskRequest,
        prepare: impl FnOnce(&EngineService, &mut TaskRequest) -> Result<(), ApiError> + Send + 'static,
    ) -> RunningJob {
        let service = Arc::clone(&self.service);
        let key = BatchKey::of(&service, &ask);
        let queued = QueuedRequest { key, service, ask, prepare: Box::new(prepare) };
        self.pool.submit(place, deadline, JobWork::Request(Box::new(queued)))
    }

    /// Checks that the server knows a model name.
    pub fn check_model(&self, model: Option<&str>) -> Result<(), ApiError> {
        let Some(model) = model.filter(|m| !MODELS.contains(m)) else { return Ok(()) };
        let status = axum::http::StatusCode::NOT_FOUND;
        let message = format!("there is no model `{model}`; GET /v1/models lists them");
        Err(ApiError::new(status, "model_not_found", message).param("model"))
    }

    /// Checks that a text is neither empty nor too long.
    pub fn check_text(&self, field: &str, text: &str) -> Result<(), ApiError> {
        if text.trim().is_empty() {
            return Err(ApiError::field(field, "empty_text", format!("`{field}` is empty")));
        }
        let (chars, most) = (text.chars().count(), self.config.limits.max_text_chars);
        if chars > most {
            let message = format!("`{field}` has {chars} characters; at most {most} are allowed");
            return Err(ApiError::field(field, "string_above_max_length", message));
        }
        Ok(())
    }
}
