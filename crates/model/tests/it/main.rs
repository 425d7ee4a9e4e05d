//! Every switch of the model learns, its weights travel, and what doesn't fit is refused.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod adapter;
mod blend;
mod build;
mod file;
mod learning;
