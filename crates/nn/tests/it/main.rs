//! Gradients against finite differences, fused against primitive, caches against whole passes.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod cache;
mod gradients;
mod optimizer;
