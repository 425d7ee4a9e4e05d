//! Tests of the dashboard: states made by messages, drawn on a screen of a known size.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod actions;
mod looks;
mod material;
mod random;
