//! SNAC (Siuzdak et al., arXiv 2410.14411): levels with different frame rates, not causal.
//!
//! Checkpoint: `config.json` and `pytorch_model.bin` of `hubertsiuzdak/snac_24khz`, `snac_32khz` or `snac_44khz`, or
//! the same tensors as `model.safetensors`.
//!
//! A frame of [`syrinx_types::Codes`] is a frame of the slowest level, with all codes of the faster levels in the same
//! time, the slowest level first. With strides 4, 2, 1 a frame has 1 + 2 + 4 = 7 codes. Language models on SNAC flatten
//! codes in the same order.

mod attention;
mod frames;
mod model;
mod noise;

pub(crate) use frames::widths;
pub use frames::{flatten, unflatten};
pub use model::{Snac, SnacConfig};
pub use noise::Noise;
