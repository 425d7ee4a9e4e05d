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
    /// The optimiser's saved state doesn't match the parameters.
    #[error("optimiser state: {0}")]
    OptimizerState(String),
    /// A device that can't be used.
    #[error("device `{device}`: {fault}")]
    Device {
        /// Its name.
        device: String,
        /// Fault.
        fault: DeviceFault,
    },
    /// A size that cannot work.
    #[error("block: {0}")]
    Setting(syrinx_types::ConfigIssue),
    /// Kernels that can't run on the chosen device.
    #[error("kernels: {0}")]
    Kernels(String),
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
    fn hint(&self) -> &'static str {
        match self {
            Self::NoCuda => "build one with `cargo xtask cuda`, or use --device cpu",
            Self::NoDriver => "use --device cpu",
            Self::Open(_) => "`nvidia-smi` lists what there is, --device cpu always works",
        }
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
            Self::Device { fault, .. } => Some(fault.hint()),
            _ => None,
        }
    }
}
