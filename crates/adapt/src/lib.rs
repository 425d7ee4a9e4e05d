//! Voices trained from a few recordings.
//!
//! [`align_manifest`] adds phones and their durations to utterances whose text is known, by the recognizer of a loaded
//! model. [`train_voice`] fits an adapter of the language model to aligned recordings of one speaker and keeps it, with
//! a prompt, as a named voice. All other voices and tasks keep the weights of the model.

mod align;
mod error;
mod voice;

pub use align::{AlignConfig, AlignedManifest, align_manifest};
pub use error::AdaptError;
pub use voice::{TrainedVoice, VoiceConfig, VoiceRun, train_voice};
