//! Devices and precisions of networks.

use std::fmt;
use std::str::FromStr;

use candle_core::{DType, Device};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DeviceFault, DeviceNameError, NnError};

/// A device by its name: `cpu`, `cuda` (the first GPU) or `cuda:N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceChoice {
    /// The processor.
    #[default]
    Cpu,
    /// The NVIDIA GPU of this number. Needs a program that was built with the feature `cuda`.
    Cuda(usize),
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(0) => f.write_str("cuda"),
            Self::Cuda(n) => write!(f, "cuda:{n}"),
        }
    }
}

impl From<DeviceChoice> for String {
    fn from(choice: DeviceChoice) -> Self {
        choice.to_string()
    }
}

impl FromStr for DeviceChoice {
    type Err = DeviceNameError;

    fn from_str(name: &str) -> Result<Self, DeviceNameError> {
        let number = match name.split_once(':') {
            None if name == "cpu" => return Ok(Self::Cpu),
            None if name == "cuda" => Some(0),
            Some(("cuda", number)) => number.parse().ok(),
            _ => None,
        };
        number.map(Self::Cuda).ok_or_else(|| DeviceNameError { name: name.to_owned() })
    }
}

impl TryFrom<String> for DeviceChoice {
    type Error = DeviceNameError;

    fn try_from(name: String) -> Result<Self, DeviceNameError> {
        name.parse()
    }
}

impl DeviceChoice {
    /// Opens the device.
    ///
    /// # Errors
    /// [`NnError::Device`] for a GPU that isn't there, or in a program that was built without CUDA.
    pub fn open(self) -> Result<Device, NnError> {
        match self {
            Self::Cpu => Ok(Device::Cpu),
            Self::Cuda(number) => open_cuda(number)
                .map_err(|fault| NnError::Device { device: self.to_string(), fault }),
        }
    }
}

#[cfg(not(feature = "cuda"))]
fn open_cuda(_: usize) -> Result<Device, DeviceFault> {
    Err(DeviceFault::NoCuda)
}

#[cfg(feature = "cuda")]
fn open_cuda(number: usize) -> Result<Device, DeviceFault> {
    // Without a driver the first call into CUDA would end the process, since its symbols are looked up when called.
    // Hence the device file of the driver is checked first: NVIDIA's on Linux, Microsoft's under WSL.
    let driver = ["/dev/nvidiactl", "/dev/dxg"].iter().any(|p| std::path::Path::new(p).exists());
    if cfg!(target_os = "linux") && !driver {
        return Err(DeviceFault::NoDriver);
    }
    Device::new_cuda(number).map_err(|e| DeviceFault::Open(Box::new(e)))
}

/// Precision of a network's computation. Trained weights and their optimizer are f32 either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// 8-bit integers with a scale for each row for the weights of linear maps, f32 for all else. For decoding on a
    /// CPU, which then reads a quarter of the bytes.
    Int8,
    /// bfloat16, with norms, softmax and losses in f32. For GPUs; a CPU has to convert it for every product.
    Bf16,
}

impl Precision {
    /// Type of the activations.
    pub fn dtype(self) -> DType {
        match self {
            Self::F32 | Self::Int8 => DType::F32,
            Self::Bf16 => DType::BF16,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_have_names() {
        for (name, device) in [
            ("cpu", Some(DeviceChoice::Cpu)),
            ("cuda", Some(DeviceChoice::Cuda(0))),
            ("cuda:3", Some(DeviceChoice::Cuda(3))),
            ("cuda:", None),
            ("cpu:1", None),
            ("gpu", None),
        ] {
            assert_eq!(name.parse().ok(), device, "{name}");
            assert!(device.is_none_or(|d| d.to_string() == name), "{name}");
        }
    }
}
