//! Generation: loops over the decoding steps of heads, cached steps of causal stages and passes over all positions.
//!
//! [`generate`] turns a [`syrinx_task::Plan`] of any task into [`syrinx_task::Generated`] rows. Every row has its own
//! generator of random numbers, seeded from the seed and the index of the row: its result does not depend on its batch.

mod batches;
mod context;
mod error;
mod generate;
mod outputs;
mod passes;
mod scoring;
mod steps;
mod streaming;
mod teacher_forcing;
mod windows;

pub use error::DecodeError;
pub use generate::{SeededPlan, generate, generate_batch, generate_streaming};
pub use streaming::{FrameWindow, FramesSink};
pub use syrinx_task::{
    DecodeConfig, DemaskConfig, Drawn, MaskedConfig, NarConfig, RepetitionAware, RetryConfig,
    SamplerConfig, draw, log_softmax,
};
pub use teacher_forcing::code_log_probs;
