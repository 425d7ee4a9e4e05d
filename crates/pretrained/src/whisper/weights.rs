//! Tensors of a checkpoint by name: safetensors, or GGUF with quantised matrices.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use candle_core::quantized::{QMatMul, QTensor, gguf_file};
use candle_core::{DType, Device, Tensor, safetensors};
use candle_nn::LayerNorm;

use super::attention::{Attention, FeedForward};
use super::linear::{Linear, Matrix};

/// Tensors of a checkpoint.
pub(crate) struct Weights {
    tensors: Tensors,
    device: Device,
}

enum Tensors {
    Plain(HashMap<String, Tensor>),
    Quantized(HashMap<String, Arc<QTensor>>),
}

/// Reason why a checkpoint's tensors are not usable.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WeightsFault {
    /// Tensor that is not there.
    #[error("tensor `{0}` is missing")]
    Missing(String),
    /// Tensor of another shape.
    #[error("tensor `{name}` has the shape {found:?}, expected {expected:?}")]
    Shape {
        /// Its name.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape that the configuration requires.
        expected: Vec<usize>,
    },
    /// Tensor of another type.
    #[error("tensor `{name}` holds {found:?} values, expected F32, F16 or BF16")]
    Type {
        /// Its name.
        name: String,
        /// Its type.
        found: DType,
    },
    /// Tensor with values that are no numbers.
    #[error("tensor `{0}` holds values that are not finite")]
    NotFinite(String),
    /// Container that candle does not read.
    #[error(transparent)]
    Container(#[from] candle_core::Error),
}

impl Weights {
    /// Reads a safetensors file.
    pub(crate) fn safetensors(bytes: &[u8], device: &Device) -> Result<Self, WeightsFault> {
        let tensors = safetensors::load_buffer(bytes, device)?;
        Ok(Self { tensors: Tensors::Plain(tensors), device: device.clone() })
    }

    /// Reads a GGUF file with the tensor names of Hugging Face.
    pub(crate) fn gguf(path: &Path, device: &Device) -> Result<Self, WeightsFault> {
        let mut file = std::fs::File::open(path).map_err(candle_core::Error::from)?;
        let content = gguf_file::Content::read(&mut file)?;
        let mut tensors = HashMap::new();
        for name in content.tensor_infos.keys() {
            let tensor = content.tensor(&mut file, name, device)?;
            tensors.insert(name.clone(), Arc::new(tensor));
        }
        Ok(Self { tensors: Tensors::Quantized(tensors), device: device.clone() })
    }

    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        match &self.tensors {
            Tensors::Plain(tensors) => tensors.contains_key(name),
            Tensors::Quantized(tensors) => tensors.contains_key(name),
        }
    }

    /// A tensor in F32.
    pub(crate) fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor, WeightsFault> {
        let tensor = match &self.tensors {
            Tensors::Plain(tensors) => {
                let tensor = tensors.get(name).ok_or_else(|| missing(name))?;
                check_shape(name, tensor.dims(), shape)?;
                let float = matches!(tensor.dtype(), DType::F32 | DType::F16 | DType::BF16);
                if !float {
                    return Err(WeightsFault::Type { name: name.into(), found: tensor.dtype() });
                }
                tensor.to_dtype(DType::F32)?
            }
            Tensors::Quantized(tensors) => {
                let tensor = tensors.get(name).ok_or_else(|| missing(name))?;
                check_shape(name, tensor.shape().dims(), shape)?;
                tensor.dequantize(&self.device)?
            }
        };
        // A sum is finite only if every term is.
        let sum = tensor.abs()?.mean_all()?.to_scalar::<f32>()?;
        if sum.is_finite() { Ok(tensor) } else { Err(WeightsFault::NotFinite(name.into())) }
    }

    /// A linear layer with (outputs, inputs) weights.
    fn linear(
        &self,
        name: &str,
        outputs: usize,
        inputs: usize,
        bias: bool,
    ) -> Result<Linear, WeightsFault> {
        let key = format!("{name}.weight");
        let weight = match &self.tensors {
            Tensors::Plain(_) => Matrix::Plain(self.tensor(&key, &[outputs, inputs])?),
            Tensors::Quantized(tensors) => {
                let tensor = tensors.get(&key).ok_or_else(|| missing(&key))?;
                check_shape(&key, tensor.shape().dims(), &[outputs, inputs])?;
                Matrix::Quantized(QMatMul::from_arc(Arc::clone(tensor))?)
            }
        };
        let bias =
            if bias { Some(self.tensor(&format!("{name}.bias"), &[outputs])?) } else { None };
        Ok(Linear { weight, bias })
    }

    pub(crate) fn norm(&self, name: &str, width: usize) -> Result<LayerNorm, WeightsFault> {
        let part = |part: &str| self.tensor(&format!("{name}.{part}"), &[width]);
        Ok(LayerNorm::new(part("weight")?, part("bias")?, 1e-5))
    }

    pub(crate) fn attention(
        &self,
        name: &str,
        width: usize,
        heads: usize,
    ) -> Result<Attention, WeightsFault> {
        let linear = |part: &str, bias| self.linear(&format!("{name}.{part}"), width, width, bias);
        Ok(Attention {
            query: linear("q_proj", true)?,
            key: linear("k_proj", false)?,
            value: linear("v_proj", true)?,
            out: linear("out_proj", true)?,
            heads,
        })
    }

    pub(crate) fn feed_forward(
        &self,
        layer: &str,
        width: usize,
        inner: usize,
    ) -> Result<FeedForward, WeightsFault> {
        Ok(FeedForward {
            norm: self.norm(&format!("{layer}.final_layer_norm"), width)?,
            up: self.linear(&format!("{layer}.fc1"), inner, width, true)?,
            down: self.linear(&format!("{layer}.fc2"), width, inner, true)?,
        })
    }
}

fn missing(name: &str) -> WeightsFault {
    WeightsFault::Missing(name.into())
}

fn check_shape(name: &str, found: &[usize], expected: &[usize]) -> Result<(), WeightsFault> {
    if found == expected {
        return Ok(());
    }
    Err(WeightsFault::Shape { name: name.into(), found: found.into(), expected: expected.into() })
}
