//! Suites from end to end, with a subject that is no model.

mod baseline;
mod data;
mod fake;
mod report;
mod resume;
mod scores;
mod suites;
