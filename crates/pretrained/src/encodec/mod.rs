//! EnCodec at 24 kHz (Défossez et al., arXiv 2210.13438): causal, 75 frames per second, up to 32 levels of 1,024 codes.
//!
//! Checkpoint: `config.json` and `model.safetensors` of `facebook/encodec_24khz`, with the tensor names of
//! transformers.

mod lstm;
mod model;

pub use model::{Encodec, EncodecConfig, EncodecStream};
