//! Suites from end to end, with a subject that is no model.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod baseline;
mod data;
mod fake;
mod report;
mod resume;
mod scores;
mod suites;
mod warnings;
