//! Layouts and the sequences that come from them.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod following;
mod orders;
mod pointer;
mod sequences;
