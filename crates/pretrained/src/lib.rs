//! Published checkpoints of other projects, one module per model.
//!
//! [`whisper`] recognizes speech; [`vall_e`] converts a published VALL-E checkpoint to a language model of this
//! program.
//!
//! [`open`] recognizes a codec by its configuration and returns a [`syrinx_codec::Codec`]. [`Checkpoint`] reads tensors
//! one at a time; its errors name a tensor that is missing, has another shape or type, or is not finite.
//!
//! Invariants:
//!
//! - Only [`hub`] downloads files, and the program contains no published weights.
//! - Codes equal those of the reference implementations; samples differ by at most 1e-4 of their peak.
//! - A reader allocates no more memory than its file has bytes, and runs no code from the file.

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
