//! Loaders of published checkpoints.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod bad_files;
mod every_tensor;
#[cfg(feature = "hub")]
mod hub;
mod material;
mod parity;
mod streams;
mod vall_e;
mod vall_e_windows;
mod whisper;
