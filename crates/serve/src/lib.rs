//! HTTP server over the engine.
//!
//! OpenAI's audio API (`/v1/audio/speech`, `/v1/audio/transcriptions`), every task of the engine by its schemas
//! (`/v1/tasks/{task}`), voices, websockets for both directions of streaming, a page at `/`, `/metrics`, `/healthz`
//! and `/openapi.json`.
//!
//! The engine is synchronous: requests wait in a bounded queue (`jobs`) for worker threads, and one module (`engine`)
//! calls it. A worker takes short requests that wait together (`batch`). Invariants: bad input gives OpenAI's error
//! object with a 4xx status; no request reads a file of this machine; a client that disconnects cancels its work; a
//! request's seed gives the samples of the command line.

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
