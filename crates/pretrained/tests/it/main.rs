//! Loaders of published checkpoints.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod bad_files;
mod material;
mod parity;
mod streams;
