//! Device, data type and kernels of a computation.

use candle_core::{DType, Device};
use syrinx_nn::Kernels;

/// Device, data type and kernels that embeddings are computed with.
#[derive(Clone, Copy)]
pub(crate) struct Compute<'a> {
    pub(crate) device: &'a Device,
    pub(crate) dtype: DType,
    pub(crate) kernels: Kernels,
}
