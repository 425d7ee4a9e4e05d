//! Requests to tasks.

use syrinx_decode::DecodeConfig;
use syrinx_task::Request;

/// A request to a task.
#[derive(Debug, Clone, Default)]
pub(crate) struct TaskRequest {
    /// Identifier of the task.
    pub task: &'static str,
    /// Request of the task, with its recordings.
    pub request: Request,
    /// Seed; `None` selects the server's.
    pub seed: Option<u64>,
    /// Sampling temperature of codes; `None` selects the server's.
    pub temperature: Option<f64>,
    /// Whether speech is streamed while it is generated, with the windows of `syrinx say --stream`.
    pub stream: bool,
    /// Faults of the recordings that were repaired.
    pub warnings: Vec<String>,
}

/// Settings of requests that don't specify them.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// Settings of generation.
    pub decode: DecodeConfig,
    /// Seed of all random numbers.
    pub seed: u64,
}
