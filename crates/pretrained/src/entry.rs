//! Places of tensors in checkpoints.

use safetensors::Dtype;

/// Place of a tensor in a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Type of its values.
    pub dtype: Dtype,
    /// Shape, the slowest axis first.
    pub shape: Vec<usize>,
    /// Offset of its first byte in the file.
    pub(crate) begin: u64,
    /// Size of its values, bytes.
    pub(crate) bytes: u64,
}
