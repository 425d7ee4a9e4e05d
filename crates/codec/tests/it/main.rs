//! Tests of the codec as its users see it.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod rvq;
mod small;
mod stream;
mod training;
mod weights;
