//! What tests need: a codec that needs no weights, utterances that need no recordings, models that need no training.
//!
//! Invariants: everything is deterministic; nothing reads a file, the clock or the network. Not for use outside tests.

mod speech;
mod studio;

pub use speech::{SpeechSpec, kit, sample};
pub use studio::ToneStudio;
