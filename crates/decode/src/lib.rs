//! Generation: samplers, the AR loops, the masked and the NAR passes.
//!
//! A [`syrinx_task::Plan`] goes in, [`syrinx_task::Generated`] comes out; which task made the plan is not known here.
//! Every row has its own generator of random numbers, seeded from the seed and the row's number, so a row's result
//! doesn't depend on what it is batched with.

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
mod text;
mod windows;

pub use config::{
    DecodeConfig, DemaskConfig, MaskedConfig, NarConfig, RepetitionAware, SamplerConfig,
};
pub use error::DecodeError;
pub use generate::{generate, generate_batch, generate_streaming};
pub use sampler::{Drawn, draw, log_softmax};
pub use streaming::{Frames, FramesSink};
