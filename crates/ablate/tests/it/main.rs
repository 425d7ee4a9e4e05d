//! Ablations with a runner whose results are known beforehand.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod fake;
mod files;
mod report;
mod shared;
mod work;
