//! Generation: samplers, the AR loops, the masked and the NAR passes.
//!
//! [`generate`] turns a [`syrinx_task::Plan`] of any task into [`syrinx_task::Generated`] rows. Every row has its own
//! generator of random numbers, seeded from the seed and the index of the row: its result does not depend on its batch.

mod alignment_state;
mod all_levels;
mod config;
mod context;
mod demask;
mod durations;
mod error;
mod first_level;
mod further_levels;
mod generate;
mod heads;
mod latents;
mod length;
mod masked;
mod passes;
mod phones;
mod rounding;
mod sampler;
mod steps;
mod streaming;
mod teacher_forcing;
mod text;
mod windows;

pub use config::{
    DecodeConfig, DemaskConfig, MaskedConfig, NarConfig, RepetitionAware, RetryConfig,
    SamplerConfig,
};
pub use error::DecodeError;
pub use generate::{generate, generate_batch, generate_streaming};
pub use sampler::{Drawn, draw, log_softmax};
pub use streaming::{FrameWindow, FramesSink};
pub use teacher_forcing::code_log_probs;
