//! Requests to tasks.

use syrinx_decode::DecodeConfig;
use syrinx_task::Request;

/// One request to a task.
#[derive(Debug, Clone, Default)]
pub(crate) struct TaskRequest {
    /// Identifier of the task.
    pub task: &'static str,
    /// The task's request, with its recordings.
    pub request: Request,
    /// Seed; the server's settings without one.
    pub seed: Option<u64>,
    /// Sampling temperature of codes; the server's settings without one.
    pub temperature: Option<f64>,
    /// Whether sound comes while it is made, with the windows of `syrinx say --stream`.
    pub stream: bool,
    /// Faults of its recordings that were repaired.
    pub warnings: Vec<String>,
}

/// Settings of requests that give none of their own.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// Settings of generation.
    pub decode: DecodeConfig,
    /// Seed of everything random.
    pub seed: u64,
}
