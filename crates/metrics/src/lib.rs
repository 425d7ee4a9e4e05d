//! Figures: errors of recognition, intervals, pitch, spectral distances, timing.
//!
//! Invariants:
//!
//! - Functions of their arguments only: no files, no network, no models. What is random takes a seed.
//! - A figure that can't be had (no voiced frame, no word in common) is `None`, never a made-up number.
//! - A missing output counts as all wrong: see [`errors::EditCounts::all_wrong`].
//! - Text is compared as given; normalising it first is the caller's business.

mod dtw;
mod error;

pub mod bootstrap;
pub mod errors;
pub mod pitch;
pub mod speaker;
pub mod spectral;
pub mod timing;

pub use error::MetricsError;
