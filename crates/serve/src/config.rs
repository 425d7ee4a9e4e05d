//! Settings of the server.

use std::time::Duration;

/// Longest bearer key, bytes; a longer one opens nothing.
pub const LONGEST_KEY: usize = 256;

/// Upper bounds on one request and on all of them together.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Largest request body, bytes. Default 25 MiB.
    pub max_body_bytes: usize,
    /// Longest recording in a request, seconds. Default 1800.
    pub max_audio_s: f64,
    /// Longest text in a request, characters. Default 4096.
    pub max_text_chars: usize,
    /// Number of requests computed at the same time, each on a thread of its own. Default 2.
    pub workers: usize,
    /// Number of requests waiting for a worker; one more is refused with 429. Default 1: with two workers a waiting
    /// request then takes about one and a half times as long as one that need not wait, and below twice as long at worst.
    pub queue: usize,
    /// Number of waiting requests that a worker takes together, where they are short texts for the same task with the
    /// same settings. Default 8; 1 computes each alone.
    pub batch: usize,
    /// Longest time from the end of a request's headers to the end of its answer. Default 300 s.
    pub timeout: Duration,
    /// Number of voices registered over HTTP. Default 100.
    pub max_voices: usize,
    /// Longest time that running requests get after a stop of the server. Default 30 s.
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
    /// Upper bounds.
    pub limits: Limits,
    /// Bearer keys, one of which every request must carry; none for open access.
    pub keys: Vec<String>,
    /// Origins of web pages that may call the server from a browser; none for its own page only.
    pub origins: Vec<String>,
    /// Host names, in addition to loopback addresses, under which clients may address a server bound to loopback.
    pub hosts: Vec<String>,
    /// Whether the server is bound to a loopback address, which restricts the `Host` header to such addresses.
    pub loopback: bool,
}
