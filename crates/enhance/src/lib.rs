//! Parts shared by tasks whose answer has as many frames as their input: denoising, speech removal and target speaker extraction
//! (SpeechX, arXiv 2308.06873, section 3).
//!
//! A task of this family is an [`Enhancer`] of what it says of itself ([`Enhancement`]). A [`Kind`] says what is given and
//! what is wanted. The recording is frame-aligned conditioning of the response, so that nothing has to be aligned and no end
//! has to be drawn; every frame sees all of it. The words, where they are known, and a few seconds of the wanted speaker
//! stand before it. Where the model expects whole latents of the frames, too, a task may answer with the recording turned
//! down to them (`Kind::gain`): that keeps what no code of the codec can say.
//!
//! Invariant: nothing here depends on which task it is, but for what its [`Kind`] says.

mod config;
mod example;
mod layout;
pub mod scene;
mod speak;
mod task;

pub use config::EnhanceConfig;
pub use layout::{Kind, MASKED, NAR};
pub use speak::Inputs;
pub use syrinx_types::SpectralGain;
pub use task::{Enhancement, Enhancer};
