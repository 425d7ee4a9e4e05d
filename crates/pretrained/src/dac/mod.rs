//! The Descript Audio Codec at 24 and 44.1 kHz (Kumar et al., arXiv 2306.06546): 75 or 86 frames per second, up to 32
//! levels of 1,024 codes, not causal.
//!
//! Checkpoint: `config.json` and `model.safetensors` of `descript/dac_24khz` or `descript/dac_44khz`, with the tensor
//! names of transformers or the original ones.

mod model;

pub use model::{Dac, DacConfig};
