//! Tasks that enhance a recording (SpeechX, arXiv 2308.06873, section 3), one per module: denoising, speech removal and
//! target speaker extraction.
//!
//! A task of the family is an [`Enhancer`] for an [`Enhancement`], whose [`EnhancementSpec`] names input, target and
//! conditioning. The recording is frame-aligned conditioning of the response, so that both have the same length, and
//! every frame attends to the complete recording. Known words and the enrolment of the target speaker precede it. A
//! model with latent conditioning also predicts a latent per frame. A task with a spectral gain
//! (`EnhancementSpec::gain`) then attenuates the recording band by band towards these latents, which preserves detail
//! that codes can't represent.
//!
//! Invariants: the answer is as long as the recording; the shared modules depend on the [`EnhancementSpec`] of a task,
//! not on its identifier.

mod config;
#[cfg(feature = "denoise")]
pub mod denoise;
mod example;
#[cfg(feature = "extract")]
pub mod extract;
mod layout;
#[cfg(feature = "remove")]
pub mod remove;
pub mod scene;
mod speak;
mod task;

pub use config::EnhanceConfig;
pub use layout::{EnhancementSpec, MASKED, NAR};
pub use speak::Inputs;
pub use syrinx_types::SpectralGain;
pub use task::{Enhancement, Enhancer};
