//! What tests need: a codec that needs no weights, utterances that need no recordings, models that need no training.
//!
//! Invariants: everything is deterministic; nothing reads a file, the clock or the network. Not for use outside tests.

#[cfg(feature = "model")]
mod conformance;
mod speech;
mod studio;
#[cfg(feature = "model")]
mod tiny;

#[cfg(feature = "model")]
pub use conformance::{Conformance, StageLoss, check_task, check_task_of, check_task_reading};
pub use speech::{SpeechSpec, kit, sample, scores};
pub use studio::ToneStudio;
#[cfg(feature = "model")]
pub use tiny::{Tiny, tiny_codebooks, tiny_config, tiny_space};
