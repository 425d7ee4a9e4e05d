//! Errors of this crate.

/// Errors of layers, parameters and the optimiser.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NnError {
    /// A parameter that the model needs is not in the weights.
    #[error("the weights have no tensor `{name}`: they belong to another model or are incomplete")]
    Missing {
        /// Name of the parameter.
        name: String,
    },
    /// A parameter whose shape is not that of the configuration.
    #[error("tensor `{name}` has shape {found:?}, the configuration requires {wanted:?}")]
    Shape {
        /// Name of the parameter.
        name: String,
        /// Shape in the weights.
        found: Vec<usize>,
        /// Expected shape.
        wanted: Vec<usize>,
    },
    /// Tensors in the weights that the model does not have.
    #[error(
        "the weights hold {count} tensors that this configuration doesn't use, `{first}` first"
    )]
    Unused {
        /// The first name.
        first: String,
        /// Number of tensors.
        count: usize,
    },
    /// A parameter whose number of values differs from that of the optimiser's saved state.
    #[error("optimiser state: `{name}` has {saved} values saved and {current} now")]
    OptimizerState {
        /// Name of the parameter.
        name: String,
        /// Number of values in the saved state.
        saved: usize,
        /// Number of values of the parameter.
        current: usize,
    },
    /// A device that can't be used.
    #[error("device `{device}`: {fault}")]
    Device {
        /// Name of the device.
        device: String,
        /// Fault.
        fault: DeviceFault,
    },
    /// A size that cannot work.
    #[error("block: {0}")]
    Setting(syrinx_types::ConfigIssue),
    /// Kernels that can't run on the chosen device.
    #[error("kernels: {0}")]
    Kernels(KernelFault),
    /// An error of candle.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

/// Fault of a device.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceFault {
    /// A GPU in a program without CUDA.
    #[error("this program was built without CUDA")]
    NoCuda,
    /// A GPU without driver, or none.
    #[error("there is no NVIDIA GPU or no driver (no /dev/nvidiactl)")]
    NoDriver,
    /// A GPU that candle can't open.
    #[error(transparent)]
    Open(Box<candle_core::Error>),
}

impl DeviceFault {
    /// Returns the remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoCuda => "build one with `cargo xtask cuda`, or use --device cpu",
            Self::NoDriver => "use --device cpu",
            Self::Open(_) => "`nvidia-smi` lists what there is, --device cpu always works",
        }
    }
}

/// Reason for which kernels can't run on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KernelFault {
    /// 8-bit weights on a device other than a CPU.
    #[error("8-bit weights run on a CPU only")]
    Int8OffCpu,
    /// Flash attention in a program that was built without it.
    #[error("this program was built without flash attention")]
    NoFlash,
    /// Flash attention on a device or in a precision that it does not support.
    #[error("flash attention runs on CUDA in bf16 only")]
    FlashElsewhere,
}

impl KernelFault {
    /// Returns the remedy.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Int8OffCpu => "use --device cpu, or --set precision=bf16 on a GPU",
            Self::NoFlash => "build one with `cargo xtask cuda --flash-attn`",
            Self::FlashElsewhere => "add --device cuda and --set precision=bf16",
        }
    }
}

/// A name that no device has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no device, expected `cpu`, `cuda` or `cuda:N`")]
pub struct DeviceNameError {
    /// Name given.
    pub name: String,
}

impl From<KernelFault> for NnError {
    fn from(fault: KernelFault) -> Self {
        Self::Kernels(fault)
    }
}

impl From<syrinx_types::ConfigIssue> for NnError {
    fn from(issue: syrinx_types::ConfigIssue) -> Self {
        Self::Setting(issue)
    }
}

impl NnError {
    /// Remedy, where one is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing { .. } | Self::Shape { .. } | Self::Unused { .. } => {
                Some("use the configuration that the weights were trained with")
            }
            Self::OptimizerState { .. } => {
                Some("go on with the configuration that the state was saved with")
            }
            Self::Device { fault, .. } => Some(fault.hint()),
            Self::Kernels(fault) => Some(fault.hint()),
            Self::Setting(_) | Self::Candle(_) => None,
        }
    }
}
