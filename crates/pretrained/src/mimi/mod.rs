//! Mimi (Défossez et al., arXiv 2410.00037): causal, 12.5 frames per second, up to 32 levels of 2,048 codes. The first
//! level is distilled from a self-supervised speech model.
//!
//! Checkpoint: `config.json` and `model.safetensors` of `kyutai/mimi`. Attention is limited to the window in the
//! configuration, as in Kyutai's own code.

mod config;
mod model;
mod transformer;

pub use config::MimiConfig;
pub use model::{Mimi, MimiStream};
