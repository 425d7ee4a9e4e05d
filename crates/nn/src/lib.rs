//! Trainable layers whose forward and backward passes are fused and multi-threaded on a CPU.
//!
//! candle's primitive operations train several times slower than their matrix products need, because every element-wise
//! step allocates and runs on one thread. The operations in [`ops`] compute a layer in one pass and have their own
//! backward pass. [`Kernels`] chooses between them and the same mathematics in primitive operations, which also runs on
//! other devices; tests compare the two with each other and with finite differences.
//!
//! Rows of a batch are packed, not padded: activations are `(positions, dim)` and a list of [`Span`]s holds the start
//! of each sequence.
//!
//! Invariants: candle's own fused operations are called only where nothing is trained; no file access; randomness comes
//! from the caller's seed.

use candle_core::Device;

mod adamw;
mod block;
mod cache;
mod device;
pub mod elementary;
mod error;
mod gradient_sink;
mod lanes;
mod low_rank;
pub mod matmul;
pub mod matvec;
pub mod measure;
pub mod ops;
mod params;
mod slices;
mod table;

pub use adamw::{AdamW, AdamWConfig, AdamWState};
pub use block::{Activation, Block, BlockConfig, Linear, RmsNorm, Stack};
pub use cache::{LayerCache, StackCache};
pub use device::{DeviceChoice, Precision};
pub use error::{DeviceFault, DeviceNameError, KernelFault, NnError};
pub use gradient_sink::GradientSink;
pub use low_rank::{AdapterScope, LORA_DOWN, LORA_UP, LoraConfig};
pub use ops::attention::{AttentionPlan, Span};
pub use params::{Init, ParamStore, Scope};
pub use slices::{f32_of_f16, to_vec_f32, with_slice};
pub use table::{ADDED, Table};

/// Implementation of a layer.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kernels {
    /// Fused operations of this crate with their own backward pass. CPU, f32; elsewhere replaced by primitive
    /// operations.
    #[default]
    Fused,
    /// Primitive, differentiable operations of candle. Any device; the reference for correctness and speed.
    Primitive,
    /// Primitive operations with candle's flash attention where it is applicable. Inference only (it has no gradient),
    /// on CUDA, in bf16, in a program built with the feature `flash-attn`.
    Flash,
}

impl Kernels {
    /// Returns the kernels that run on this device in this precision when `self` is requested.
    ///
    /// # Errors
    /// [`NnError::Kernels`] for flash attention or 8-bit weights where they can't run.
    pub fn on(self, device: &Device, precision: Precision) -> Result<Self, NnError> {
        let fits = device.is_cuda() && precision == Precision::Bf16;
        match self {
            _ if precision == Precision::Int8 && !device.is_cpu() => {
                Err(KernelFault::Int8OffCpu.into())
            }
            Self::Fused if !device.is_cpu() || precision == Precision::Bf16 => Ok(Self::Primitive),
            Self::Flash if !cfg!(feature = "flash-attn") => Err(KernelFault::NoFlash.into()),
            Self::Flash if !fits => Err(KernelFault::FlashElsewhere.into()),
            same => Ok(same),
        }
    }
}
