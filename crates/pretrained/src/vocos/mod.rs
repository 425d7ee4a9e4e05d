//! Vocos (Siuzdak, arXiv 2306.00814) as an alternative decoder of EnCodec's codes.
//!
//! Checkpoint: `config.yaml` and `pytorch_model.bin` of `charactr/vocos-encodec-24khz`, or the same tensors as
//! `model.safetensors`. It contains no encoder; [`crate::encodec::Encodec`] encodes.

mod model;

pub use model::{Vocos, VocosConfig};
