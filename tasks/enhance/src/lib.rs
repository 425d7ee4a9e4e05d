//! Tasks that enhance a recording (SpeechX, arXiv 2308.06873, section 3), each in a module: denoising, speech removal
//! and target speaker extraction.
//!
//! A task of this family is an [`Enhancer`] of an [`Enhancement`], whose [`EnhancementSpec`] names input, target and
//! conditioning. The recording is frame-aligned conditioning of the response, which determines the response's length;
//! every frame attends to all of the recording. Known words and a few seconds of the target speaker come before it. A
//! model with latent conditioning predicts latents of the frames as well. A task with a spectral gain
//! (`EnhancementSpec::gain`) then attenuates the recording to them, which preserves detail that the codes cannot
//! represent.
//!
//! Invariants: the answer is as long as the recording; the shared modules depend on the [`EnhancementSpec`] of a task, not on its
//! identifier.

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
