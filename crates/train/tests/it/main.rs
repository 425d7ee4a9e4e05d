//! Schedules, exact resume, and what stops a run.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod figures;
mod ranks;
mod run;
mod schedule;
mod tuning;
