//! Fused differentiable operations. Each has an equivalent in primitive operations.

pub mod attention;
mod cross_entropy;
mod embed;
mod fixed;
mod gated;
mod linear;
mod norm;
pub(crate) mod stack;
pub(crate) mod step;

pub use attention::{attention, attention_cached};
pub use cross_entropy::{IGNORE, accuracy, cross_entropy};
pub use embed::{NONE, embed};
pub use fixed::FixedLinear;
pub use gated::gated;
pub(crate) use linear::linear_in_panels;
pub use linear::{linear, linear_add};
pub use norm::rms_norm;

/// Rows that a task handles at once: constant, so that results don't depend on the number of threads.
pub(crate) const ROWS_PER_TASK: usize = 64;
