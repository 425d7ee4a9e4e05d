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
pub use linear::{linear, linear_add};
pub use norm::rms_norm;

/// e^x by range reduction and a polynomial, so that loops over it vectorise. Relative error below 3e-7.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer without a function call.
    let n = (x * std::f32::consts::LOG2_E + 12_582_912.0) - 12_582_912.0;
    let r = x - n * 0.693_359_4 - n * -2.121_944_4e-4;
    let p = 1.0
        + r * (1.0
            + r * (0.5
                + r * (0.166_666_65 + r * (0.041_665_795 + r * (8.333_452e-3 + r * 1.398_2e-3)))));
    p * f32::from_bits(((n as i32 + 127) << 23) as u32)
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Rows that a task handles at once: constant, so that results don't depend on the number of threads.
pub(crate) const ROWS_PER_TASK: usize = 64;
