//! HTTP server over the engine.
//!
//! Routes: OpenAI's audio API (`/v1/audio/speech`, `/v1/audio/transcriptions`), every task of the engine by its schemas
//! (`/v1/tasks/{task}`), voices, websockets that stream speech and recordings, a web page at `/`, `/metrics`,
//! `/healthz` and `/openapi.json`.
//!
//! The engine is synchronous. Requests wait in a bounded queue for worker threads (`jobs`), and one module calls the
//! engine (`engine`). A worker computes several short requests in one batch (`batch`).
//!
//! Invariants:
//!
//! - Bad input gives OpenAI's error object with a 4xx status.
//! - No request reads a file of the server.
//! - A client that disconnects cancels its request.
//! - A seed gives the same samples as on the command line.

mod app;
mod batch;
mod config;
mod encode;
mod engine;
mod error;
mod guard;
mod intake;
mod jobs;
mod keys;
mod metrics;
mod observe;
mod openapi;
mod page;
mod registered;
mod server;
mod socket;
mod speech;
mod stream;
mod tasks;
mod tempo;
mod transcriptions;
mod updates;
mod voices;

pub use config::{LONGEST_KEY, Limits, ServeConfig};
pub use encode::Format;
pub use engine::Defaults;
pub use error::ApiError;
pub use keys::{KeysFault, parse_keys};
pub use server::{ServeError, Server};
pub use speech::{SpeechRequest, StreamFormat, VoiceRef};
