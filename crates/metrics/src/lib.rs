//! Figures: errors of recognition, intervals, pitch, spectral distances, timing.
//!
//! Invariants:
//!
//! - Pure functions: no files, no network, no models. Random draws take a seed.
//! - An undefined figure (no voiced frame, no word in common) is `None`, never a default.
//! - A missing output counts as all wrong: see [`errors::EditCounts::all_wrong`].
//! - Text is compared as given; the caller normalizes it.

mod dtw;
mod error;

pub mod bootstrap;
pub mod errors;
pub mod pitch;
pub mod speaker;
pub mod spectral;
pub mod timing;

pub use error::MetricsError;
