//! Samplers and loops of generation.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod digests;
mod frame_aligned;
mod known;
mod orders;
mod sampling;
mod streaming;
mod teacher_forcing;
