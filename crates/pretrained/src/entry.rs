//! Locations of tensors in checkpoints.

use safetensors::Dtype;

/// Location of a tensor in a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Type of the values.
    pub dtype: Dtype,
    /// Shape; the last axis is contiguous.
    pub shape: Vec<usize>,
    /// Offset of the first byte in the file.
    pub(crate) begin: u64,
    /// Size of the values, in bytes.
    pub(crate) bytes: u64,
}
