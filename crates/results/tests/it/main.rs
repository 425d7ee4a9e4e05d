//! Tests of the results store.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod cells;
mod material;
mod merging;
mod opening;
mod runs;
mod together;
