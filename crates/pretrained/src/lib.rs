//! Published checkpoints of other projects, one module a model.
//!
//! [`whisper`] recognizes speech, [`vall_e`] turns a published language model into one of this program.
//!
//! [`open`] recognises a codec by its configuration and gives a [`syrinx_codec::Codec`]. [`Checkpoint`] reads tensors
//! one at a time; its errors name the tensor that is missing, of another shape or type, or not finite.
//!
//! Invariants:
//!
//! - Only [`hub`] fetches files, and the program contains no published weights.
//! - Codes are those of the reference implementations, samples within 1e-4 of their peak.
//! - A reader allocates no more memory than its file has bytes, and runs no code of the file.

mod checkpoint;
mod codebook;
mod codec;
mod conv;
mod entry;
mod error;
mod fault;
mod header;
mod network;
mod open;
mod ops;
mod pickle;
mod recognizer;
mod sizes;
mod spec;
mod stream;
mod window;

pub mod dac;
pub mod encodec;
#[cfg(feature = "hub")]
pub mod hub;
pub mod mimi;
pub mod snac;
pub mod vall_e;
pub mod vocos;
pub mod whisper;

pub use checkpoint::{Checkpoint, Weights};
pub use codebook::{Codebook, Distance};
pub use codec::PretrainedCodec;
pub use conv::{CausalConv, Kernel, PadMode, Size, TransposedKernel};
pub use entry::Entry;
pub use error::{PretrainedError, VocoderMismatch};
pub use fault::{ConfigFault, ContainerFault, PickleFault, StorageFault};
pub use open::{from_bytes, is_carried, open};
pub use recognizer::{RecognizerChoice, UnknownRecognizer};
pub use spec::{CodecSpec, SpecError};
