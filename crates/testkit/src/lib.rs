//! Material for tests: a codec that needs no weights, utterances that need no recordings, models that need no training.
//!
//! Invariants: everything is deterministic; nothing reads a file, the clock or the network. Not for use outside tests.

#[cfg(feature = "model")]
mod conformance;
mod request;
mod services;
mod speech;
mod tested;
#[cfg(feature = "model")]
mod tiny;

#[cfg(feature = "model")]
pub use conformance::{Conformance, StageLoss, check_task};
pub use request::request_of;
pub use services::{ToneCodec, services};
pub use speech::{SpeechSpec, kit, sample, scores, syllables};
pub use tested::{Tested, told, with_context};
#[cfg(feature = "model")]
pub use tiny::{Tiny, tiny_codebooks, tiny_config, tiny_space};
