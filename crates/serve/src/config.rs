//! Settings of the server.

use std::time::Duration;

/// Maximum length of a bearer key, in bytes. Longer keys are refused.
pub const LONGEST_KEY: usize = 256;

/// Limits of a single request and of all requests together.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Maximum size of a request body, in bytes. Default 25 MiB.
    pub max_body_bytes: usize,
    /// Maximum length of a recording in a request, in seconds. Default 1800.
    pub max_audio_s: f64,
    /// Maximum length of a text in a request, in characters. Default 4096.
    pub max_text_chars: usize,
    /// Number of requests that are computed at the same time, each on its own thread. Default 2.
    pub workers: usize,
    /// Number of requests that may wait for a worker; further ones are refused with status 429. Default 1: with two
    /// workers, a request that waits takes about 1.5 times as long as one that does not, and less than twice as long in
    /// the worst case.
    pub queue: usize,
    /// Maximum number of waiting requests that a worker computes in one batch, if they are short texts for the same
    /// task with the same settings. Default 8; 1 disables batches.
    pub batch: usize,
    /// Maximum time from the end of a request's headers to the end of its answer. Default 300 s.
    pub timeout: Duration,
    /// Maximum number of voices registered over HTTP. Default 100.
    pub max_voices: usize,
    /// Maximum time for running requests to finish after the server is stopped. Default 30 s.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: 25 << 20,
            max_audio_s: 1800.0,
            max_text_chars: 4096,
            workers: 2,
            queue: 1,
            batch: 8,
            timeout: Duration::from_secs(300),
            max_voices: 100,
            grace: Duration::from_secs(30),
        }
    }
}

/// Settings of a server.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ServeConfig {
    /// Limits of requests.
    pub limits: Limits,
    /// Bearer keys; every request must contain one of them. Without any, the server is open.
    pub keys: Vec<String>,
    /// Origins of web pages that may call the server from a browser; without any, only the server's own page may.
    pub origins: Vec<String>,
    /// Host names, besides loopback addresses, that the `Host` header may contain if the server is bound to loopback.
    pub hosts: Vec<String>,
    /// Whether the server is bound to a loopback address, which restricts the names that the `Host` header may contain.
    pub loopback: bool,
}
